import { fen, minFen, subtractFen, sumFen } from '#shared/money/fen.ts';
import { basisPoints, shareFloor } from '#shared/money/rate.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { IdentityState } from '#terminal/ipc/identity.ts';
import type { Screen, Status, TillState } from '#terminal/ipc/state.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TerminalApi,
  TerminalError,
  TerminalEvent,
} from '#terminal/ipc/terminal-api.ts';
import type { ExceptionRow, HandledRow, OrderRow, Today } from '#terminal/ipc/views.ts';
import { scriptedDevices, type ScriptedDevices } from './scripted-devices.ts';
import { scriptedOwner, type ScriptedOwner } from './scripted-owner.ts';
import { scriptedPromotion } from './scripted-promotion.ts';
import { scriptedReceipts } from './scripted-receipts.ts';
import { sampleMember, sampleOrders, sampleStatus, sampleToday } from './samples.ts';

/**
 * An agent that does what a script says, at the far end of a real wire. It knows no checkout: amounts, cash and
 * members behave simply, and every screen is set by the test.
 */
export interface ScriptedTill {
  readonly api: TerminalApi;
  /** Every call that came, oldest first; at most {@link callsMax}. */
  readonly calls: readonly ScriptedCall[];
  show(screen: Screen): void;
  setDraft(change: Partial<TillState['draft']>): void;
  setNotice(code: string | null): void;
  setStatus(change: Partial<Status>): void;
  setToday(change: Partial<Today>): void;
  setOrders(rows: readonly OrderRow[]): void;
  setExceptions(rows: readonly GivenException[]): void;
  readonly devices: ScriptedDevices;
  readonly owner: ScriptedOwner;
  /** Who the till is; `isActivated` goes into its status, too. */
  setIdentity(change: Partial<IdentityState>): void;
  /** The next call of this method is refused. */
  refuseNext(method: MethodName, code: ErrorCode): void;
  state(): TillState;
  status(): Status;
}

/** A row as a test gives it; one without actions ends by itself. */
export type GivenException = Omit<ExceptionRow, 'key' | 'actions'> &
  Partial<Pick<ExceptionRow, 'key' | 'actions'>>;

export interface ScriptedCall {
  readonly method: MethodName;
  readonly input: unknown;
}

export const callsMax = 1000;

type Handlers = {
  readonly [M in MethodName]: (input: MethodInput<M>) => MethodOutput<M> | Promise<MethodOutput<M>>;
};

interface World {
  till: TillState;
  status: Status;
  today: Today;
  orders: readonly OrderRow[];
  exceptions: readonly ExceptionRow[];
  handled: readonly HandledRow[];
  identity: IdentityState;
}

export function createScriptedTill(nowMs: () => number): ScriptedTill {
  const calls: ScriptedCall[] = [];
  const refusals = new Map<MethodName, ErrorCode>();
  const listeners = new Set<(event: TerminalEvent) => void>();
  const emit = (event: TerminalEvent): void => listeners.forEach((listener) => listener(event));
  const world: World = {
    till: {
      version: 0,
      draft: { ...emptyDraft },
      screen: { type: 'ready' },
      notice: null,
    },
    status: sampleStatus(nowMs()),
    today: sampleToday,
    orders: sampleOrders(nowMs()),
    exceptions: [],
    handled: [],
    identity: sampleIdentity,
  };
  const setTill = (change: Partial<TillState>): void => {
    world.till = { ...world.till, ...change, version: world.till.version + 1 };
    emit({ name: 'till.changed', payload: world.till });
  };
  const setStatus = (change: Partial<Status>): void => {
    world.status = { ...world.status, ...change, version: world.status.version + 1 };
    emit({ name: 'status.changed', payload: world.status });
  };
  const devices = scriptedDevices({
    views: () => world.status.devices,
    show: (views) => setStatus({ devices: [...views] }),
  });
  const owner = scriptedOwner({
    nowMs,
    changed: (isOwnerPinSet) => setStatus({ isOwnerPinSet }),
  });
  const showExceptions = (): void => setStatus({ exceptionCount: world.exceptions.length });
  const handlers = createHandlers({ world, nowMs, setTill, devices, owner, showExceptions });

  async function call<M extends MethodName>(
    method: M,
    input: MethodInput<M>,
  ): Promise<Result<MethodOutput<M>, TerminalError>> {
    if (calls.length < callsMax) calls.push({ method, input });
    const refusal = refusals.get(method);
    refusals.delete(method);
    return refusal ? err({ code: refusal }) : ok(await handlers[method](input));
  }

  return {
    api: {
      call,
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    calls,
    devices,
    owner,
    state: () => world.till,
    status: () => world.status,
    show: (screen) => setTill({ screen }),
    setDraft: (change) => setTill({ draft: { ...world.till.draft, ...change } }),
    setNotice: (code) => setTill({ notice: code === null ? null : { code, atMs: nowMs() } }),
    setStatus,
    setIdentity(change) {
      world.identity = { ...world.identity, ...change };
      setStatus({ isActivated: world.identity.isActivated });
    },
    setToday(change) {
      world.today = { ...world.today, ...change };
      setStatus({});
    },
    setOrders(rows) {
      world.orders = rows;
      emit({ name: 'order.changed', payload: { orderId: rows[0]?.orderId ?? '' } });
    },
    setExceptions(rows) {
      world.exceptions = rows.map((row, index) => ({ key: `row:${index}`, actions: [], ...row }));
      showExceptions();
    },
    refuseNext: (method, code) => refusals.set(method, code),
  };
}

const sampleIdentity: IdentityState = {
  isActivated: true,
  isAsking: false,
  refusal: null,
  terminalId: 'trm_01J0000000000000000000TILL',
  merchantName: '绿点小店',
  storeName: '绿点小店',
  clockOffMs: null,
};

const emptyDraft: TillState['draft'] = {
  amountFen: 0,
  member: null,
  voucherFen: 0,
  useVoucher: false,
  coupon: null,
  pointsEstimateFen: 0,
};

type Goods = NonNullable<TillState['draft']['goods']>;

/** The draft with these goods, and with what is typed beside them. */
export function withGoods(
  before: TillState['draft'],
  lines: Readonly<Goods['lines']>,
  typedFen: number,
): TillState['draft'] {
  const amountFen = sumFen([...lines.map((line) => fen(line.sumFen)), fen(typedFen)]);
  const draft = { ...before, amountFen };
  delete draft.goods;
  return lines.length === 0 ? draft : { ...draft, goods: { typedFen, lines: [...lines] } };
}

interface HandlerDeps {
  readonly world: World;
  readonly nowMs: () => number;
  readonly setTill: (change: Partial<TillState>) => void;
  readonly devices: ScriptedDevices;
  readonly owner: ScriptedOwner;
  readonly showExceptions: () => void;
}

function createHandlers({
  world,
  nowMs,
  setTill,
  devices,
  owner,
  showExceptions,
}: HandlerDeps): Handlers {
  const putDraft = (draft: TillState['draft']): void => {
    const voucherFen = draft.useVoucher
      ? minFen(fen(draft.member?.voucherTotalFen ?? 0), fen(draft.amountFen))
      : 0;
    const isMet = draft.coupon !== null && draft.amountFen >= draft.coupon.minimumFen;
    const coupon = draft.coupon && { ...draft.coupon, isMet };
    const offFen = fen(isMet ? (coupon?.offFen ?? 0) : 0);
    const paidFen = subtractFen(fen(draft.amountFen - offFen), fen(voucherFen));
    const pointsEstimateFen = shareFloor(paidFen, basisPoints(world.status.concessionBp));
    setTill({ draft: { ...draft, coupon, voucherFen, pointsEstimateFen }, notice: null });
  };
  const setDraft = (change: Partial<TillState['draft']>): void =>
    putDraft({ ...world.till.draft, ...change });
  return {
    'till.setAmount': ({ amountFen }) => {
      const { draft } = world.till;
      putDraft(withGoods(draft, draft.goods?.lines ?? [], amountFen));
      return {};
    },
    'till.scan': none,
    'till.payCash': ({ tenderedFen }) => (
      setTill({ screen: cashScreen(world, tenderedFen, nowMs()) }),
      {}
    ),
    'till.payBox': none,
    'till.payPromise': none,
    'orders.keepPromise': none,
    'orders.breakPromise': none,
    'till.cancel': none,
    'till.queryNow': none,
    'till.dismiss': () => (setTill({ screen: { type: 'ready' }, draft: { ...emptyDraft } }), {}),
    'till.attachMember': () => (setDraft({ member: sampleMember, useVoucher: true }), {}),
    'till.detachMember': () => (setDraft({ member: null, useVoucher: false }), {}),
    'till.useVoucher': ({ use }) => (setDraft({ useVoucher: use }), {}),
    'till.dropLines': ({ no }) => {
      const { draft } = world.till;
      const left = (draft.goods?.lines ?? []).filter((line) => no !== undefined && line.no !== no);
      putDraft(withGoods(draft, left, draft.goods?.typedFen ?? draft.amountFen));
      return {};
    },
    'till.dropCoupon': () => (setDraft({ coupon: null }), {}),
    'till.state': () => world.till,
    'status.get': () => world.status,
    'orders.list': ({ limit, search, state }) => ({
      rows: world.orders
        .filter((row) => state === undefined || row.bucket === state || row.state === state)
        .filter((row) => search === undefined || row.orderId.includes(search))
        .slice(0, limit),
      nextBefore: null,
    }),
    'orders.get': ({ orderId }) => world.orders.find((row) => row.orderId === orderId)!,
    'orders.decideBox': none,
    'orders.refund': () => ({ refundNo: 1 }),
    'orders.reprintRefund': none,
    'orders.reprint': none,
    'today.get': () => world.today,
    'today.printSlip': none,
    'exceptions.list': () => ({ rows: [...world.exceptions] }),
    'exceptions.handled': () => ({ rows: [...world.handled] }),
    'exceptions.resolve': (wanted) => (handle(world, wanted, nowMs()), showExceptions(), {}),
    ...devices.handlers,
    ...owner.handlers,
    'identity.state': () => world.identity,
    'identity.activate': () => world.identity,
    'drawer.open': none,
    ...scriptedReceipts(),
    ...scriptedPromotion(),
  };
}

const none = () => ({});

function handle(
  world: World,
  { key, action, note }: MethodInput<'exceptions.resolve'>,
  atMs: number,
): void {
  const row = world.exceptions.find((one) => one.key === key);
  if (!row) return;
  const { actions: _, ...about } = row;
  world.exceptions = world.exceptions.filter((one) => one !== row);
  world.handled = [
    { ...about, action, note, cashier: world.status.cashier, atMs },
    ...world.handled,
  ];
}

function cashScreen(world: World, tenderedFen: number, atMs: number): Screen {
  const { amountFen, voucherFen, pointsEstimateFen } = world.till.draft;
  const dueFen = subtractFen(fen(amountFen), fen(voucherFen));
  return {
    type: 'cash',
    orderId: world.orders[0]?.orderId ?? '',
    amountFen,
    voucherFen,
    tenderedFen,
    changeFen: subtractFen(fen(tenderedFen), dueFen),
    atMs,
    receipt: 'sent',
    pointsEstimateFen,
  };
}
