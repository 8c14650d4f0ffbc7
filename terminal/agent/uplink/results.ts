import type { OrderId } from '#shared/ids/ids.ts';
import { tallyBucket } from '#shared/order/order-machine.ts';
import type { Order } from '#shared/order/order.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { ResultsAnswerSchema, type OrderResult } from '#shared/wire/v1/terminals.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { getMetaNumber, setMeta } from '#terminal/agent/journal/meta.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import { addSetAside } from '#terminal/agent/uplink/set-aside.ts';

/**
 * Pulls what became of orders and writes it into the journal. The cursor moves in the same transaction as the facts,
 * so each result is applied exactly once, however often it is delivered.
 */
export async function pullResults(deps: {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  /** More facts for the same transaction, such as the receipt of a paid order. */
  readonly alongside: Alongside;
}): Promise<void> {
  const { journal, cloud } = deps;
  for (let page = 0; page < pagesMax; page += 1) {
    const after = getMetaNumber(journal.read, 'results-cursor');
    const answer = await cloud.call({
      method: 'GET',
      path: `/v1/results?after=${after}`,
      answer: ResultsAnswerSchema,
    });
    if (!answer.ok) return;
    for (const result of answer.value.results) {
      if (result.cursor <= getMetaNumber(journal.read, 'results-cursor')) continue;
      if (!applyResult(deps, result)) return;
    }
    if (!answer.value.more || answer.value.results.length === 0) return;
  }
}

/** More facts for the transaction that writes `facts` about an order. */
export type Alongside = (orderId: OrderId, facts: readonly EntryFact[]) => readonly EntryFact[];

const pagesMax = 1_000;

/** False when the disk refused: the result is pulled again later. */
function applyResult(
  { journal, alongside }: { readonly journal: Journal; readonly alongside: Alongside },
  result: OrderResult,
): boolean {
  const order = findOrder(journal.read, result.orderId as OrderId)?.order;
  const fact = order && factOfResult(order, result);
  const moveCursor = (tx: Parameters<typeof setMeta>[0]): void => {
    setMeta(tx, 'results-cursor', String(result.cursor));
    // The journal was lost after this sale, and the cloud has its money.
    if (!order && result.result === 'paid')
      addSetAside(tx, [
        { orderId: result.orderId, code: 'order-not-in-journal', sinceMs: result.atMs },
      ]);
    if (result.result === 'parked')
      addSetAside(tx, [
        {
          orderId: result.orderId,
          code: result.code ?? 'code-not-catalogued',
          sinceMs: result.atMs,
        },
      ]);
  };
  const facts = fact ? [fact] : [];
  const more = order ? alongside(order.orderId, facts) : [];
  const applied = journal.append([...facts, ...more], moveCursor);
  if (applied.ok) return true;
  if (applied.error.type !== 'fact-refused') return false;
  // The order has this result already, or cannot take it: the cursor passes, the order stays as it is. Money that the
  // till knows nothing of is never passed over in silence.
  return journal.append([], (tx) => {
    moveCursor(tx);
    if (order && contradictsTheTill(order, result))
      addSetAside(tx, [
        {
          orderId: result.orderId,
          // The money came late and went back by itself: told, so that nobody wonders about it.
          code: result.result === 'paid' ? 'proofs-contradict' : 'late-charge-refunded',
          sinceMs: result.atMs,
        },
      ]);
  }).ok;
}

/** A payment, or its way back, of an order that was paid otherwise meanwhile, in cash for example. */
function contradictsTheTill(order: Order, result: OrderResult): boolean {
  if (result.result === 'refunded-late')
    return tallyBucket(order.state) === 'cash' || tallyBucket(order.state) === 'settled';
  if (result.result !== 'paid') return false;
  const isKnown = ['paid', 'paid-then-refunded', 'manual'].includes(order.state);
  return !(isKnown && order.attempt === (result.attempt ?? order.attempt));
}

const chargeResults = new Set<OrderResult['result']>([
  'paid',
  'failed',
  'reversed',
  'refunded-late',
]);

const lossOf = ({ bearer, coveredFen = 0 }: OrderResult) =>
  bearer === undefined ? {} : { bearer, coveredFen };

/** The journal fact a result stands for; undefined when it is none. */
export function factOfResult(order: Order, result: OrderResult): EntryFact | undefined {
  const { orderId } = order;
  const attempt = { orderId, attempt: result.attempt ?? order.attempt };
  const code = result.code ?? 'code-not-catalogued';
  // A charge result for an order that was never charged contradicts this journal: people see it in the cloud.
  if (chargeResults.has(result.result) && attempt.attempt < 1) return undefined;
  switch (result.result) {
    case 'paid':
      return {
        type: 'charge.paid',
        body: {
          ...attempt,
          channel: result.channel ?? '',
          channelRef: result.channelRef ?? '',
          paidAtMs: result.atMs,
          ...(result.member === undefined ? {} : { member: result.member }),
        },
      };
    case 'failed':
      return { type: 'charge.failed', body: { ...attempt, code } };
    case 'reversed':
      return { type: 'charge.reversed', body: attempt };
    case 'refunded-late':
      return { type: 'charge.refunded-late', body: attempt };
    case 'settled':
      return {
        type: 'offline.settled',
        body: { orderId, voucherFen: result.voucherFen ?? 0, debitFen: result.debitFen ?? 0 },
      };
    case 'debit-failed':
      return { type: 'offline.debit-failed', body: { orderId, code, ...lossOf(result) } };
    case 'duplicate':
      return { type: 'offline.duplicate', body: { orderId, code, ...lossOf(result) } };
    case 'parked':
      return undefined;
    default:
      return exhaustive(result.result);
  }
}
