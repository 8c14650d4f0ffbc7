import { err } from '#shared/result/result.ts';
import { tenderedFenMax } from '#shared/tender/cash-limit.ts';
import { isWaiting } from '#terminal/agent/checkout/checkout-machine.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';
import { cashRecordedFact, type Sale } from '#terminal/agent/checkout/sale-facts.ts';

/**
 * Takes cash for the sale on screen. Errors: `result-not-known`, those of the preparation, `cash-short`,
 * `tendered-too-large`.
 */
export async function payCash(counter: Counter, tenderedFen: number): Promise<Outcome> {
  if (isWaiting(counter.screen.till())) return err('result-not-known');
  const prepared = await counter.prepare(true);
  if (!prepared.ok) return prepared;
  if (tenderedFen < prepared.value.dueFen) return err('cash-short');
  if (tenderedFen > tenderedFenMax(prepared.value.dueFen)) return err('tendered-too-large');
  return settleCash(counter, prepared.value, tenderedFen);
}

/** Writes a sale down as paid: in cash, or wholly by vouchers when nothing is due. */
export function settleCash(counter: Counter, sale: Sale, tenderedFen: number): Outcome {
  const { orderId } = sale;
  const jobs = counter.jobsFor(orderId, 'cash');
  const kept = counter.append([...sale.opening, cashRecordedFact(sale, tenderedFen), ...jobs]);
  if (!kept.ok) return kept;
  counter.held.forget();
  counter.vault.drop(orderId);
  counter.screen.show(orderId);
  return kept;
}
