import { expect, test } from 'vitest';
import { findOverflow, findSmallTargets, watchLongTasks } from './testing/page-checks.ts';
import { nothingWorks, nowMs, offline, paid, waiting } from './testing/sample-screens.ts';
import { sampleOrderId, sampleToday } from './testing/samples.ts';
import { startScriptedCounter } from './testing/scripted-counter.ts';
import { describeWindow } from './testing/window-bench.ts';

describeWindow('lists, sums, devices and the counter in a browser', (w) => {
  test('orders: search, filter, detail and reprint', async () => {
    await w.page.keyboard.press('F5');
    await w.sees('7Q2M');
    await w.page.locator('.filter').nth(3).click();
    await expect.poll(() => w.page.locator('.order-row:not(.order-head)').count()).toBe(1);
    await w.page.locator('.order-row:not(.order-head)').first().click();
    await w.sees('补打小票');
    await w.page.locator('.order-detail .button-solid').click();
    await expect
      .poll(() => w.called('orders.reprint'))
      .toEqual([{ orderId: sampleOrderId('9B0T') }]);
    await w.page.locator('.filter').nth(0).click();
    await w.page.locator('.search input').fill('2wrc');
    await w.sees('¥104.50');
    await expect.poll(() => w.page.locator('.order-row:not(.order-head)').count()).toBe(1);
  });

  test('today: four sums, their total, charts with figures, tomorrow, exceptions', async () => {
    w.host.till.setExceptions([
      { orderId: sampleOrderId('9B0T'), code: 'code-used-before', amountFen: 3800, sinceMs: nowMs },
    ]);
    await w.page.keyboard.press('F10');
    for (const text of [
      '¥2,577.60',
      '¥268.90',
      '¥38.00',
      '¥0.00',
      '¥2,884.50',
      '¥2,062.08',
      '4F1C90A7',
      '1 件要处理',
      '其中券抵 ¥40.00',
    ])
      await w.sees(text);
    expect(await w.page.locator('.chart svg[role=img]').count()).toBe(1);
    expect(await w.page.locator('.only-read li').count()).toBe(7);
    await w.page.getByText('打印日结小票').click();
    await expect.poll(() => w.called('today.printSlip')).toHaveLength(1);
  });

  test('a day of refunds and promises leaves room for what is to be settled, and for the word that nothing is', async () => {
    w.host.till.setToday({
      refunds: { ...sampleToday.refunds, channelFen: 1_200, count: 1 },
      promises: { ...sampleToday.promises, keptFen: 3_850, keptCashFen: 3_850, keptCount: 1 },
    });
    await w.page.keyboard.press('F10');
    await w.sees('今天收回 ¥38.50');
    const isCut = (selector: string): Promise<boolean> =>
      w.page.evaluate((what) => {
        const bottom = document.querySelector('.exceptions')?.getBoundingClientRect().bottom ?? 0;
        const rows = [...document.querySelectorAll(`.exceptions ${what}`)];
        return rows.length === 0 || rows.some((row) => row.getBoundingClientRect().bottom > bottom);
      }, selector);
    await w.sees('没有要处理的');
    expect(await isCut('.label')).toBe(false);
    w.host.till.setExceptions([
      { orderId: sampleOrderId('9B0T'), code: 'code-used-before', amountFen: 3800, sinceMs: nowMs },
    ]);
    await w.sees('1 件要处理');
    expect(await isCut('li')).toBe(false);
  });

  test.each(['zh', 'en'])(
    'two things to be settled, one of them a promise, are whole in a low window: %s',
    async (language) => {
      w.host.till.setExceptions([
        {
          orderId: '',
          code: 'owner-pin-first-set',
          amountFen: 0,
          sinceMs: nowMs,
          actions: ['seen'],
        },
        {
          orderId: sampleOrderId('7Q2M'),
          code: 'promise-open',
          amountFen: 3850,
          sinceMs: nowMs,
          promise: { kind: 'iou', who: '王阿姨' },
        },
      ]);
      const page = await w.open({ width: 1366, height: 768 }, language);
      await page.keyboard.press('F10');
      const card = page.locator('.exceptions');
      await card.locator('li').nth(1).waitFor();
      expect(await card.evaluate((one) => one.scrollHeight - one.clientHeight)).toBeLessThan(1);
      expect(await findOverflow(page)).toEqual([]);
      await page.close();
    },
  );

  test('what is to be settled names its paper or its order, and tomorrow is one sum everywhere', async () => {
    w.host.till.setExceptions([
      {
        orderId: sampleOrderId('9B0T'),
        code: 'receipt-unconfirmed',
        amountFen: 3800,
        sinceMs: nowMs,
        paper: 'receipt',
      },
      { orderId: '', code: 'receipt-unconfirmed', amountFen: 0, sinceMs: nowMs, paper: 'test' },
      { orderId: '', code: 'terminal-revoked', amountFen: 0, sinceMs: nowMs },
    ]);
    const tomorrow = w.page.locator('.strip-value').last();
    await expect.poll(() => tomorrow.innerText()).toContain('¥');
    const strip = await tomorrow.innerText();
    await w.page.keyboard.press('F10');
    await w.sees('测试小票');
    const rows = w.page.locator('.exceptions li');
    expect(await rows.allInnerTexts()).toEqual([
      expect.stringContaining('¥38.00'),
      expect.stringContaining('测试小票'),
      expect.stringContaining('收银机'),
    ]);
    expect(await w.page.locator('.exceptions').innerText()).not.toContain('¥0.00');
    expect(await w.page.locator('.exceptions button').count()).toBe(1);
    expect(await w.page.locator('.today-right h2 b').first().innerText()).toBe(strip);
  });

  test('a row is dealt with: in the own words of a person, or with one press; it stays listed', async () => {
    const row = { amountFen: 3800, sinceMs: nowMs };
    w.host.till.setExceptions([
      {
        ...row,
        key: 'order:1:debit-failed',
        orderId: sampleOrderId('9B0T'),
        code: 'withholding-failed',
        actions: ['acknowledged'],
      },
      {
        ...row,
        key: 'print:1',
        orderId: '',
        code: 'receipt-unconfirmed',
        paper: 'day-slip',
        actions: ['seen', 'reprinted'],
      },
      { ...row, key: 'till:1', orderId: '', code: 'clock-skewed' },
    ]);
    await w.page.keyboard.press('F10');
    const rows = w.page.locator('.exceptions > ul > li');
    await expect.poll(() => rows.count()).toBe(3);
    expect(await rows.nth(2).innerText()).toContain('有结果会自己消失');
    await rows.nth(1).getByText('纸出来了，没问题').click();
    await expect.poll(() => rows.count()).toBe(2);
    await rows.nth(0).getByText('处理好了').click();
    const save = rows.nth(0).getByText('记下');
    expect(await save.isDisabled()).toBe(true);
    await rows.nth(0).locator('input').fill('顾客明天来付');
    expect(await findOverflow(w.page)).toEqual([]);
    expect(await findSmallTargets(w.page)).toEqual([]);
    await save.click();
    await expect
      .poll(() => w.called('exceptions.resolve'))
      .toEqual([
        { key: 'print:1', action: 'seen', note: '' },
        { key: 'order:1:debit-failed', action: 'acknowledged', note: '顾客明天来付' },
      ]);
    await w.sees('已处理 2 件');
    await w.page.getByText('已处理 2 件').click();
    const handled = await w.page.locator('.handled').innerText();
    expect(handled).toContain('王姐');
    expect(handled).toContain('处理好了 · 顾客明天来付');
    expect(await findSmallTargets(w.page)).toEqual([]);
  });

  test('a till without an identity says so instead of looking ready', async () => {
    w.host.till.setStatus({ ...offline, problem: { code: 'agent-not-activated' } });
    await w.sees('这台收银机还没有激活');
    const said = await w.page.locator('.till-card').innerText();
    expect(said).not.toMatch(/还可以这样收|先输金额/);
    expect(await findOverflow(w.page)).toEqual([]);
  });

  test('an offline deadline that is over is not told; one that comes is', async () => {
    const room = {
      perPaymentFen: 5000,
      remainingFen: 42_000,
      totalFen: 50_000,
      remainingCount: 28,
      perMemberFen: 10_000,
      perMemberCount: 3,
    };
    w.host.till.setStatus({ ...offline, offline: { ...room, closesAtMs: nowMs + 7_200_000 } });
    await w.sees('还可用 2 小时');
    await w.sees('28 笔');
    await w.sees('每人 ≤ ¥100、3 次，未到账');
    expect(await findOverflow(w.page)).toEqual([]);
    w.host.till.setStatus({ ...offline, offline: { ...room, closesAtMs: nowMs - 1 } });
    await w.page.getByText('还可用').waitFor({ state: 'detached' });
    const used = { ...room, remainingCount: 0, closesAtMs: nowMs + 7_200_000 };
    w.host.till.setStatus({ ...offline, offline: used });
    await w.sees('用完了');
  });

  test('a device that is not there gets one piece of advice', async () => {
    w.host.till.setStatus({
      devices: [
        { role: 'printer', name: '80', address: 'tcp', state: 'absent', code: 'device-missing' },
      ],
    });
    await w.page.locator('.chip-button.chip-amber').click();
    await w.page.locator('.advice').waitFor();
    expect(await w.page.locator('.advice p').count()).toBe(1);
  });

  test('a device in trouble shows its chip, and the chip opens it with what to do', async () => {
    w.host.till.setStatus({
      devices: [{ role: 'printer', name: '80', address: 'tcp', state: 'paper-out', confidence: 2 }],
    });
    await w.page.locator('.chip-button.chip-amber').click();
    await w.sees('换一卷纸');
    await w.page.locator('.device-test button').click();
    await expect.poll(() => w.called('devices.test')).toEqual([{ role: 'printer' }]);
    w.host.till.setStatus(nothingWorks);
    await w.page.locator('.chip-button.chip-amber', { hasText: '没有接上' }).waitFor();
  });

  test('the language switch is remembered', async () => {
    await w.page.locator('.bar-language').click();
    await w.sees('This sale');
    expect(await w.page.evaluate(() => document.documentElement.lang)).toBe('en');
    expect(await w.page.evaluate(() => localStorage.getItem('greentill.preferences'))).toContain(
      'en',
    );
  });

  test('a long task that is planted is found: work, and not the wait of a busy machine', async () => {
    const longTasks = await watchLongTasks(w.page);
    await w.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          setTimeout(() => {
            let sum = 0;
            for (let index = 0; index < 400_000_000; index += 1) sum += index % 7;
            resolve(sum);
          }, 0);
        }),
    );
    expect(await longTasks()).not.toEqual([]);
  });

  test('typing, scanning and results cause no long task', async () => {
    const longTasks = await watchLongTasks(w.page);
    await w.typeSlowly('38.5');
    w.host.till.show(waiting);
    await w.sees('等顾客输密码');
    w.host.till.show(paid);
    await w.sees('收款成功');
    await w.page.keyboard.press('Enter');
    await w.page.keyboard.press('F10');
    await w.sees('每小时收款');
    await w.page.keyboard.press('F5');
    await w.sees('7Q2M');
    expect(await longTasks()).toEqual([]);
  });

  test.each([
    [1024, 768, 'zh'],
    [1024, 768, 'en'],
    [1366, 768, 'zh'],
    [1366, 768, 'en'],
    [1920, 1080, 'zh'],
    [1920, 1080, 'en'],
  ])(
    'at %ix%i in %s nothing is cut off and every target is big enough',
    async (width, height, language) => {
      await w.page.close();
      w.page = await w.open({ width, height }, language);
      const fits = async (what: string): Promise<void> => {
        await w.page.evaluate(() => document.fonts.ready);
        expect(await findOverflow(w.page), `${what} overflows`).toEqual([]);
        expect(await findSmallTargets(w.page), `${what} has small targets`).toEqual([]);
      };
      await w.typeSlowly('12345.67');
      await expect.poll(() => w.host.till.state().draft.amountFen).toBe(1_234_567);
      await fits('till');
      await w.page.keyboard.press('F9');
      await w.typeSlowly('20000');
      await w.page.locator('.cash-change').waitFor();
      await fits('cash');
      await w.page.keyboard.press('F2');
      await w.typeSlowly('138');
      await fits('member entry');
      await w.page.keyboard.press('F7');
      await fits('drawer');
      w.host.till.setStatus(offline);
      await w.page.keyboard.press('Escape');
      await w.page.locator('.outage').waitFor();
      await fits('outage');
      w.host.till.setStatus(nothingWorks);
      await expect.poll(() => w.page.locator('.chip-button.chip-amber').count()).toBe(3);
      await fits('outage with every device missing');
      for (const screen of [
        waiting,
        { ...waiting, phase: 'unknown', secondScan: true } as const,
        paid,
      ]) {
        w.host.till.show({ ...screen, amountFen: 5_000_000 });
        await w.page.locator('.overlay').waitFor();
        await fits(screen.type);
      }
      await w.page.keyboard.press('Enter');
      for (const [index, name] of ['orders', 'today', 'devices'].entries()) {
        await w.page
          .locator('.tab')
          .nth(index + 1)
          .click();
        await w.page.locator(`.${name}`).waitFor();
        await fits(name);
      }
    },
  );

  test('the virtual counter shows codes, flips switches and tells the demo host', async () => {
    const counter = await startScriptedCounter({
      rendererFolder: w.rendererFolder,
      tillUrl: w.host.url,
      paper: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 384 200"/>',
    });
    const side = await w.browser.newPage();
    await side.goto(counter.url);
    const link = side.locator('.counter-till');
    for (const viewport of [
      { width: 1366, height: 768 },
      { width: 1600, height: 1000 },
    ]) {
      await side.setViewportSize(viewport);
      await link.waitFor();
      const { y = 999, height = 0 } = (await link.boundingBox()) ?? {};
      expect(y + height).toBeLessThan(200);
    }
    await side.setViewportSize({ width: 1920, height: 1080 });
    const till = await side.locator('.counter-frame').boundingBox();
    expect(till!.x + till!.width).toBeLessThanOrEqual(1920);
    await side.setViewportSize({ width: 1366, height: 768 });
    await side.getByText('一直不付').click();
    await side.locator('.counter-alipay').click();
    await side.getByText('出示会员码').first().click();
    await side.locator('.counter-switch').first().click();
    await expect.poll(() => counter.state().switches.network).toBe(false);
    expect(counter.scans).toEqual([
      { kind: 'alipay', outcome: 'never-pays' },
      { kind: 'member', text: '13800000001' },
    ]);
    await side.getByRole('img', { name: '客显 38.50 总计' }).waitFor();
    await side.getByRole('region', { name: '刷卡盒子' }).getByText('¥38.50').waitFor();
    await side.getByRole('button', { name: '刷卡付' }).click();
    await side.getByRole('button', { name: '重新开机' }).click();
    await expect.poll(() => counter.boxActs).toEqual(['pay-card', 'power']);
    await side.close();
    await counter.close();
  });
});
