import { expect, test } from 'vitest';
import { findOverflow } from './testing/page-checks.ts';
import { describeWindow, seenTimeoutMs } from './testing/window-bench.ts';

describeWindow('promotion credit', (w) => {
  const open = async (): Promise<void> => {
    await w.page
      .locator('button[class*="nav"], nav button')
      .filter({ hasText: /设备|Devices/ })
      .first()
      .click();
    await w.page
      .getByText(/^(推广积分|Promotion)$/)
      .last()
      .click();
    await w.page.locator('.promo-credit').waitFor({ timeout: seenTimeoutMs });
  };

  test('shows the owner what there is and what it buys, burns a price once, and answers another shop', async () => {
    await open();
    await w.sees('168.50');
    await w.sees('不能提现');
    const buy = w.page.getByRole('button', { name: '用 50.00 积分购买' });
    expect(await buy.isDisabled()).toBe(true);
    await w.page.getByLabel('消息推送 文案').fill('新到春茶，欢迎来品');
    await buy.click();
    await w.sees('118.50');
    await w.sees('已送达 0 / 300');
    expect(w.called('promotion.buy')).toMatchObject([
      { priceVersion: 3, details: { service: 'push-slot', text: '新到春茶，欢迎来品' } },
    ]);
    // Too dear for what is left.
    await w.page.getByLabel('会员页展示 文案').fill('手工面馆');
    expect(await w.page.getByRole('button', { name: '用 200.00 积分购买' }).isDisabled()).toBe(
      true,
    );
    await w.page.getByRole('button', { name: '同意' }).click();
    await expect.poll(() => w.called('promotion.answer')).toMatchObject([{ agrees: true }]);
  });

  test('a purchase whose answer was lost goes again under the same key', async () => {
    await open();
    await w.page.getByLabel('地图展示 文案').fill('人民路 8 号');
    w.host.till.refuseNext('promotion.buy', 'agent-restarting');
    const buy = w.page.getByRole('button', { name: '用 100.00 积分购买' });
    await buy.click();
    await expect.poll(() => w.called('promotion.buy').length).toBe(1);
    await buy.click();
    await w.sees('68.50');
    const keys = w.called('promotion.buy').map((input) => (input as { idemKey: string }).idemKey);
    expect(new Set(keys).size).toBe(1);
  });

  test('a coupon of which more than half is the discount cannot be bought', async () => {
    await open();
    await w.page.getByLabel('异业券 文案').fill('进店即可使用');
    await w.page.getByRole('button', { name: '街角花店' }).first().click();
    const buy = w.page.getByRole('button', { name: '用 30.00 积分购买' });
    expect(await buy.isDisabled()).toBe(false);
    await w.page.getByLabel('优惠（元）').fill('16');
    await w.sees('优惠不能超过最低消费的一半');
    expect(await buy.isDisabled()).toBe(true);
  });

  test('what one till may do with a campaign is the owner’s to say, and left out where he says nothing', async () => {
    await open();
    await w.page.getByLabel('异业券 文案').fill('进店即可使用');
    await w.page.getByRole('button', { name: '街角花店' }).first().click();
    const buy = w.page.getByRole('button', { name: '用 30.00 积分购买' });
    for (const wrong of ['0', '1.5', '100001', '多']) {
      await w.page.getByLabel('每台每天打印').fill(wrong);
      expect(await buy.isDisabled(), wrong).toBe(true);
    }
    await w.page.getByLabel('每台每天打印').fill('15');
    await w.page.getByLabel('每台待核实').fill('3');
    await buy.click();
    await expect
      .poll(() => w.called('promotion.buy'), { timeout: seenTimeoutMs })
      .toMatchObject([{ details: { limits: { printsTerminalDay: 15, unprovenTerminalMax: 3 } } }]);
    const [first] = w.called('promotion.buy') as { details: { limits: object } }[];
    expect(first!.details.limits).not.toHaveProperty('redemptionsTerminalDay');
    await w.page.getByLabel('异业券 文案').fill('第二次，不填上限');
    await w.page.getByRole('button', { name: '街角花店' }).first().click();
    await buy.click();
    await expect.poll(() => w.called('promotion.buy').length, { timeout: seenTimeoutMs }).toBe(2);
    const second = w.called('promotion.buy')[1] as { details: object };
    expect(second.details).not.toHaveProperty('limits');
  });

  test('without the PIN nothing is shown but why', async () => {
    w.host.till.refuseNext('promotion.get', 'owner-pin-not-set');
    await w.page
      .locator('button[class*="nav"], nav button')
      .filter({ hasText: '设备' })
      .first()
      .click();
    await w.page
      .getByText(/^推广积分$/)
      .last()
      .click();
    await w.sees('这里要店主密码');
    expect(await w.page.locator('.promo-credit').count()).toBe(0);
  });

  for (const language of ['zh', 'en'])
    for (const width of [1024, 1920])
      test(`fits its page in ${language} at ${width}`, async () => {
        await w.page.close();
        w.page = await w.open({ width, height: width === 1024 ? 768 : 1080 }, language);
        await open();
        expect(await findOverflow(w.page)).toEqual([]);
        const folder = process.env['PAGE_PICTURES'];
        if (folder) await w.page.screenshot({ path: `${folder}/promo-${language}-${width}.png` });
      });
});
