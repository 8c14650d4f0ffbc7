import { expect, test } from 'vitest';
import type { Screen, TillState } from '#terminal/ipc/state.ts';
import { emptyAmount, entryOfAmount } from '../input/amount-entry.ts';
import { call, freshDesk, type Desk, type DeskAction, type DeskEffect } from './desk.ts';
import { boxWaiting } from '../testing/sample-screens.ts';
import { act, adopt, shownScreen } from './desk-machine.ts';

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

const sale = { orderId: 'ord_0', amountFen: 3850 };
const waiting: Screen = {
  type: 'waiting',
  ...sale,
  wallet: 'wechat',
  phase: 'waiting-payer',
  sinceMs: 0,
  deadlineMs: 45_000,
  secondScan: false,
};
const paid: Screen = {
  type: 'paid',
  ...sale,
  voucherFen: 0,
  wallet: 'wechat',
  atMs: 9,
  receipt: 'sent',
  pointsEstimateFen: 385,
};

const promised: Screen = {
  type: 'promised',
  ...sale,
  kind: 'iou',
  who: '王阿姨',
  atMs: 9,
  receipt: 'sent',
  remainingFen: 0,
  remainingCount: 0,
};

const key = (digit: string): DeskAction => ({ type: 'amount-key', key: digit as '1' });
const press = (name: 'F2' | 'F3' | 'F5' | 'F6' | 'F7' | 'F9' | 'F10' | 'F12'): DeskAction => ({
  type: 'function',
  key: name,
});

function play(from: Desk, state: TillState, ...actions: readonly DeskAction[]) {
  const effects: DeskEffect[] = [];
  let desk = from;
  for (const action of actions) {
    const step = act(desk, state, action);
    desk = step.desk;
    effects.push(...step.effects);
  }
  return { desk, effects };
}

test('each digit tells the agent the whole amount', () => {
  const { effects } = play(freshDesk, till(), key('3'), key('8'), key('.'), key('5'));
  expect(effects).toEqual([
    call('till.setAmount', { amountFen: 300 }),
    call('till.setAmount', { amountFen: 3800 }),
    call('till.setAmount', { amountFen: 3850 }),
  ]);
});

test('a cash sale for exact money is two keys after the digits', () => {
  const at = till({ amountFen: 3800 });
  const { effects } = play(freshDesk, at, key('3'), key('8'), press('F9'), { type: 'enter' });
  expect(effects.at(-1)).toEqual(call('till.payCash', { tenderedFen: 3800 }));
});

test('cash below what is due is not sent, and cash is sent once', () => {
  const at = till({ amountFen: 3800 });
  const opened = play(freshDesk, at, key('3'), key('8'), press('F9'), key('2'), key('0'));
  expect(play(opened.desk, at, { type: 'enter' }).effects).toEqual([]);
  const more = play(opened.desk, at, key('0'), { type: 'enter' }, { type: 'enter' });
  expect(more.effects).toEqual([call('till.payCash', { tenderedFen: 20_000 })]);
});

test('vouchers lower what is due in cash', () => {
  const at = till({ amountFen: 3800, member, voucherFen: 500, useVoucher: true });
  const desk = play(freshDesk, at, key('3'), key('8'), press('F9')).desk;
  expect(play(desk, at, { type: 'enter' }).effects).toEqual([
    call('till.payCash', { tenderedFen: 3300 }),
  ]);
});

test('cash with no amount asks for one', () => {
  expect(play(freshDesk, till(), press('F9')).desk.notice).toBe('amount-not-positive');
  expect(play(freshDesk, till(), press('F9'), key('1')).desk.notice).toBeNull();
});

test('a scanner burst leaves the amount as it was', () => {
  const before = play(freshDesk, till(), key('3'), key('8')).desk;
  const { desk, effects } = play(
    before,
    till(),
    key('1'),
    { type: 'take-back' },
    {
      type: 'scan',
      text: '134567890123456789',
    },
  );
  expect(desk.entry).toEqual(before.entry);
  expect(effects).toEqual([
    call('till.setAmount', { amountFen: 38_100 }),
    call('till.setAmount', { amountFen: 3800 }),
    call('till.scan', { text: '134567890123456789' }),
  ]);
});

test('a scan goes to the agent from every screen and is kept nowhere', () => {
  const text = '281234567890123456';
  for (const screen of [{ type: 'ready' }, waiting, paid] as const) {
    const { desk, effects } = play({ ...freshDesk, page: 'orders' }, till({}, screen), {
      type: 'scan',
      text,
    });
    expect(effects).toEqual([call('till.scan', { text })]);
    expect(JSON.stringify(desk)).not.toContain(text);
    expect(desk.page).toBe('till');
  }
});

test('while waiting, Esc asks, Esc again goes on waiting, Enter cancels', () => {
  const at = till({ amountFen: 3850 }, waiting);
  const asked = play(freshDesk, at, { type: 'escape' });
  expect(asked).toMatchObject({ desk: { panel: { type: 'confirm-cancel' } }, effects: [] });
  expect(play(asked.desk, at, { type: 'escape' })).toMatchObject({
    desk: { panel: { type: 'none' } },
    effects: [],
  });
  expect(play(asked.desk, at, { type: 'enter' }).effects).toEqual([call('till.cancel', {})]);
});

test('while cancelling, Esc asks the agent to go on: only the agent knows whether it may', () => {
  const at = till({ amountFen: 3850 }, { ...waiting, phase: 'cancelling' });
  expect(play(freshDesk, at, { type: 'escape' }).effects).toEqual([call('till.dismiss', {})]);
});

test('while waiting, nothing but F5, Esc and a scan counts', () => {
  const at = till({ amountFen: 3850 }, waiting);
  const others = [key('1'), press('F9'), press('F2'), press('F12'), { type: 'enter' } as const];
  expect(play(freshDesk, at, ...others)).toEqual({ desk: freshDesk, effects: [] });
  expect(play(freshDesk, at, press('F5')).effects).toEqual([call('till.queryNow', {})]);
});

test('F6 takes the sale to the box: with an amount, also while a code waits for the line', () => {
  expect(play(freshDesk, till(), press('F6'))).toMatchObject({
    desk: { notice: 'amount-not-positive' },
    effects: [],
  });
  const typed = play(freshDesk, till({ amountFen: 800 }), key('8')).desk;
  expect(play(typed, till({ amountFen: 800 }), press('F6')).effects).toEqual([
    call('till.payBox', {}),
  ]);
  const held: Screen = { type: 'held', ...sale, wallet: 'alipay', untilMs: 1 };
  expect(play(freshDesk, till({}, held), press('F6')).effects).toEqual([call('till.payBox', {})]);
});

test('at the box nothing but F5, Esc and a scan counts, and Esc asks before it asks the box', () => {
  const at = till({ amountFen: 3850 }, boxWaiting);
  const others = [key('1'), press('F9'), press('F6'), press('F12'), { type: 'enter' } as const];
  expect(play(freshDesk, at, ...others)).toEqual({ desk: freshDesk, effects: [] });
  expect(play(freshDesk, at, press('F5')).effects).toEqual([call('till.queryNow', {})]);
  const asked = play(freshDesk, at, { type: 'escape' });
  expect(asked).toMatchObject({ desk: { panel: { type: 'confirm-cancel' } }, effects: [] });
  expect(adopt(asked.desk, at, true).panel).toEqual({ type: 'confirm-cancel' });
  expect(play(asked.desk, at, { type: 'enter' }).effects).toEqual([call('till.cancel', {})]);
  const leaving = till({}, { ...boxWaiting, phase: 'cancelling', mayLeave: true });
  expect(play(freshDesk, leaving, { type: 'escape' }).effects).toEqual([call('till.dismiss', {})]);
});

test('the question goes away when the result comes', () => {
  const asked = play(freshDesk, till({}, waiting), { type: 'escape' }).desk;
  expect(adopt(asked, till({}, paid), true).panel).toEqual({ type: 'none' });
});

test('a digit on a result starts the next sale at once, and the old result does not come back', () => {
  const before: Desk = { ...freshDesk, entry: { text: '38.5', overLimit: false } };
  const at = till({ amountFen: 3850 }, paid);
  const { desk, effects } = play(before, at, key('7'), key('2'));
  expect(effects).toEqual([
    call('till.dismiss', {}),
    call('till.setAmount', { amountFen: 700 }),
    call('till.setAmount', { amountFen: 7200 }),
  ]);
  expect(shownScreen(desk, at).type).toBe('ready');
  expect(shownScreen(desk, till({}, { ...paid, atMs: 10 })).type).toBe('paid');
});

test('a scan on a result never brings back the amount of the sale that is over', () => {
  const before: Desk = { ...freshDesk, entry: { text: '38.5', overLimit: false } };
  const { desk } = play(before, till({ amountFen: 3850 }, paid), key('1'), { type: 'take-back' });
  expect(desk.entry).toEqual(emptyAmount);
});

test('the agent wins over what was typed once nothing is under way', () => {
  const typed = play(freshDesk, till(), key('9')).desk;
  expect(adopt(typed, till({ amountFen: 0 }), false).entry.text).toBe('9');
  expect(adopt(typed, till({ amountFen: 0 }), true).entry.text).toBe('');
});

test('a digit chooses a drawer reason and only Enter opens: a scan cannot', () => {
  const chosen = play(freshDesk, till(), press('F7'), key('1'));
  expect(chosen.effects).toEqual([]);
  expect(play(chosen.desk, till(), { type: 'enter' }).effects).toEqual([
    call('drawer.open', { reason: '换零钱' }),
  ]);
  expect(play(chosen.desk, till(), { type: 'take-back' }, { type: 'enter' }).effects).toEqual([]);
});

test('a member is asked for once, with a whole phone number only', () => {
  const ten = Array.from('1380000000', key);
  const open = play(freshDesk, till(), press('F2'), ...ten);
  expect(play(open.desk, till(), { type: 'enter' }).effects).toEqual([]);
  const sent = play(open.desk, till(), key('1'), { type: 'enter' }, { type: 'enter' });
  expect(sent.effects).toEqual([call('till.attachMember', { phone: '13800000001' })]);
  expect(adopt(sent.desk, till({ member }), true).panel).toEqual({
    type: 'member',
    digits: '',
    asking: false,
  });
});

test('a new customer is registered with his consent only: Enter, or F2 with news of shops; other digits ask anew', () => {
  const phone = '13800000001';
  const asked = { type: 'member', digits: phone, asking: false, isNew: true } as const;
  const desk = { ...freshDesk, panel: asked };
  const sent = play(desk, till(), { type: 'enter' }, { type: 'enter' });
  expect(sent.effects).toEqual([call('till.attachMember', { phone, consent: { shops: false } })]);
  expect(play(desk, till(), press('F2')).effects).toEqual([
    call('till.attachMember', { phone, consent: { shops: true } }),
  ]);
  const other = play(desk, till(), { type: 'backspace' }, key('2'), { type: 'enter' });
  expect(other.effects).toEqual([call('till.attachMember', { phone: '13800000002' })]);
  expect(play(freshDesk, till(), { type: 'member-consent', shops: true }).effects).toEqual([]);
});

test('F3 without a member asks for one, with a member switches the vouchers', () => {
  expect(play(freshDesk, till(), press('F3')).desk.panel.type).toBe('member');
  expect(play(freshDesk, till({ member }), press('F3')).effects).toEqual([
    call('till.useVoucher', { use: true }),
  ]);
});

test('above the limit of one order the amount stands and the words say so', () => {
  const keys = Array.from('500000', key);
  const { desk } = play(freshDesk, till(), ...keys);
  expect(desk.entry.text).toBe('50000');
  expect(desk.notice).toBe('amount-over-limit');
});

test('held: Esc gives up without a question, because nothing was sent', () => {
  const held: Screen = { type: 'held', ...sale, wallet: 'alipay', untilMs: 1 };
  expect(play(freshDesk, till({}, held), { type: 'escape' }).effects).toEqual([
    call('till.cancel', {}),
  ]);
});

test('the first digit after a result starts a new amount, whichever way the screen was left', () => {
  const notPaid: Screen = { type: 'not-paid', ...sale, code: 'charge-not-received', atMs: 5 };
  const shown = till({ amountFen: 500 }, notPaid);
  const ready = till({ amountFen: 500 });
  const five = adopt({ ...freshDesk, entry: { text: '5', overLimit: false } }, shown, true);
  const ways: readonly (readonly DeskAction[])[] = [[{ type: 'enter' }], [{ type: 'escape' }], []];
  for (const way of ways) {
    const left = adopt(play(five, shown, ...way).desk, ready, true);
    expect(left.entry.text).toBe('5');
    const next = play(left, ready, key('1'));
    expect(next.effects).toEqual([call('till.setAmount', { amountFen: 100 })]);
    expect(play(next.desk, ready, key('2')).desk.entry.text).toBe('12');
    // A scanner's first digit is taken back, and the amount is still the old one.
    const back = play(left, ready, key('1'), { type: 'take-back' }).desk;
    expect([back.entry.text, back.isStale]).toEqual(['5', true]);
  }
});

test('cash far above what is due is refused with words and is not sent', () => {
  const at = till({ amountFen: 800 });
  const digits = Array.from('13456', key);
  const { desk, effects } = play(freshDesk, at, key('8'), press('F9'), ...digits, {
    type: 'enter',
  });
  expect(effects).toEqual([call('till.setAmount', { amountFen: 800 })]);
  expect([desk.notice, desk.panel.type]).toEqual(['tendered-too-large', 'cash']);
  expect(play(desk, at, { type: 'enter' }).effects).toEqual([]);
  expect(play(desk, at, { type: 'clear' }, key('9'), { type: 'enter' }).effects).toEqual([
    call('till.payCash', { tenderedFen: 900 }),
  ]);
});

test('a slow scan in the cash panel is a scan; in the amount it is cleared; a phone number is typing', () => {
  const at = till({ amountFen: 800 });
  const text = '134567890123456789';
  const cash = play(freshDesk, at, key('8'), press('F9'), key('1')).desk;
  expect(play(cash, at, { type: 'slow-scan', text }).effects).toEqual([
    call('till.scan', { text }),
  ]);
  const amount = play(freshDesk, at, key('8'), key('1')).desk;
  const cleared = play(amount, at, { type: 'slow-scan', text });
  expect(cleared.effects).toEqual([call('till.setAmount', { amountFen: 0 })]);
  expect(cleared.desk.notice).toBe('scan-unreadable');
  const phone = '13800000001';
  const asked = play(freshDesk, at, press('F2'), ...Array.from(phone, key)).desk;
  expect(play(asked, at, { type: 'slow-scan', text: phone }).effects).toEqual([
    call('till.attachMember', { phone }),
  ]);
});

test('F1 needs an amount, a second F1 takes the other kind, and Enter asks once', () => {
  const f1: DeskAction = { type: 'function', key: 'F1' };
  expect(act(freshDesk, till(), f1).desk.notice).toBe('amount-not-positive');
  const typed: Desk = { ...freshDesk, entry: entryOfAmount(3850) };
  const state = till({ amountFen: 3850 });
  const open = act(typed, state, f1).desk;
  expect(open.panel).toEqual({ type: 'promise', kind: 'iou', who: '', sent: false });
  const other = act(open, state, f1).desk;
  const named = act(other, state, { type: 'promise-who', text: ' 0001' }).desk;
  const asked = act(named, state, { type: 'enter' });
  expect(asked.effects).toEqual([call('till.payPromise', { kind: 'static-code', who: '0001' })]);
  expect(act(asked.desk, state, { type: 'enter' }).effects).toEqual([]);
  expect(adopt(asked.desk, till({}, promised), true).panel).toEqual({ type: 'none' });
});

test('while the amount on its way differs from the typed one nothing is promised', () => {
  const typed: Desk = { ...freshDesk, entry: entryOfAmount(3850) };
  const open = act(typed, till({ amountFen: 385 }), { type: 'function', key: 'F1' }).desk;
  expect(act(open, till({ amountFen: 385 }), { type: 'enter' }).effects).toEqual([]);
});
