import type { OperatorId, OrderId } from '#shared/ids/ids.ts';
import { subtractFen, type Fen } from '#shared/money/fen.ts';
import { isOrderFact, type OrderFact } from '#shared/order/order-fact.ts';
import { applyFact } from '#shared/order/order-machine.ts';
import { isRefundFact } from '#shared/order/refunds.ts';
import type { Order, OrderTender } from '#shared/order/order.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { EntryBody } from '#shared/wire/v1/entries.ts';
import { parseEntry } from '#shared/wire/v1/parse-entry.ts';
import type { PaidAttempt } from '#cloud/journal/projection/paid-attempts.ts';
import { hashClaimToken } from '#cloud/orders/claim-hash.ts';
import type { KeptOrder, Stream } from '#cloud/orders/kept-order.ts';
import type { PaidOrder, SaleSource } from '#cloud/orders/paid-order.ts';
import type { TillRefund } from '#cloud/refunds/take-till-refunds.ts';
import type { NewPromise } from '#cloud/promises/judge-promises.ts';

export interface StoredEntry extends Stream {
  readonly seq: number;
  readonly wallMs: number;
  readonly type: string;
  readonly body: string;
}

/** A sale accepted offline that is to become money. */
export interface OfflineAcceptance {
  readonly kept: KeptOrder;
  readonly fact: EntryBody<'offline.accepted'>;
  /** By the trusted time of the till; by its own clock when it wrote no other. */
  readonly acceptedAtMs: number;
  readonly isTimeTrusted: boolean;
  readonly entry: { readonly epoch: string; readonly seq: number };
}

/**
 * A sale whose money passed no channel of ours, so that only the journal tells of it: cash, a box
 * POS, a kept promise.
 */
export interface TillSale {
  readonly entry: StoredEntry;
  readonly paid: PaidOrder;
  /** The vouchers that were set aside for it, when it used any. */
  readonly reservationId: string | undefined;
  /** When its rate was agreed on: the sale itself, of a promise the moment at which the goods left. */
  readonly ratedAtMs: number;
}

export interface Refusal {
  readonly entry: StoredEntry;
  readonly code:
    | 'order-transition-refused'
    | 'order-lines-mismatch'
    | 'charge-unknown-to-cloud'
    | 'entry-not-bookable';
  readonly detail: string;
}

/** What a run of entries does. Orders are those that changed, with all the facts that were accepted. */
export interface FoldedEntries {
  readonly orders: ReadonlyMap<string, KeptOrder>;
  readonly refusals: readonly Refusal[];
  readonly sales: readonly TillSale[];
  /** Money that the till calls given back. */
  readonly refunds: readonly (TillRefund & { readonly entry: StoredEntry })[];
  /** Goods that left on a promise: judged again with those of the shop's other tills. */
  readonly promises: readonly NewPromise[];
  /** Orders that began: the claim tokens of their receipts become known. */
  readonly opened: readonly KeptOrder[];
  readonly offline: readonly {
    readonly entry: StoredEntry;
    readonly accepted: OfflineAcceptance;
  }[];
}

export interface FoldContext {
  /** Orders known before these entries, by {@link orderKey}. */
  readonly known: ReadonlyMap<string, KeptOrder>;
  /** The charge as the cloud's own book of attempts has it, when its money was seen. */
  paidAttempt(attempt: {
    readonly operatorId: OperatorId;
    readonly orderId: string;
    readonly attempt: number;
  }): PaidAttempt | undefined;
  readonly nowMs: number;
}

export const orderKey = (owner: Pick<Stream, 'operatorId' | 'merchantId'>, orderId: string) =>
  `${owner.operatorId}/${owner.merchantId}/${orderId}`;

/** An entry that moves an order, and its fact. */
export interface OrderEntry {
  readonly entry: StoredEntry;
  readonly fact: OrderFact;
}

/** The entries that move orders; those that are unreadable or speak of other things do not. */
export const orderEntriesOf = (entries: readonly StoredEntry[]): readonly OrderEntry[] =>
  entries.flatMap((entry) => {
    const judged = parseEntry(entry);
    return judged.ok && isOrderFact(judged.value) ? [{ entry, fact: judged.value }] : [];
  });

/**
 * Folds entries, in journal order, into orders and effects. Pure. A fact that contradicts its order, or the cloud's
 * own knowledge of a charge, is refused alone: the order stays as it was and later facts go on.
 */
export function foldEntries(entries: readonly OrderEntry[], context: FoldContext): FoldedEntries {
  const changed = new Map<string, KeptOrder>();
  const refusals: Refusal[] = [];
  const sales: TillSale[] = [];
  const opened: KeptOrder[] = [];
  const refunds: (TillRefund & { entry: StoredEntry })[] = [];
  const promises: NewPromise[] = [];
  const offline: { entry: StoredEntry; accepted: OfflineAcceptance }[] = [];
  for (const { entry, fact } of entries) {
    const key = orderKey(entry, fact.body.orderId);
    const before = changed.get(key) ?? context.known.get(key);
    const folded = foldOne({ entry, fact, before, context });
    if (!folded.ok) {
      refusals.push({ entry, ...folded.error });
      continue;
    }
    const kept = folded.value;
    changed.set(key, kept);
    if (fact.type === 'order.opened') opened.push(kept);
    if (fact.type === 'refund.done') {
      const refund = kept.order.refunds?.at(-1);
      if (refund !== undefined) refunds.push({ entry, kept, refund });
    }
    const isBeside = isRefundFact(fact) || fact.type === 'coupon.given';
    const source = isBeside ? undefined : sourceOf(kept.order);
    if (source !== undefined) {
      const paid = paidOrder(entry, { kept, source, nowMs: context.nowMs });
      const ratedAtMs = source === 'promise' ? kept.order.openedAtMs : entry.wallMs;
      sales.push({ entry, paid, reservationId: kept.reservationId, ratedAtMs });
    }
    if (fact.type === 'offline.promised') promises.push(newPromise(entry, fact.body));
    if (fact.type === 'offline.accepted') {
      const { trustedAtMs } = fact.body;
      const accepted = {
        kept,
        fact: fact.body,
        acceptedAtMs: trustedAtMs ?? entry.wallMs,
        isTimeTrusted: trustedAtMs !== undefined,
        entry: { epoch: entry.epoch, seq: entry.seq },
      };
      offline.push({ entry, accepted });
    }
  }
  return { orders: changed, refusals, sales, refunds, promises, offline, opened };
}

function foldOne(options: {
  readonly entry: StoredEntry;
  readonly fact: OrderFact;
  readonly before: KeptOrder | undefined;
  readonly context: FoldContext;
}): Result<KeptOrder, Omit<Refusal, 'entry'>> {
  const { entry, fact, before, context } = options;
  if (before !== undefined && before.stream.terminalId !== entry.terminalId) {
    return err({ code: 'order-transition-refused', detail: 'the order is of another terminal' });
  }
  if (fact.type === 'charge.paid') {
    const doubt = doubtAbout(context.paidAttempt({ ...entry, ...fact.body }), entry, before);
    if (doubt !== undefined) return err(doubt);
  }
  const applied = applyFact(before?.order, fact, entry);
  if (!applied.ok) {
    const { from, why } = applied.error;
    const code = why === 'lines' ? 'order-lines-mismatch' : 'order-transition-refused';
    return err({ code, detail: `${fact.type} from ${from}: ${why}` });
  }
  const opening = fact.type === 'order.opened' ? fact.body : undefined;
  return ok({
    stream: before?.stream ?? entry,
    order: applied.value,
    claimHash: before?.claimHash ?? (opening && hashClaimToken(opening.claimToken)),
    reservationId: before?.reservationId ?? opening?.reservationId,
  });
}

/** Does the cloud's book tell the same story of a paid charge: this shop, this till, these sums, this rate? */
function doubtAbout(
  charged: PaidAttempt | undefined,
  entry: StoredEntry,
  before: KeptOrder | undefined,
): Omit<Refusal, 'entry'> | undefined {
  if (charged?.merchantId !== entry.merchantId || charged.terminalId !== entry.terminalId)
    return { code: 'charge-unknown-to-cloud', detail: 'no such charge of this till was paid' };
  if (before === undefined) return undefined;
  const { amountFen, voucherFen, concessionBp } = before.order;
  const isSame =
    amountFen === charged.amountFen &&
    voucherFen === charged.voucherFen &&
    concessionBp === charged.concessionBp;
  if (isSame) return undefined;
  const detail =
    `charged ${charged.amountFen} with ${charged.voucherFen} of vouchers at ${charged.concessionBp} bp, ` +
    `the journal says ${amountFen} with ${voucherFen} at ${concessionBp} bp`;
  return { code: 'order-transition-refused', detail };
}

type TillSource = Exclude<SaleSource, 'channel'>;

/**
 * Nothing but a refund and a coupon's paper follow these states, so any other fact that leads there
 * is the one that brought the money.
 */
function sourceOf({ state }: Order): TillSource | undefined {
  if (state === 'cash-recorded') return 'cash';
  if (state === 'promise-kept') return 'promise';
  return state === 'pos-paid' ? 'box' : undefined;
}

function paidOrder(
  entry: StoredEntry,
  sale: {
    readonly kept: KeptOrder;
    readonly source: TillSource;
    readonly nowMs: number;
  },
): PaidOrder {
  const { kept, source, nowMs } = sale;
  const { order } = kept;
  const netFen: Fen = subtractFen(order.amountFen, order.voucherFen);
  return {
    operatorId: entry.operatorId,
    merchantId: entry.merchantId,
    terminalId: entry.terminalId,
    orderId: order.orderId satisfies OrderId,
    source,
    channel: kept.order.tender?.type === 'promise' ? promiseChannel(kept.order.tender) : source,
    amountFen: order.amountFen,
    voucherFen: order.voucherFen,
    netFen,
    concessionBp: order.concessionBp,
    memberId: order.memberId,
    claimHash: kept.claimHash,
    paidAtMs: entry.wallMs,
    acceptedAtMs: nowMs,
    businessDate: dayOf(order),
  };
}

/** The money of a kept promise came on another day than the goods left: it belongs to that one. */
const dayOf = ({ tender, businessDate }: Order): string =>
  tender?.type === 'promise' ? (tender.kept?.businessDate ?? businessDate) : businessDate;

const promiseChannel = ({ kept }: Extract<OrderTender, { type: 'promise' }>): string =>
  `promise-${kept?.how ?? 'cash'}`;

const newPromise = (
  { operatorId, merchantId, wallMs }: StoredEntry,
  { orderId, amountFen, limitsVersion }: EntryBody<'offline.promised'>,
): NewPromise => ({
  operatorId,
  merchantId,
  orderId,
  amountFen,
  limitsVersion,
  promisedAtMs: wallMs,
});
