import { randomBytes } from 'node:crypto';
import { createTestJournal, type TestJournal } from '#cloud/platform/testing/test-terminal.ts';

/** The journal of a till that wrote its first entry. */
export function createTillJournal({
  reason = 'created',
  epoch,
}: { readonly reason?: string; readonly epoch?: string } = {}): TestJournal {
  const journal = createTestJournal(epoch);
  journal.append('store.opened', { reason, appVersion: '0.1.0' });
  return journal;
}

/** Opens an order of 10.00 at 10%, or of what `order` says; answers its claim token. */
export function openOrder(
  journal: TestJournal,
  order: {
    readonly orderId: string;
    readonly claimToken?: string;
    readonly [field: string]: unknown;
  },
): string {
  const claimToken = order.claimToken ?? randomBytes(8).toString('hex').toUpperCase();
  journal.append('order.opened', {
    amountFen: 1_000,
    voucherFen: 0,
    concessionBp: 1_000,
    businessDate: '2026-11-22',
    cashier: '小王',
    ...order,
    claimToken,
  });
  return claimToken;
}

/** Takes exactly what is due in cash. */
export const recordCash = (journal: TestJournal, orderId: string, dueFen = 1_000) =>
  journal.append('cash.recorded', { orderId, dueFen, tenderedFen: dueFen, changeFen: 0 });
