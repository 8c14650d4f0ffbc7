import { afterEach, describe, expect, test } from 'vitest';
import { openTillBench, type TillBench } from '#terminal/agent/testing/till-bench.ts';
import { fastWorld } from '#terminal/agent/testing/fast-world.ts';

let bench: TillBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const wechat = (last: number): string => `13000000000000${String(last).padStart(4, '0')}`;

/** A member with 6.00 in vouchers stands at the counter. */
async function withMember(amountFen: number, options = {}): Promise<TillBench> {
  const here = (bench = await openTillBench(options));
  await here.ask('till.setAmount', { amountFen });
  expect(await here.ask('till.attachMember', { phone: '13800000001' })).toEqual({});
  return here;
}

async function failCharge(here: TillBench, code: string, last: number): Promise<string> {
  here.cloud.nextCharge({ status: 'failed', code });
  await here.ask('till.scan', { text: wechat(last) });
  const { orderId } = await here.screen('not-paid');
  here.cloud.nextCharge({ status: 'paid' });
  return orderId ?? '';
}

describe('vouchers of a sale that changes', () => {
  test('cash that was short, then another amount: asked anew under the same order id, nothing stays behind', async () => {
    const here = await withMember(2_000);
    expect(await here.ask('till.payCash', { tenderedFen: 100 })).toEqual({ refused: 'cash-short' });
    const [first] = here.cloud.vouchers.heldFor();
    await here.ask('till.setAmount', { amountFen: 800 });
    await here.ask('till.scan', { text: wechat(1) });
    expect(await here.screen('paid')).toMatchObject({ amountFen: 800, voucherFen: 400 });
    expect(here.cloud.vouchers.heldFor()).toEqual([first]);
    expect(here.cloud.bodies).toMatchObject([
      { orderId: first, amountFen: 800, voucherFen: 400, reservationId: 'rsv_2' },
    ]);
  });

  test('a failed charge, then another amount: a new order with its own reservation, the old one given back', async () => {
    const here = await withMember(2_000);
    const failed = await failCharge(here, 'payer-balance', 1);
    await here.ask('till.setAmount', { amountFen: 1_000 });
    await here.ask('till.scan', { text: wechat(2) });
    const paid = await here.screen('paid');
    expect(paid).toMatchObject({ amountFen: 1_000, voucherFen: 500 });
    expect(paid.orderId).not.toBe(failed);
    expect(here.cloud.vouchers.heldFor()).toEqual([paid.orderId]);
    expect(here.cloud.bodies.at(-1)).toMatchObject({ orderId: paid.orderId, voucherFen: 500 });
  });

  test('a failed charge and the same amount: the next attempt of the same order with the same reservation', async () => {
    const here = await withMember(2_000);
    const failed = await failCharge(here, 'payer-balance', 1);
    await here.ask('till.scan', { text: wechat(2) });
    expect(await here.screen('paid')).toMatchObject({ orderId: failed, voucherFen: 600 });
    expect(here.cloud.bodies).toMatchObject([
      { attempt: 1, reservationId: 'rsv_1' },
      { attempt: 2, reservationId: 'rsv_1' },
    ]);
  });

  test('a reservation that will not last through the charge is not used: the sale asks anew', async () => {
    const here = await withMember(2_000);
    here.cloud.vouchers.lifeMs(95_000);
    const failed = await failCharge(here, 'payer-balance', 1);
    here.cloud.vouchers.lifeMs(300_000);
    await here.ask('till.scan', { text: wechat(2) });
    const paid = await here.screen('paid');
    expect(paid).toMatchObject({ amountFen: 2_000, voucherFen: 600 });
    expect(paid.orderId).not.toBe(failed);
    expect(here.cloud.bodies.at(-1)).toMatchObject({ attempt: 1, reservationId: 'rsv_2' });
  });

  test('a reservation that the cloud refused is not tried again for ever', async () => {
    const here = await withMember(2_000);
    here.cloud.vouchers.lifeMs(1_000);
    await here.ask('till.scan', { text: wechat(1) });
    expect(await here.screen('not-paid')).toMatchObject({ code: 'voucher-reservation-invalid' });
    here.cloud.vouchers.lifeMs(300_000);
    await here.ask('till.scan', { text: wechat(2) });
    expect(await here.screen('paid')).toMatchObject({ voucherFen: 600 });
    expect(here.cloud.bodies).toHaveLength(1);
  });

  test('a cancelled sale gives its vouchers back when it leaves the screen', async () => {
    const here = await withMember(2_000, fastWorld(5));
    here.cloud.nextCharge({ status: 'paid', afterQueries: 999 });
    await here.ask('till.scan', { text: wechat(1) });
    await here.until('the payer is asked', () => here.cloud.bodies.length === 1);
    await here.ask('till.cancel', {});
    await here.screen('not-paid');
    expect(here.cloud.vouchers.heldFor()).toHaveLength(1);
    await here.ask('till.dismiss', {});
    await here.until('given back', () => here.cloud.vouchers.heldFor().length === 0);
  });

  test('vouchers of a cash sale are not given back: its order is on the way to the cloud', async () => {
    const here = await withMember(2_000);
    here.cloud.behave('journal', '500');
    await here.ask('till.payCash', { tenderedFen: 1_400 });
    const { orderId } = await here.screen('cash');
    await here.ask('till.dismiss', {});
    await here.ask('till.setAmount', { amountFen: 900 });
    await here.ask('till.attachMember', { phone: '13800000001' });
    await here.ask('till.payCash', { tenderedFen: 900 });
    expect(await here.till()).toMatchObject({ screen: { type: 'ready' } });
    expect(here.cloud.vouchers.heldFor()).toEqual([orderId]);
  });
});

describe('a member whose account is held', () => {
  test('the till says whom to ask, offers no voucher, and sells to him without; his sale is still his', async () => {
    const here = (bench = await openTillBench());
    here.cloud.freezeMember();
    await here.ask('till.setAmount', { amountFen: 2_000 });
    expect(await here.ask('till.attachMember', { phone: '13800000001' })).toEqual({});
    const till = await here.till();
    expect(till.notice?.code).toBe('member-frozen');
    expect(till.draft).toMatchObject({ member: { isFrozen: true, voucherTotalFen: 0 } });
    await here.ask('till.scan', { text: wechat(1) });
    const paid = await here.screen('paid');
    expect(paid).toMatchObject({ amountFen: 2_000, voucherFen: 0 });
    expect(here.cloud.vouchers.heldFor()).toEqual([]);
  });

  test('held between the look and the sale: the refusal is said in its own words, and nothing is charged', async () => {
    const here = await withMember(2_000);
    here.cloud.freezeMember();
    expect(await here.ask('till.payCash', { tenderedFen: 2_000 })).toEqual({
      refused: 'member-frozen',
    });
    await here.ask('till.useVoucher', { use: false });
    expect(await here.ask('till.payCash', { tenderedFen: 2_000 })).not.toHaveProperty('refused');
  });
});
