import { expect, test } from 'vitest';
import type { Screen } from '#terminal/ipc/state.ts';
import { zh } from '../i18n/zh.ts';
import { announcementKey, announcementOf } from './announcement.ts';

const amount = (amountFen: number) => String(amountFen);
const sale = { orderId: 'ord_0', amountFen: 3850 };
const receipt = { receipt: 'sent', pointsEstimateFen: 385 } as const;
const say = (screen: Screen) => announcementOf(screen, zh, amount);
const paid: Screen = {
  type: 'paid',
  ...sale,
  voucherFen: 0,
  wallet: 'wechat',
  atMs: 7,
  ...receipt,
};

test('only a paid screen says 收款成功', () => {
  const offline: Screen = {
    type: 'offline-accepted',
    ...sale,
    memberMask: '138****0001',
    atMs: 7,
    receipt: 'sent',
    remainingOfflineFen: 0,
  };
  const failed: Screen = { type: 'not-paid', amountFen: 3850, code: 'amount-over-limit', atMs: 7 };
  expect(say(paid)).toEqual({ tone: 'good', text: '微信支付收款成功，3850元' });
  expect(say(offline)?.tone).toBe('amber');
  expect(say(offline)?.text).toContain('还没有到账');
  expect(say(failed)).toEqual({ tone: 'bad', text: '没有收到钱' });
  expect([offline, failed].some((screen) => say(screen)?.text.includes('收款成功'))).toBe(false);
});

test('cash says the change', () => {
  const cash = { type: 'cash', ...sale, voucherFen: 0, atMs: 7, ...receipt } as const;
  const sayCash = (tenderedFen: number, changeFen: number) =>
    announcementOf({ ...cash, tenderedFen, changeFen }, zh, amount)?.text;
  expect(sayCash(5000, 1150)).toBe('现金5000元，找零1150元');
  expect(sayCash(3850, 0)).toBe('现金3850元，刚好');
});

test('a receipt that moves on does not announce the sale again', () => {
  expect(announcementKey({ ...paid, receipt: 'printed' })).toBe(announcementKey(paid));
});
