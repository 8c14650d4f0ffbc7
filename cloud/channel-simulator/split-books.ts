import { refundedFen, type BookedOrder } from '#cloud/channel-simulator/booked-order.ts';
import {
  refusedMoney,
  type MoneyGround,
  type MoneyRefusal,
} from '#cloud/channel-simulator/money-books.ts';

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
  readonly addReceiver: (merchantNo: string, account: string) => void;
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
  readonly ofOrder: (transactionId: string) => readonly BookedSplit[];
  readonly all: () => readonly BookedSplit[];
}

/** Splits of frozen orders. A receiver who was never added gets nothing: his part is closed as NO_RELATION. */
export function splitDesk({ books, rules, refOf, drawer }: MoneyGround): SplitBooks {
  const splits = drawer<BookedSplit>('split');
  const returns = drawer<BookedReturn>('return');
  const receivers = drawer<{ readonly account: string }>('receiver');
  const ofOrder = (transactionId: string): readonly BookedSplit[] =>
    splits.all().filter((one) => one.transactionId === transactionId);

  const frozenOf = (order: BookedOrder, nowMs: number): number => {
    const done = ofOrder(order.transactionId);
    const isOver = nowMs - (order.paidAtMs ?? nowMs) > rules().frozenMaxMs;
    if (!order.isFrozen || isOver || done.some((one) => one.releasesRest)) return 0;
    return order.amountFen - refundedFen(order) - sumOf(done.flatMap(liveParts));
  };

  const refuse = (order: BookedOrder, request: SplitRequest, nowMs: number): string | undefined => {
    const { splitReceiversMax, splitRequestsMax, splitNotBeforeMs, othersMaxBp } = rules();
    const done = ofOrder(order.transactionId);
    if (!order.isFrozen) return 'NOT_FROZEN';
    if (request.receivers.length > splitReceiversMax) return 'TOO_MANY';
    if (done.length >= splitRequestsMax) return 'TOO_MANY';
    if (nowMs - (order.paidAtMs ?? nowMs) < splitNotBeforeMs) return 'TOO_EARLY';
    const frozenFen = frozenOf(order, nowMs);
    if (frozenFen === 0) return 'ENDED';
    if (sumOf(request.receivers) > frozenFen) return 'NOT_ENOUGH';
    const others = [...done.flatMap(liveParts), ...request.receivers].filter(
      (part) => part.account !== order.merchantNo,
    );
    return sumOf(others) * 10_000 > order.amountFen * othersMaxBp ? 'OVER_CAP' : undefined;
  };

  const split: SplitBooks['split'] = (request, nowMs) => {
    const key = `${request.merchantNo}/${request.outSplitNo}`;
    const content = JSON.stringify(request);
    const known = splits.get(key);
    if (known !== undefined) return known.content === content ? known : refusedMoney('NUMBER_USED');
    const order = books.shelf.findByTransaction(request.transactionId);
    const isPaid = order !== undefined && (order.state === 'SUCCESS' || order.state === 'REFUND');
    if (!isPaid || order.merchantNo !== request.merchantNo) return refusedMoney('ORDER_NOT_FOUND');
    const why = refuse(order, request, nowMs);
    if (why !== undefined) return refusedMoney(why);
    const { merchantNo, transactionId, outSplitNo, releasesRest } = request;
    return splits.put(key, {
      merchantNo,
      transactionId,
      outSplitNo,
      ref: refOf(`split/${key}`),
      content,
      releasesRest,
      atMs: nowMs,
      polls: 0,
      isFinished: false,
      parts: request.receivers.map(({ type, account, amountFen, description }) => {
        const isBound =
          account === merchantNo || receivers.get(`${merchantNo}/${account}`) !== undefined;
        return {
          type,
          account,
          amountFen,
          description,
          returns: {},
          state: isBound ? 'PENDING' : 'CLOSED',
          reason: isBound ? undefined : 'NO_RELATION',
        };
      }),
    });
  };

  return {
    addReceiver: (merchantNo, account) => {
      receivers.put(`${merchantNo}/${account}`, { account });
    },
    split,
    query: ({ merchantNo, outSplitNo }) => {
      const key = `${merchantNo}/${outSplitNo}`;
      const known = splits.get(key);
      if (known === undefined) return refusedMoney('NOT_FOUND');
      known.polls += 1;
      if (!known.isFinished && known.polls >= rules().pollsUntilDone) finish(known);
      return splits.put(key, known);
    },
    takeBack: (request) => {
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
      part.returns[request.outReturnNo] = request.amountFen;
      splits.put(`${from.merchantNo}/${from.outSplitNo}`, from);
      return returns.put(key, { ...request, ref: refOf(`return/${key}`) });
    },
    queryTakeBack: ({ merchantNo, outReturnNo }) =>
      returns.get(`${merchantNo}/${outReturnNo}`) ?? refusedMoney('NOT_FOUND'),
    frozenFen: (transactionId, nowMs) => {
      const order = books.shelf.findByTransaction(transactionId);
      return order === undefined ? refusedMoney('ORDER_NOT_FOUND') : frozenOf(order, nowMs);
    },
    ofOrder,
    all: splits.all,
  };
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
