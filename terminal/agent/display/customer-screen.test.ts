import { expect, test } from 'vitest';
import type { OrderId } from '#shared/ids/ids.ts';
import { createCustomerScreen, customerFace } from '#terminal/agent/display/customer-screen.ts';
import type { Screen, TillState } from '#terminal/ipc/state.ts';

const orderId = 'ord_01KAN7D5Q00000000000000001' as OrderId;
const sale = { orderId, amountFen: 1_250 };
const result = { ...sale, atMs: 1, receipt: 'sent', pointsEstimateFen: 0 } as const;

const tillWith = (screen: Screen, amountFen = 0): TillState => ({
  version: 1,
  draft: {
    amountFen,
    member: null,
    voucherFen: 0,
    useVoucher: true,
    coupon: null,
    pointsEstimateFen: 0,
  },
  screen,
  notice: null,
});

test.each<readonly [string, Screen, number, ReturnType<typeof customerFace>]>([
  ['nothing at rest', { type: 'ready' }, 0, null],
  [
    'the price while it is typed',
    { type: 'ready' },
    990,
    { kind: 'total', amountFen: 990 as never },
  ],
  [
    'the price while a payment is awaited',
    {
      type: 'waiting',
      ...sale,
      wallet: 'wechat',
      phase: 'unknown',
      sinceMs: 1,
      deadlineMs: 2,
      secondScan: false,
    },
    0,
    { kind: 'total', amountFen: 1_250 as never },
  ],
  [
    'what a channel took, without the part that vouchers covered',
    { type: 'paid', ...result, voucherFen: 250, wallet: 'wechat' },
    0,
    { kind: 'collect', amountFen: 1_000 as never },
  ],
  [
    'the change after cash',
    { type: 'cash', ...result, voucherFen: 0, tenderedFen: 2_000, changeFen: 750 },
    0,
    { kind: 'change', amountFen: 750 as never },
  ],
  [
    'an offline sale is not collected: its total',
    { type: 'offline-accepted', ...result, memberMask: '', remainingOfflineFen: 0 },
    0,
    { kind: 'total', amountFen: 1_250 as never },
  ],
  [
    'a sale that was not paid has still to be paid',
    { type: 'not-paid', ...sale, code: 'payer-declined', atMs: 1 },
    0,
    { kind: 'total', amountFen: 1_250 as never },
  ],
])('the customer sees %s', (_what, screen, typedFen, face) => {
  expect(customerFace(tillWith(screen, typedFen))).toEqual(face);
});

test('without a display nothing happens; with one each state is shown or cleared', () => {
  createCustomerScreen(() => undefined)(tillWith({ type: 'ready' }, 5));
  const told: unknown[] = [];
  const show = createCustomerScreen(() => ({
    address: '',
    start: () => undefined,
    stop: () => Promise.resolve(),
    show: (value) => told.push(value),
    clear: () => told.push('cleared'),
    test: () => ({ ok: true, value: undefined }),
    state: () => ({ type: 'offline', code: 'device-missing', sinceMs: 0 }),
    recentBytes: () => [],
  }));
  show(tillWith({ type: 'ready' }, 5));
  show(tillWith({ type: 'ready' }));
  expect(told).toEqual([{ kind: 'total', amountFen: 5 }, 'cleared']);
});
