import type { Result } from '#shared/result/result.ts';
import type { EntryBody } from '#shared/wire/v1/entries.ts';
import {
  foldEntries,
  orderEntriesOf,
  orderKey,
  type TillSale,
  type FoldedEntries,
  type OfflineAcceptance,
  type Refusal,
  type StoredEntry,
} from '#cloud/journal/projection/fold-entries.ts';
import type { AttemptName, PaidAttempt } from '#cloud/journal/projection/paid-attempts.ts';
import { carriesMoney } from '#cloud/journal/parked-entries.ts';
import {
  advanceStreams,
  lockStreams,
  parkRefusals,
  readEntries,
  saveEntries,
  type LockedStream,
} from '#cloud/journal/projection/projection-store.ts';
import type { KeptOrder, Stream } from '#cloud/orders/kept-order.ts';
import { appendResult } from '#cloud/orders/results.ts';
import { loadOrders, saveOrders, type OrderName } from '#cloud/orders/order-store.ts';
import type { Tx } from '#cloud/platform/db.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { TillRefund } from '#cloud/refunds/take-till-refunds.ts';
import type { NewPromise } from '#cloud/promises/judge-promises.ts';

/** What the journal does to other domains. Each runs in the projection's transaction: all of it happens, or nothing. */
export interface ProjectionEffects {
  /** Books sales and opens their claims. */
  bookSales(tx: Tx, sales: readonly TillSale[]): Promise<Result<unknown, { type: string }>>;
  /** The claim tokens of receipts that were, or will be, printed for orders that are not booked yet. */
  openClaims(tx: Tx, opened: readonly KeptOrder[]): Promise<void>;
  enqueueOffline(
    tx: Tx,
    acceptance: OfflineAcceptance,
    nowMs: number,
  ): Promise<Result<unknown, { type: string }>>;
  /** Takes what the till gave back; its sale may be in the same step. */
  takeRefund(tx: Tx, refund: TillRefund, nowMs: number): Promise<Result<unknown, { type: string }>>;
  /** Judges what was promised with what all tills of the shop have outside. Call after the orders were saved. */
  judgePromises(tx: Tx, promises: readonly NewPromise[], nowMs: number): Promise<void>;
  /** Which of these attempts does the cloud itself know as paid (also when the money went back later)? */
  findPaidAttempts(tx: Tx, attempts: readonly AttemptName[]): Promise<readonly PaidAttempt[]>;
}

export type ProjectionDeps = Pick<CloudDeps, 'db' | 'clock' | 'logger' | 'metrics'> & {
  readonly effects: ProjectionEffects;
};

export interface ProjectionLimits {
  readonly streamsMax: number;
  readonly entriesMax: number;
}

/** Group commit: entries of up to this many terminals, and so many entries, become effects in one transaction. */
export const projectionLimits: ProjectionLimits = { streamsMax: 64, entriesMax: 1000 };

/**
 * Folds the oldest unprojected entries into orders and effects, in one transaction with the cursor that says so:
 * at-least-once delivery, exactly-once effect. Returns how many entries were consumed.
 */
export async function projectOnce(
  deps: ProjectionDeps,
  limits: ProjectionLimits = projectionLimits,
): Promise<number> {
  return deps.db.transaction(async (tx) => {
    const nowMs = deps.clock.nowMs();
    const streams = await lockStreams(tx, { limit: limits.streamsMax, nowMs });
    if (streams.length === 0) return 0;
    return projectStreams({ deps, tx, streams, entriesMax: limits.entriesMax });
  });
}

/** Projects entries of the locked streams, at most `entriesMax` in all, and moves their cursors. */
export async function projectStreams(options: {
  readonly deps: ProjectionDeps;
  readonly tx: Tx;
  readonly streams: readonly LockedStream[];
  readonly entriesMax: number;
}): Promise<number> {
  const { deps, tx, streams } = options;
  const nowMs = deps.clock.nowMs();
  const read = await readEntries(tx, streams, options.entriesMax);
  const live = read.filter((entry) => !entry.parked);
  const folded = await fold({ deps, tx, entries: live, nowMs });
  const unbooked = await bookSales(deps, tx, folded.sales);
  const refusals = [
    ...folded.refusals,
    ...unbooked,
    ...(await enqueueOffline(deps, tx, folded)),
    ...(await takeRefunds(deps, tx, folded)),
  ];
  await deps.effects.openClaims(tx, withoutBooked(folded, unbooked));
  await saveOrders(tx, [...folded.orders.values()], nowMs);
  await deps.effects.judgePromises(tx, folded.promises, nowMs);
  await parkRefusals(tx, refusals, nowMs);
  await saveEntries(tx, read);
  await advanceStreams(tx, read);
  await tellTills(tx, refusals, nowMs);
  for (const refusal of refusals) {
    deps.metrics.journalParked.inc({ code: refusal.code });
    const { terminalId, seq } = refusal.entry;
    deps.logger.warn({ terminalId, seq, reason: refusal.code, detail: refusal.detail }, 'parked');
  }
  return read.length;
}

/** A till whose word about money was not taken hears of it: the owner sees it among the exceptions. */
async function tellTills(tx: Tx, refusals: readonly Refusal[], atMs: number): Promise<void> {
  for (const { entry, code } of refusals) {
    const [judged] = carriesMoney(entry.type) ? orderEntriesOf([entry]) : [];
    if (judged === undefined) continue;
    const { orderId } = judged.fact.body;
    const { operatorId, terminalId, epoch, seq } = entry;
    const resultKey = `parked:${epoch}:${seq}`;
    const result = { orderId, result: 'parked' as const, code, atMs };
    await appendResult(tx, { operatorId, terminalId, resultKey, result });
  }
}

async function fold(options: {
  readonly deps: ProjectionDeps;
  readonly tx: Tx;
  readonly entries: readonly StoredEntry[];
  readonly nowMs: number;
}): Promise<FoldedEntries> {
  const { deps, tx, entries, nowMs } = options;
  const names = new Map<string, OrderName>();
  const attempts: AttemptName[] = [];
  const orderEntries = orderEntriesOf(entries);
  for (const { entry, fact } of orderEntries) {
    const { orderId } = fact.body;
    names.set(orderKey(entry, orderId), nameOf(entry, orderId));
    if (fact.type === 'charge.paid') attempts.push(attemptOf(entry, fact.body));
  }
  const known = await loadOrders(tx, [...names.values()]);
  const paid = await deps.effects.findPaidAttempts(tx, attempts);
  const paidByKey = new Map(paid.map((attempt) => [attemptKey(attempt), attempt]));
  return foldEntries(orderEntries, {
    known: new Map(known.map((kept) => [orderKey(kept.stream, kept.order.orderId), kept])),
    paidAttempt: (attempt) => paidByKey.get(attemptKey(attempt)),
    nowMs,
  });
}

const nameOf = ({ operatorId, merchantId }: Stream, orderId: string): OrderName => ({
  operatorId,
  merchantId,
  orderId,
});

const attemptOf = (stream: Stream, body: EntryBody<'charge.paid'>): AttemptName => ({
  operatorId: stream.operatorId,
  orderId: body.orderId,
  attempt: body.attempt,
});

const attemptKey = (name: AttemptName) => `${name.operatorId}/${name.orderId}/${name.attempt}`;

/**
 * All sales that only the journal tells of in one booking. When that is refused the halves are
 * booked apart, and so on: one sale at fault among hundreds is found and parked after a few
 * bookings, and does not make the others wait for hundreds.
 */
async function bookSales(
  deps: ProjectionDeps,
  tx: Tx,
  sales: readonly TillSale[],
): Promise<readonly Refusal[]> {
  if (sales.length === 0) return [];
  const booked = await deps.effects.bookSales(tx, sales);
  if (booked.ok) return [];
  const [first] = sales;
  if (sales.length === 1 && first !== undefined) {
    const detail = detailOf(booked.error);
    return [{ entry: first.entry, code: 'entry-not-bookable', detail }];
  }
  const middle = sales.length >> 1;
  return [
    ...(await bookSales(deps, tx, sales.slice(0, middle))),
    ...(await bookSales(deps, tx, sales.slice(middle))),
  ];
}

/** Orders that began and were not booked in the same step: booking an order opens its claim as well. */
function withoutBooked(
  { sales, opened }: FoldedEntries,
  unbooked: readonly Refusal[],
): readonly KeptOrder[] {
  const refused = new Set(unbooked.map(({ entry }) => entry));
  const booked = new Set(
    sales
      .filter(({ entry }) => !refused.has(entry))
      .map(({ paid }) => orderKey(paid, paid.orderId)),
  );
  return opened.filter(({ stream, order }) => !booked.has(orderKey(stream, order.orderId)));
}

async function enqueueOffline(
  deps: ProjectionDeps,
  tx: Tx,
  { offline }: FoldedEntries,
): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  for (const { entry, accepted } of offline) {
    const enqueued = await deps.effects.enqueueOffline(tx, accepted, deps.clock.nowMs());
    if (!enqueued.ok) {
      refusals.push({ entry, code: 'entry-not-bookable', detail: detailOf(enqueued.error) });
    }
  }
  return refusals;
}

async function takeRefunds(
  deps: ProjectionDeps,
  tx: Tx,
  { refunds }: FoldedEntries,
): Promise<readonly Refusal[]> {
  const refusals: Refusal[] = [];
  for (const { entry, ...refund } of refunds) {
    const taken = await deps.effects.takeRefund(tx, refund, deps.clock.nowMs());
    if (!taken.ok)
      refusals.push({ entry, code: 'entry-not-bookable', detail: detailOf(taken.error) });
  }
  return refusals;
}

const detailCharsMax = 200;
const detailOf = (error: { readonly type: string }) =>
  JSON.stringify(error).slice(0, detailCharsMax);
