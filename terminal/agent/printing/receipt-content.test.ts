import { describe, expect, test } from 'vitest';
import type { ReceiptCommand } from '#drivers/printer/receipt/receipt.ts';
import { cutLines } from '#shared/goods/sale-lines.ts';
import { fen } from '#shared/money/fen.ts';
import type { Order } from '#shared/order/order.ts';
import { daySlipContent, testContent } from '#terminal/agent/printing/day-slip.ts';
import { receiptFrom } from '#terminal/agent/printing/receipt-content.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { applyFact } from '#shared/order/order-machine.ts';
import { defaultReceiptTemplate } from '#terminal/ipc/receipt-template-rules.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';

const place = { position: 1, seq: 1, wallMs: 1_795_400_000_000 };

function cashOrder(amountFen: number): Order {
  const opened = getOrThrow(applyFact(undefined, openedFact(1, amountFen), place));
  return getOrThrow(applyFact(opened, cashFact(1, amountFen), place));
}

const textsOf = (commands: readonly ReceiptCommand[]): readonly string[] =>
  commands.map((command) => {
    if (command.type === 'text') return command.text;
    if (command.type === 'columns') return command.columns.map(({ text }) => text).join(' ');
    return '';
  });

const receiptOf = (order: Order): readonly string[] =>
  textsOf(
    receiptFrom(defaultReceiptTemplate, {
      merchantName: '绿点小店',
      storeName: '一号店',
      storePhone: '',
      order,
      changedAtMs: place.wallMs,
      claimUrl: 'http://claim.test/0123456789ABCDEF',
      synced: true,
      copy: 1,
    }),
  );

describe('paper', () => {
  test('points are never cash: 预计积分 1.20 stands without a currency sign, money with one', () => {
    const lines = receiptOf(cashOrder(1_200));
    expect(lines).toContain('预计积分 1.20');
    expect(lines).toContain('应收 ￥12.00');
  });

  test('a coupon of the shop: the price, what came off, and what is due', () => {
    const texts = receiptOf({ ...cashOrder(2_000), couponFen: fen(500) });
    const from = texts.indexOf('原价 ￥25.00');
    expect(texts.slice(from, from + 3)).toEqual(['原价 ￥25.00', '优惠券 -￥5.00', '应收 ￥20.00']);
    expect(receiptOf(cashOrder(2_000)).join()).not.toContain('优惠券');
  });

  test('goods stand above the sum, each with its pieces, price and sum; what was typed beside them too', () => {
    const opened = getOrThrow(applyFact(undefined, openedFact(1, 1_300), place));
    const lines = [
      { code: '06901234567892', name: '可乐', unit: '瓶', quantity: 2, priceFen: 350 },
      { quantity: 1, priceFen: 600 },
    ];
    const [body] = cutLines(opened.orderId, lines);
    const withGoods = getOrThrow(applyFact(opened, { type: 'order.lines', body: body! }, place));
    const texts = receiptOf(getOrThrow(applyFact(withGoods, cashFact(1, 1_300), place)));
    const from = texts.indexOf('可乐');
    expect(texts.slice(from, from + 5)).toEqual([
      '可乐',
      '  2瓶 x 3.50 7.00',
      '手输金额 6.00',
      '',
      '应收 ￥13.00',
    ]);
  });

  test('a sale whose wallet named a member says so, masked, and has nothing to claim', () => {
    const member = { mask: '138****0001', tier: 2 };
    const texts = receiptOf({ ...cashOrder(2_000), namedMember: member });
    expect(texts).toContain('会员 138****0001 等级2');
    expect(texts.join()).not.toContain('扫码领取');
    expect(receiptOf(cashOrder(2_000)).join()).toContain('扫码领取');
  });

  test('no paper puts a currency sign beside points', () => {
    const today = {
      businessDate: '2026-11-22',
      settledFen: 1,
      settledVoucherFen: 1,
      cashFen: 2,
      offlineFen: 3,
      pendingFen: 4,
      turnoverFen: 10,
      orderCount: 4,
      takenCount: 3,
      couponFen: 5,
      couponCount: 2,
      noSaleCount: 3,
      noSales: [],
      byHour: [],
      byTender: [],
      promises: {
        iouFen: 5,
        staticCodeFen: 6,
        openCount: 2,
        keptFen: 7,
        keptCashFen: 7,
        keptCount: 1,
      },
      refunds: { channelFen: 0, cashFen: 0, boxSlipFen: 0, voucherFen: 0, count: 0, openFen: 0 },
      tomorrow: null,
      chainHead: '01234567',
      unsentCount: 0,
    };
    const slip = daySlipContent({ merchantName: '绿点小店', today, printedAtMs: place.wallMs });
    expect(textsOf(slip).join('\n')).toContain('其中券抵');
    expect(textsOf(slip)).toContain('优惠券2张 -￥0.05');
    expect(textsOf(slip).join('\n')).toMatch(
      /营业额.*￥0\.10[^]*赊账未收[^]*店码待核[^]*收回旧账/u,
    );
    const all = [...receiptOf(cashOrder(1_200)), ...textsOf([...slip, ...testContent(1)])];
    for (const line of all.filter((text) => text.includes('积分')))
      expect(line).not.toMatch(/[￥¥$元]/);
  });
});
