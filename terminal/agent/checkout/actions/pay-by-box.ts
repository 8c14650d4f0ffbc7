import type { BoxPos } from '#drivers/ecr/box-pos.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { attemptMax, outTradeNo } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { noteBoxOfSale } from '#terminal/agent/checkout/box/box-of-sale.ts';
import { isWaiting } from '#terminal/agent/checkout/checkout-machine.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';
import { settleCash } from '#terminal/agent/checkout/actions/pay-cash.ts';
import type { Sale } from '#terminal/agent/checkout/sale-facts.ts';
import { ordersIn } from '#terminal/agent/journal/order-rows.ts';

/**
 * Takes the sale on screen to the box POS, which has a mobile line of its own: works while the shop's line is down.
 * Vouchers are used as with cash: set aside by the cloud beforehand, so only while the line is up; else it is refused
 * in words instead of taking more than the screen says. Errors, in order: `result-not-known`, `box-missing`, why the
 * box takes nothing now, those of the preparation, `attempts-exhausted`, the disk's.
 */
export async function payByBox(counter: Counter): Promise<Outcome> {
  if (isWaiting(counter.screen.till())) return err('result-not-known');
  const before = freeBox(counter);
  if (!before.ok) return before;
  const prepared = await counter.prepare(true);
  if (!prepared.ok) return prepared;
  const sale = prepared.value;
  if (sale.dueFen === 0) return settleCash(counter, sale, 0);
  if (sale.lastAttempt >= attemptMax) return err('attempts-exhausted');
  // Vouchers took a moment to be set aside: the box may have gone meanwhile.
  const box = freeBox(counter);
  return box.ok ? send(counter, sale, box.value) : box;
}

/** The box, when it is there and nothing is at it. Nothing is written for a box that takes no sale. */
function freeBox({ boxPos, journal }: Counter): Result<BoxPos, ErrorCode> {
  const box = boxPos();
  if (!box) return err('box-missing');
  const { state, code, link } = box.status();
  if (link.type === 'offline') return err(link.code);
  if (state === 'offline') return err(code ?? 'box-silent');
  if (state === 'busy') return err('box-busy');
  // Also an attempt of an earlier run, of which the box has not been asked yet.
  const isInDoubt = ordersIn(journal.read, ['pos-sent', 'pos-unknown']).length > 0;
  return state === 'blocked' || isInDoubt ? err('box-blocked') : ok(box);
}

/** Durable first, then the wire. */
function send(counter: Counter, sale: Sale, box: BoxPos): Outcome {
  const { orderId, dueFen } = sale;
  const attempt = sale.lastAttempt + 1;
  const body = { orderId, attempt, amountFen: dueFen, protocol: box.protocol };
  const kept = counter.append([...sale.opening, { type: 'pos.sent', body }], (tx) =>
    noteBoxOfSale(tx, outTradeNo(orderId, attempt), box),
  );
  if (!kept.ok) return kept;
  counter.held.forget();
  counter.vault.drop(orderId);
  counter.boxRunner.submit(orderId);
  counter.screen.show(orderId);
  return kept;
}
