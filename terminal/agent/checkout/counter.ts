import type { Timers } from '#drivers/core/timers.ts';
import type { BoxPos } from '#drivers/ecr/box-pos.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { createBoxRunner, type BoxRunner } from '#terminal/agent/checkout/box/box-runner.ts';
import {
  createChargeRunner,
  type ChargeRunner,
} from '#terminal/agent/checkout/charge/charge-runner.ts';
import type { CodeVault } from '#terminal/agent/checkout/charge/code-vault.ts';
import { createHeldCharge, type HeldCharge } from '#terminal/agent/checkout/charge/held-charge.ts';
import { createCouponHolds, type CouponHolds } from '#terminal/agent/checkout/coupon-holds.ts';
import { createMemberDesk, type MemberDesk } from '#terminal/agent/checkout/member-desk.ts';
import {
  memberRoom,
  offlineRoom,
  type JudgeDeps,
  type RoomDeps,
} from '#terminal/agent/checkout/offline-room.ts';
import { promiseRoomOf } from '#terminal/agent/checkout/promise-room.ts';
import type { Till } from '#terminal/agent/checkout/checkout-machine.ts';
import { prepareSale, type PrepareDeps } from '#terminal/agent/checkout/prepare-sale.ts';
import type { Sale } from '#terminal/agent/checkout/sale-facts.ts';
import { createTillScreen, type TillScreen } from '#terminal/agent/checkout/till-screen.ts';
import { createVoucherHolds, type VoucherHolds } from '#terminal/agent/checkout/voucher-holds.ts';
import type { WriteHandle } from '#terminal/agent/journal/handles.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import type { Link } from '#terminal/agent/uplink/link.ts';

export type Outcome = Result<void, ErrorCode>;

export interface CounterDeps {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  readonly link: Link;
  readonly vault: CodeVault;
  readonly clock: Clock;
  /** Dates and names sales: the computer's clock corrected by the cloud's time. */
  readonly businessClock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly cashier: string;
  /** The box POS of this till; undefined without one. */
  readonly boxPos: () => BoxPos | undefined;
  readonly config: () => ConfigPayload | undefined;
  /** Monotonic milliseconds since the cloud said that the list of stopped codes is the newest. */
  readonly sinceListMs: () => number | undefined;
  /** Print and drawer jobs that belong to a sale with this result; none without a printer. */
  readonly jobsFor: (
    orderId: OrderId,
    result: 'paid' | 'cash' | 'offline' | 'promised' | 'kept-cash',
  ) => readonly EntryFact[];
}

/** What every way to pay works with: the screen, the journal, the charge in flight, the code that waits. */
export interface Counter extends CounterDeps {
  readonly screen: TillScreen;
  readonly desk: MemberDesk;
  readonly holds: VoucherHolds;
  readonly coupons: CouponHolds;
  readonly held: HeldCharge;
  readonly runner: ChargeRunner;
  readonly boxRunner: BoxRunner;
  readonly room: JudgeDeps;
  /** `beside`: what else is kept in the same transaction. */
  readonly append: (facts: readonly EntryFact[], beside?: (tx: WriteHandle) => void) => Outcome;
  /** Journals an attempt, then sends it: durable first, then the wire. */
  readonly send: (orderId: OrderId, facts: readonly EntryFact[]) => Outcome;
  /** What the sale on screen starts from; see {@link prepareSale}. */
  readonly prepare: (withVoucher: boolean) => Promise<Result<Sale, ErrorCode>>;
  /** More facts for the transaction that writes `facts` about an order, whoever learned them: a paid sale's receipt. */
  readonly alongside: (orderId: OrderId, facts: readonly EntryFact[]) => readonly EntryFact[];
}

export function createCounter(deps: CounterDeps): Counter {
  const { journal, vault } = deps;
  const room = roomOf(deps);
  const screen = createTillScreen({
    ...deps,
    progressOf: (orderId) => runner.progressOf(orderId),
    boxProgressOf: (orderId) => boxRunner.progressOf(orderId),
    ...offlineFigures(room),
  });
  const desk = createMemberDesk(deps.cloud);
  // One clock for the day of a sale and for the time in its id: the day finds its sales by it.
  const dated = { ...deps, clock: deps.businessClock };
  const holds = createVoucherHolds({ ...dated, desk });
  const coupons = createCouponHolds(dated);

  const append: Counter['append'] = (facts, beside) => {
    const kept = journal.append(facts, beside);
    return kept.ok ? ok(undefined) : err(appendErrorCode(kept.error));
  };
  /** A payment of the sale at the counter comes with its receipt; of a sale that was let go nobody waits for one. */
  const alongside: Counter['alongside'] = (orderId, facts) =>
    screen.till().orderId === orderId &&
    facts.some(({ type }) => type === 'charge.paid' || type === 'pos.paid')
      ? deps.jobsFor(orderId, 'paid')
      : [];
  const onProgress = (orderId: OrderId): void => {
    if (screen.till().orderId === orderId) screen.showAgain();
  };
  const runner = createChargeRunner({
    ...deps,
    alongside,
    onHold: (orderId, failedFacts) => held.holdAgain(orderId, failedFacts),
    onProgress,
  });
  const boxRunner = createBoxRunner({
    ...deps,
    alongside,
    isAtCounter: (orderId) => screen.till().orderId === orderId,
    onProgress,
  });
  const send = (orderId: OrderId, facts: readonly EntryFact[]): Outcome => {
    const code = vault.codeOf(orderId);
    const kept = append(facts);
    if (!kept.ok) return kept;
    held.forget();
    if (code !== undefined) vault.markSent(orderId, vault.hashOf(code));
    runner.submit(orderId);
    return kept;
  };
  const held = createHeldCharge({
    ...deps,
    append,
    onScreen: () => screen.till().orderId,
    send: (orderId, facts) => void send(orderId, facts),
  });
  const prepare = preparing({ ...dated, holds, coupons, screen });
  return {
    ...deps,
    screen,
    desk,
    holds,
    coupons,
    held,
    runner,
    boxRunner,
    room,
    append,
    send,
    prepare,
    alongside,
  };
}

const preparing =
  (deps: PrepareDeps & { readonly screen: TillScreen }) =>
  async (withVoucher: boolean): Promise<Result<Sale, ErrorCode>> => {
    const before = deps.screen.till();
    const prepared = await prepareSale(deps, before, withVoucher);
    return isSameSale(before, deps.screen.till()) ? prepared : err('result-not-known');
  };

/**
 * Is the counter still where it was? While vouchers are set aside the line may come back, and the
 * code that waited for it is charged: what was prepared then would be paid a second time.
 */
const isSameSale = (before: Till, now: Till): boolean =>
  before.orderId === now.orderId &&
  before.screen.type === now.screen.type &&
  before.draft === now.draft;

/** What bounds the sales that are taken offline. */
const roomOf = ({ journal, config, cloud, link, vault, sinceListMs }: CounterDeps): JudgeDeps => ({
  read: journal.read,
  config,
  nowMs: () => cloud.trustedNowMs() ?? cloud.cloudNowMs(),
  sinceContactMs: link.sinceContactMs,
  sinceListMs,
  isLineThere: link.online,
  lotOf: vault.lotOf,
});

const offlineFigures = (room: RoomDeps) => ({
  remainingOfflineFen: () => offlineRoom(room).remainingFen,
  memberRoom: (memberId: string) => memberRoom(room, memberId),
  promiseRoom: () => {
    const { remainingFen, remainingCount } = promiseRoomOf(room);
    return { remainingFen, remainingCount };
  },
});
