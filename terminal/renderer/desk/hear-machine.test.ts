import { expect, test } from 'vitest';
import type { Screen, TillState } from '#terminal/ipc/state.ts';
import { entryOfAmount } from '../input/amount-entry.ts';
import { paid, waiting } from '../testing/sample-screens.ts';
import { act } from './desk-machine.ts';
import { freshDesk, type Desk } from './desk.ts';
import { hear } from './hear-machine.ts';

const member = {
  memberId: 'mbr_0',
  phoneMask: '138****0001',
  pointsFen: 0,
  vouchers: [],
  voucherTotalFen: 500,
};

const till = (
  change: Partial<TillState['draft']> = {},
  screen: Screen = { type: 'ready' },
): TillState => ({
  version: 1,
  draft: {
    amountFen: 0,
    member: null,
    voucherFen: 0,
    useVoucher: false,
    coupon: null,
    pointsEstimateFen: 0,
    ...change,
  },
  screen,
  notice: null,
});

const line = { no: 1, name: '可乐', unit: '瓶', quantity: 2, priceFen: 275, sumFen: 550 } as const;
const withCola = till({ amountFen: 550, goods: { typedFen: 0, lines: [line] } });
const refused: Desk = { ...freshDesk, notice: 'amount-not-positive' };
const coupon = { offFen: 500, minimumFen: 1000, text: '满10减5', isMet: false };

test.each<[string, TillState, TillState]>([
  ['goods that the agent scanned', till(), withCola],
  [
    'one more of them',
    withCola,
    till({
      amountFen: 825,
      goods: { typedFen: 0, lines: [{ ...line, quantity: 3, sumFen: 825 }] },
    }),
  ],
  ['a member whose code the agent scanned', till(), till({ member })],
  ['a coupon', till(), till({ coupon })],
  ['an amount that was not typed here', till(), till({ amountFen: 300 })],
  ['the success', withCola, till({}, paid)],
  ['a sale that begins to wait', withCola, till({ amountFen: 550 }, waiting)],
  ['a result that the agent takes away', till({}, paid), till()],
  [
    'a newer word of the agent, which is said instead',
    till(),
    { ...till(), notice: { code: 'code-not-recognised', atMs: 5 } },
  ],
  [
    'the same word said again',
    { ...till(), notice: { code: 'code-not-recognised', atMs: 5 } },
    { ...till(), notice: { code: 'code-not-recognised', atMs: 6 } },
  ],
])('a refusal of the window ends with %s', (_name, before, now) => {
  expect(hear(refused, { before, now, settled: true }).notice).toBeNull();
});

test.each<[string, Desk, TillState, TillState]>([
  ['the same state again', refused, withCola, { ...withCola, version: 2 }],
  [
    'the echo of the digits before the refused one',
    { ...refused, entry: entryOfAmount(5_000_000) },
    till({ amountFen: 500_000 }),
    till({ amountFen: 5_000_000 }),
  ],
  ['an amount cleared here, and its coupon with it', refused, till({ coupon }), till()],
  [
    'what the waiting sale tells of its way',
    refused,
    till({}, waiting),
    till({}, { ...waiting, phase: 'unknown' }),
  ],
  [
    'the slip of the result that is shown',
    refused,
    till({}, paid),
    till({}, { ...paid, receipt: 'printed' }),
  ],
  [
    'a word that the agent takes back',
    refused,
    { ...till(), notice: { code: 'code-not-recognised', atMs: 5 } },
    till(),
  ],
])('a refusal of the window stays with %s', (_name, desk, before, now) => {
  expect(hear(desk, { before, now, settled: true }).notice).toBe('amount-not-positive');
});

test('a refusal stays while the agent follows to the screen the cashier is at already', () => {
  const left = act(freshDesk, till({}, paid), { type: 'enter' }).desk;
  const desk = act(left, till({}, paid), { type: 'enter' }).desk;
  expect(desk.notice).toBe('amount-not-positive');
  const next = hear(desk, { before: till({}, paid), now: till(), settled: false });
  expect(next.notice).toBe('amount-not-positive');
});
