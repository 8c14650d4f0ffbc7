import { expect, test } from 'vitest';
import type { TillState } from '#terminal/ipc/state.ts';
import { act } from './desk-machine.ts';
import { freshDesk, type Desk } from './desk.ts';

const till: TillState = {
  version: 1,
  draft: {
    amountFen: 0,
    member: null,
    voucherFen: 0,
    useVoucher: false,
    coupon: null,
    pointsEstimateFen: 0,
  },
  screen: { type: 'ready' },
  notice: null,
};
const code = { type: 'scan', text: '134512345678901234' } as const;
const onDevices: Desk = { ...freshDesk, page: 'device', openDevice: 'scanner' };

test('a scan leads to the till, but not while a scanner is tried; the agent hears of both', () => {
  const sold = act(onDevices, till, code);
  expect(sold.desk.page).toBe('till');
  const trying = act(onDevices, till, { type: 'try-scanner', isTrying: true }).desk;
  const tried = act(trying, till, code);
  expect(tried.desk.page).toBe('device');
  expect(tried.effects).toEqual(sold.effects);
  const over = act(tried.desk, till, { type: 'try-scanner', isTrying: false }).desk;
  expect(act(over, till, code).desk.page).toBe('till');
});

test('a trial is noted whatever the till shows', () => {
  const waiting = { ...till, screen: { type: 'held' } } as unknown as TillState;
  const trying = act(onDevices, waiting, { type: 'try-scanner', isTrying: true });
  expect(trying).toEqual({ desk: { ...onDevices, isTryingScanner: true }, effects: [] });
});

test('Esc leads from one device, from adding one and from the receipts back to the devices, then to the till', () => {
  for (const page of ['device', 'bind', 'receipt'] as const) {
    const back = act({ ...freshDesk, page }, till, { type: 'escape' }).desk;
    expect(back.page).toBe('devices');
    expect(act(back, till, { type: 'escape' }).desk.page).toBe('till');
  }
});

test('digits typed on the pages of devices are no amount', () => {
  for (const page of ['devices', 'device', 'bind'] as const)
    expect(act({ ...freshDesk, page }, till, { type: 'amount-key', key: '7' }).effects).toEqual([]);
});
