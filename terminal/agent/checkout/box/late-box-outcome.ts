import type { BoxLateOutcome } from '#drivers/ecr/box-pos.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import { attemptOfNo, paidFact } from '#terminal/agent/checkout/box/box-decisions.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { findOrder } from '#terminal/agent/journal/order-rows.ts';
import { addSetAside } from '#terminal/agent/uplink/set-aside.ts';

/**
 * Keeps what the box told late of an attempt that was over: a yes after a no. The journal takes it where the order can
 * (it becomes `manual`), else it stands among the exceptions: money is never passed over in silence. A late no changes
 * nothing. False when the disk refused: tell it again.
 */
export function keepLateOutcome(
  { journal, clock }: { readonly journal: Journal; readonly clock: Clock },
  { merchantOrderNo, outcome }: BoxLateOutcome,
): boolean {
  if (outcome.type !== 'approved') return true;
  const attempt = attemptOfNo(merchantOrderNo ?? '');
  const order = attempt && findOrder(journal.read, attempt.orderId)?.order;
  const { tender } = order ?? {};
  const isKnown = tender?.type === 'box-pos' && tender.boxRef === outcome.evidence.boxRef;
  if (isKnown && order?.attempt === attempt?.attempt) return true;
  const nowMs = clock.nowMs();
  const facts: readonly EntryFact[] =
    order && attempt ? [paidFact(attempt, { outcome, openedAtMs: order.openedAtMs, nowMs })] : [];
  const kept = facts.length > 0 ? journal.append(facts) : undefined;
  if (kept?.ok) return true;
  if (kept && kept.error.type !== 'fact-refused') return false;
  const row = { orderId: order?.orderId ?? '', code: 'proofs-contradict', sinceMs: nowMs };
  return journal.append([], (tx) => addSetAside(tx, [row])).ok;
}
