import type { OrderId } from '#shared/ids/ids.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';

/** Facts for tests: one order that looks like any other. */
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** The order id of number `index`, 0..32^5. */
export function orderIdOf(index: number): OrderId {
  let rest = index;
  let tail = '';
  for (let digit = 0; digit < 5; digit += 1) {
    tail = crockford[rest % 32]! + tail;
    rest = Math.floor(rest / 32);
  }
  return `ord_01KAN7D5Q000000000000${tail}` as OrderId;
}

export const openedFact = (index: number, amountFen = 1_234): EntryFact => ({
  type: 'order.opened',
  body: {
    orderId: orderIdOf(index),
    amountFen,
    voucherFen: 0,
    concessionBp: 1_000,
    businessDate: '2026-11-22',
    cashier: '小王',
    claimToken: '0123456789ABCDEF',
  },
});

export const cashFact = (index: number, amountFen = 1_234): EntryFact => ({
  type: 'cash.recorded',
  body: { orderId: orderIdOf(index), dueFen: amountFen, tenderedFen: amountFen, changeFen: 0 },
});

export const submittedFact = (index: number, attempt = 1, amountFen = 1_234): EntryFact => ({
  type: 'charge.submitted',
  body: {
    orderId: orderIdOf(index),
    attempt,
    wallet: 'wechat',
    codeMask: '13****0001',
    codeHash: 'a'.repeat(64),
    amountFen,
  },
});
