import { expect, test } from 'vitest';
import { findOverflow, findSmallTargets } from './testing/page-checks.ts';
import { boxPaid, boxWaiting, nowMs, offline, sale } from './testing/sample-screens.ts';
import { sampleOrders, sampleStatus } from './testing/samples.ts';
import { describeWindow } from './testing/window-bench.ts';

const withBox = {
  ...offline,
  devices: [
    ...sampleStatus(nowMs).devices,
    {
      role: 'box-pos' as const,
      name: '刷卡盒子',
      address: 'serial /dev/ttyACM0',
      state: 'online' as const,
    },
  ],
};

/** So much of the room within the ring a number may take. */
const ringAirShare = 0.9;

describeWindow('the box POS in a browser', (w) => {
  test('an outage offers the box first, by key and by touch', async () => {
    w.host.till.setStatus(withBox);
    await w.typeSlowly('38.5');
    await w.sees('走盒子自己的流量');
    const first = await w.page.locator('.outage-step').first().textContent();
    expect(first).toContain('刷卡盒子');
    await w.page.locator('.outage-box .outage-button').click();
    await expect.poll(() => w.called('till.payBox')).toHaveLength(1);
    await w.page.keyboard.press('F6');
    await expect.poll(() => w.called('till.payBox')).toHaveLength(2);
  });

  test('a till without a box shows no key for it', async () => {
    w.host.till.setStatus(offline);
    await w.sees('网断了，还可以这样收');
    expect(await w.page.getByText('刷卡盒子').count()).toBe(0);
  });

  test('amber at the box: what to do there, how far it is, and Esc asks first', async () => {
    w.host.till.setStatus(withBox);
    w.host.till.show(boxWaiting);
    await w.sees('请在盒子上收款');
    await w.sees('盒子已收到');
    await w.sees('已等 14 秒');
    expect(await w.page.locator('.overlay-amber').count()).toBe(1);
    await w.page.keyboard.press('F5');
    await expect.poll(() => w.called('till.queryNow')).toHaveLength(1);
    await w.page.keyboard.press('Escape');
    await w.sees('请盒子取消这笔吗');
    expect(w.called('till.cancel')).toEqual([]);
    await w.page.keyboard.press('Enter');
    await expect.poll(() => w.called('till.cancel')).toHaveLength(1);
  });

  test('three digits of seconds stay within their ring', async () => {
    w.host.till.show({ ...boxWaiting, sinceMs: nowMs - 132_000 });
    await w.sees('已等 132 秒');
    const number = (await w.page.locator('.ring span').boundingBox())!;
    const ring = (await w.page.locator('.ring').boundingBox())!;
    // The ring's inner edge is at 58 of its 75 units; half of a digit's height is about a third of an em.
    const innerPx = (ring.width / 2) * (58 / 75);
    const emPx = await w.page
      .locator('.ring span')
      .evaluate((span) => parseFloat(getComputedStyle(span).fontSize));
    expect(Math.hypot(number.width / 2, emPx / 3)).toBeLessThan(innerPx * ringAirShare);
  });

  test('green only on the box’s word, with its number', async () => {
    w.host.till.show({ ...boxWaiting, phase: 'unknown', queryCount: 3, code: 'box-timeout' });
    await w.sees('还不知道盒子收到没有');
    await w.sees('查了 3 次');
    expect(await w.page.getByText('收款成功').count()).toBe(0);
    w.host.till.show(boxPaid);
    await w.sees('收款成功 · 刷卡盒子');
    await w.sees('20261122000123');
    expect(await w.page.locator('.overlay-green').count()).toBe(1);
  });

  test('the order shows the box’s number as its evidence', async () => {
    const [first, ...others] = sampleOrders(nowMs);
    const box = { boxRef: '20261122000123', method: 'card' as const };
    w.host.till.setOrders([{ ...first!, tender: 'box-pos', state: 'pos-paid', box }, ...others]);
    await w.page.keyboard.press('F5');
    await w.sees('盒子单号');
    await w.sees('20261122000123');
  });

  test('what the box cannot tell is decided by its slip: yes with its number, no with a second press', async () => {
    const [first, ...others] = sampleOrders(nowMs);
    w.host.till.setOrders([
      { ...first!, tender: 'box-pos', state: 'pos-unknown', bucket: 'pending' },
      ...others,
    ]);
    await w.page.keyboard.press('F5');
    await w.sees('看盒子小票');
    await w.page.getByText('没有，没收到').click();
    await w.sees('再点一次');
    expect(w.called('orders.decideBox')).toEqual([]);
    await w.page.getByLabel('小票上的单号').fill('000123');
    await w.page.getByText('小票上有，收到了').click();
    await expect
      .poll(() => w.called('orders.decideBox'))
      .toEqual([{ orderId: first!.orderId, boxRef: '000123' }]);
    await w.sees('盒子可以收下一笔了');
  });

  for (const size of [
    { width: 1366, height: 768 },
    { width: 1024, height: 768 },
  ])
    for (const language of ['zh', 'en'])
      test(`everything fits at ${size.width} in ${language}`, async () => {
        const page = await w.open(size, language);
        const check = async (what: string): Promise<void> => {
          await page.waitForTimeout(100);
          expect(await findOverflow(page), what).toEqual([]);
          expect(await findSmallTargets(page), what).toEqual([]);
        };
        w.host.till.setStatus(withBox);
        w.host.till.setDraft({ amountFen: sale.amountFen });
        await check('the outage');
        const screens = [
          boxWaiting,
          { ...boxWaiting, phase: 'unknown', code: 'box-amount-mismatch', secondScan: true },
          { ...boxWaiting, phase: 'cancelling', mayLeave: true, queryCount: 12 },
          boxPaid,
        ] as const;
        for (const screen of screens) {
          w.host.till.show(screen);
          await check(screen.type);
        }
        await page.close();
      });
});
