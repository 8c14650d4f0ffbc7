import { refundedFen, type BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import {
  refusedMoney,
  type Drawer,
  type MoneyGround,
  type MoneyRefusal,
} from '#cloud/channel-simulator/books/money-ground.ts';

export interface SplitPart {
  readonly type: 'merchant' | 'person';
  readonly account: string;
  readonly amountFen: number;
  readonly description: string;
  /** Fen given back out of it, by return number. */
  readonly returns: Record<string, number>;
  state: 'PENDING' | 'SUCCESS' | 'CLOSED';
  reason: string | undefined;
}

/** One split request, or the release of what is left (no parts). */
export interface BookedSplit {
  readonly merchantNo: string;
  readonly transactionId: string;
  readonly outSplitNo: string;
  readonly ref: string;
  readonly content: string;
  readonly releasesRest: boolean;
  readonly parts: readonly SplitPart[];
  readonly atMs: number;
  polls: number;
  isFinished: boolean;
}

export interface SplitRequest {
  readonly merchantNo: string;
  readonly transactionId: string;
  readonly outSplitNo: string;
  readonly receivers: readonly Pick<SplitPart, 'type' | 'account' | 'amountFen' | 'description'>[];
  readonly releasesRest: boolean;
}

export interface SplitReturnRequest {
  readonly merchantNo: string;
  readonly outSplitNo: string;
  readonly outReturnNo: string;
  readonly account: string;
  readonly amountFen: number;
}

export interface BookedReturn {
  readonly merchantNo: string;
  readonly outSplitNo: string;
  readonly outReturnNo: string;
  readonly account: string;
  readonly amountFen: number;
  readonly ref: string;
}

export interface SplitBooks {
  /** `requestNo`: where the dialect numbers such requests, one that was carried out is not carried out again. */
  readonly addReceiver: (merchantNo: string, account: string, requestNo?: string) => void;
  /** From now on he gets no share of this merchant's orders. Refused when he was none of his receivers. */
  readonly removeReceiver: (
    merchantNo: string,
    account: string,
    requestNo?: string,
  ) => MoneyRefusal | undefined;
  /** Who may get shares of this merchant's orders beside himself. */
  readonly receiversOf: (merchantNo: string) => readonly string[];
  readonly split: (request: SplitRequest, nowMs: number) => BookedSplit | MoneyRefusal;
  readonly query: (
    request: Pick<SplitRequest, 'merchantNo' | 'outSplitNo'>,
  ) => BookedSplit | MoneyRefusal;
  readonly takeBack: (request: SplitReturnRequest) => BookedReturn | MoneyRefusal;
  readonly queryTakeBack: (
    request: Pick<SplitReturnRequest, 'merchantNo' | 'outReturnNo'>,
  ) => BookedReturn | MoneyRefusal;
  /** Fen of a paid order that are still frozen. */
  readonly frozenFen: (transactionId: string, nowMs: number) => number | MoneyRefusal;
  /** Is more asked back than lies in the order, because its merchant still has his share by a split? */
  readonly refusesRefund: (transactionId: string, amountFen: number) => boolean;
  /** From now on nothing, or something, is on this account: what is empty gives nothing back. */
  readonly setEmpty: (account: string, isEmpty: boolean) => void;
  readonly ofOrder: (transactionId: string) => readonly BookedSplit[];
  readonly all: () => readonly BookedSplit[];
}

interface BookedReceiver {
  readonly merchantNo: string;
  readonly account: string;
  readonly isGone: boolean;
}

/** What the splitting desk works with. */
interface SplitGround extends Pick<MoneyGround, 'books' | 'rules' | 'refOf'> {
  readonly splits: Drawer<BookedSplit>;
  readonly returns: Drawer<BookedReturn>;
  readonly receivers: Drawer<BookedReceiver>;
  readonly empty: Set<string>;
  readonly isSubsidyOwed: (order: BookedOrder) => boolean;
}

/** Splits of frozen orders. A receiver who was never added gets nothing: his part is closed as NO_RELATION. */
export function splitDesk(
  { books, rules, refOf, drawer }: MoneyGround,
  isSubsidyOwed: SplitGround['isSubsidyOwed'],
): SplitBooks {
  const ground: SplitGround = {
    books,
    rules,
    refOf,
    splits: drawer('split'),
    returns: drawer('return'),
    receivers: drawer('receiver'),
    empty: new Set(),
    isSubsidyOwed,
  };
  const { splits, returns, receivers } = ground;
  const isDoneBefore = requestMemory(drawer('receiver-request'));
  return {
    addReceiver: (merchantNo, account, requestNo) => {
      if (isDoneBefore(merchantNo, requestNo)) return;
      receivers.put(`${merchantNo}/${account}`, { merchantNo, account, isGone: false });
    },
    removeReceiver: (merchantNo, account, requestNo) => {
      if (isDoneBefore(merchantNo, requestNo)) return undefined;
      if (!isReceiver(ground, merchantNo, account)) return refusedMoney('NO_RELATION');
      receivers.put(`${merchantNo}/${account}`, { merchantNo, account, isGone: true });
      return undefined;
    },
    receiversOf: (merchantNo) =>
      receivers
        .all()
        .filter((one) => one.merchantNo === merchantNo && !one.isGone)
        .map(({ account }) => account),
    split: (request, nowMs) => bookSplit(ground, request, nowMs),
    query: ({ merchantNo, outSplitNo }) => {
      const key = `${merchantNo}/${outSplitNo}`;
      const known = splits.get(key);
      if (known === undefined) return refusedMoney('NOT_FOUND');
      known.polls += 1;
      const face = books.shelf.findByTransaction(known.transactionId)?.face;
      if (!known.isFinished && known.polls >= rules(face).pollsUntilDone) finish(known);
      return splits.put(key, known);
    },
    takeBack: (request) => bookReturn(ground, request),
    queryTakeBack: ({ merchantNo, outReturnNo }) =>
      returns.get(`${merchantNo}/${outReturnNo}`) ?? refusedMoney('NOT_FOUND'),
    frozenFen: (transactionId, nowMs) => {
      const order = books.shelf.findByTransaction(transactionId);
      return order === undefined ? refusedMoney('ORDER_NOT_FOUND') : frozenOf(ground, order, nowMs);
    },
    refusesRefund: (transactionId, amountFen) => {
      const order = books.shelf.findByTransaction(transactionId);
      if (order === undefined || !rules(order.face).refundNeedsReturn) return false;
      const done = splitsOf(ground, transactionId);
      if (!order.isFrozen || done.some((one) => one.releasesRest)) return false;
      const own = done.flatMap(liveParts).filter((part) => part.account === order.merchantNo);
      return amountFen > order.amountFen - refundedFen(order) - keptOf(own);
    },
    setEmpty: (account, isEmpty) => {
      if (isEmpty) ground.empty.add(account);
      else ground.empty.delete(account);
    },
    ofOrder: (transactionId) => splitsOf(ground, transactionId),
    all: splits.all,
  };
}

/** Was a request of this number carried out before? Without a number none was. */
const requestMemory =
  (requests: Drawer<{ readonly requestNo: string }>) =>
  (merchantNo: string, requestNo: string | undefined): boolean => {
    if (requestNo === undefined) return false;
    const key = `${merchantNo}/${requestNo}`;
    if (requests.get(key) !== undefined) return true;
    requests.put(key, { requestNo });
    return false;
  };

const isReceiver = ({ receivers }: SplitGround, merchantNo: string, account: string): boolean =>
  receivers.get(`${merchantNo}/${account}`)?.isGone === false;

const splitsOf = ({ splits }: SplitGround, transactionId: string): readonly BookedSplit[] =>
  splits.all().filter((one) => one.transactionId === transactionId);

function frozenOf(ground: SplitGround, order: BookedOrder, nowMs: number): number {
  const done = splitsOf(ground, order.transactionId);
  const isOver = nowMs - (order.paidAtMs ?? nowMs) > ground.rules(order.face).frozenMaxMs;
  if (!order.isFrozen || isOver || done.some((one) => one.releasesRest)) return 0;
  return order.amountFen - refundedFen(order) - keptOf(done.flatMap(liveParts));
}

/** Why a new split is refused; undefined when it is not. */
function refusalOf(
  ground: SplitGround,
  order: BookedOrder,
  { request, nowMs }: { readonly request: SplitRequest; readonly nowMs: number },
): string | undefined {
  const rules = ground.rules(order.face);
  const { splitReceiversMax, splitRequestsMax, splitNotBeforeMs, othersMaxBp } = rules;
  const done = splitsOf(ground, order.transactionId);
  if (!order.isFrozen) return 'NOT_FROZEN';
  if (request.receivers.length > 0 && ground.isSubsidyOwed(order)) return 'NOT_SUBSIDISED';
  if (request.receivers.length > splitReceiversMax) return 'TOO_MANY';
  if (done.length >= splitRequestsMax) return 'TOO_MANY';
  if (nowMs - (order.paidAtMs ?? nowMs) < splitNotBeforeMs) return 'TOO_EARLY';
  const frozenFen = frozenOf(ground, order, nowMs);
  if (frozenFen === 0) return 'ENDED';
  if (sumOf(request.receivers) > frozenFen) return 'NOT_ENOUGH';
  const others = [...done.flatMap(liveParts), ...request.receivers].filter(
    (part) => part.account !== order.merchantNo,
  );
  return sumOf(others) * 10_000 > order.amountFen * othersMaxBp ? 'OVER_CAP' : undefined;
}

function bookSplit(
  ground: SplitGround,
  request: SplitRequest,
  nowMs: number,
): BookedSplit | MoneyRefusal {
  const { splits, books, refOf } = ground;
  const { merchantNo, transactionId, outSplitNo, releasesRest } = request;
  const key = `${merchantNo}/${outSplitNo}`;
  const content = JSON.stringify(request);
  const known = splits.get(key);
  if (known !== undefined) return known.content === content ? known : refusedMoney('NUMBER_USED');
  const order = books.shelf.findByTransaction(transactionId);
  const isPaid = order !== undefined && (order.state === 'SUCCESS' || order.state === 'REFUND');
  if (!isPaid || order.merchantNo !== merchantNo) return refusedMoney('ORDER_NOT_FOUND');
  const why = refusalOf(ground, order, { request, nowMs });
  if (why !== undefined) return refusedMoney(why);
  const isBound = (account: string): boolean =>
    account === merchantNo || isReceiver(ground, merchantNo, account);
  const { splitsAllOrNone, pollsUntilDone } = ground.rules(order.face);
  if (splitsAllOrNone && !request.receivers.every(({ account }) => isBound(account)))
    return refusedMoney('NO_RELATION');
  const made: BookedSplit = {
    merchantNo,
    transactionId,
    outSplitNo,
    ref: refOf(`split/${key}`),
    content,
    releasesRest,
    atMs: nowMs,
    polls: 0,
    isFinished: false,
    parts: request.receivers.map((receiver) => ({
      ...receiver,
      returns: {},
      state: isBound(receiver.account) ? 'PENDING' : 'CLOSED',
      reason: isBound(receiver.account) ? undefined : 'NO_RELATION',
    })),
  };
  if (pollsUntilDone === 0) finish(made);
  return splits.put(key, made);
}

function bookReturn(ground: SplitGround, request: SplitReturnRequest): BookedReturn | MoneyRefusal {
  const { splits, returns, refOf } = ground;
  const key = `${request.merchantNo}/${request.outReturnNo}`;
  const known = returns.get(key);
  if (known !== undefined)
    return isSameReturn(known, request) ? known : refusedMoney('NUMBER_USED');
  const from = splits.get(`${request.merchantNo}/${request.outSplitNo}`);
  const part = from?.parts.find(
    (one) => one.account === request.account && one.state === 'SUCCESS',
  );
  if (from === undefined || part === undefined) return refusedMoney('NOT_FOUND');
  const given = Object.values(part.returns).reduce((sum, back) => sum + back, 0);
  if (given + request.amountFen > part.amountFen) return refusedMoney('NOT_ENOUGH');
  if (ground.empty.has(part.account)) return refusedMoney('NOT_ENOUGH');
  part.returns[request.outReturnNo] = request.amountFen;
  splits.put(`${from.merchantNo}/${from.outSplitNo}`, from);
  return returns.put(key, { ...request, ref: refOf(`return/${key}`) });
}

function finish(split: BookedSplit): void {
  split.isFinished = true;
  for (const part of split.parts) if (part.state === 'PENDING') part.state = 'SUCCESS';
}

const liveParts = (split: BookedSplit): readonly SplitPart[] =>
  split.parts.filter((part) => part.state !== 'CLOSED');

const isSameReturn = (known: BookedReturn, request: SplitReturnRequest): boolean =>
  known.outSplitNo === request.outSplitNo &&
  known.account === request.account &&
  known.amountFen === request.amountFen;

const sumOf = (parts: readonly { readonly amountFen: number }[]): number =>
  parts.reduce((sum, part) => sum + part.amountFen, 0);

/** What receivers still have: what they gave back lies in the order again. */
const keptOf = (parts: readonly SplitPart[]): number =>
  sumOf(parts) -
  parts.flatMap(({ returns }) => Object.values(returns)).reduce((sum, back) => sum + back, 0);
