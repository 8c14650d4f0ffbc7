import type { Screen } from '#terminal/ipc/state.ts';
import { sampleOrderId } from './samples.ts';

/** One sale on the screens it can pass through, at one moment. */
export const nowMs = Date.UTC(2026, 10, 22, 6, 32, 7);
export const sale = { orderId: sampleOrderId('7Q2M'), amountFen: 3850 };
const receipt = { receipt: 'printed', pointsEstimateFen: 385 } as const;
export const waiting: Extract<Screen, { type: 'waiting' }> = {
  type: 'waiting',
  ...sale,
  wallet: 'wechat',
  phase: 'waiting-payer',
  sinceMs: nowMs - 14_000,
  deadlineMs: nowMs + 31_000,
  secondScan: false,
};
export const paid: Extract<Screen, { type: 'paid' }> = {
  type: 'paid',
  ...sale,
  voucherFen: 0,
  wallet: 'wechat',
  atMs: nowMs,
  ...receipt,
};
export const boxWaiting: Extract<Screen, { type: 'box-waiting' }> = {
  type: 'box-waiting',
  ...sale,
  voucherFen: 0,
  phase: 'at-box',
  sinceMs: nowMs - 14_000,
  sent: true,
  acknowledged: true,
  answered: false,
  queryCount: 0,
  mayLeave: false,
  secondScan: false,
};
export const boxPaid: Extract<Screen, { type: 'box-paid' }> = {
  type: 'box-paid',
  ...sale,
  voucherFen: 0,
  method: 'scan',
  boxRef: '20261122000123',
  atMs: nowMs,
  ...receipt,
};
export const offline = {
  online: false,
  offlineSinceMs: nowMs - 180_000,
  unsentCount: 3,
  unsentFen: 6600,
} as const;
/** The line is down and every device is gone: the fullest bar there is. */
export const nothingWorks = {
  ...offline,
  unsentCount: 128,
  devices: (['scanner', 'printer', 'drawer'] as const).map((role) => ({
    role,
    name: role,
    address: 'tcp',
    state: 'absent' as const,
  })),
};
