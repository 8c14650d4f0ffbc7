import { expect, test } from 'vitest';
import type { ProbeAnswer } from '#terminal/ipc/devices.ts';
import { fiveDevices, fiveTroubles, pluggedIn } from './testing/sample-devices.ts';
import { findOverflow, findSmallTargets } from './testing/page-checks.ts';
import { nothingWorks, nowMs } from './testing/sample-screens.ts';
import { describeWindow, type WindowBench } from './testing/window-bench.ts';

const code = '134567890123456789';

const open = async (w: WindowBench): Promise<void> => {
  await w.page.locator('.tab').nth(3).click();
  await w.page.locator('.add-card').waitFor();
};
const press = (w: WindowBench, name: string): Promise<void> =>
  w.page.getByRole('button', { name, exact: true }).click();
const card = (w: WindowBench, name: string) => w.page.getByRole('region', { name, exact: true });
/** A code at the pace of a keyboard scanner, at whatever has the focus. */
const wedge = (w: WindowBench): Promise<void> =>
  w.page.evaluate((keys) => {
    const strokes = [...Array.from(keys, (key) => [key, `Digit${key}`]), ['Enter', 'Enter']];
    for (const [key, name] of strokes) {
      const stroke = { key: key!, code: name!, cancelable: true, bubbles: true };
      const event = new KeyboardEvent('keydown', stroke);
      (document.activeElement ?? document.body).dispatchEvent(event);
    }
  }, code);

describeWindow('the devices screen in a browser', (w) => {
  test('each device says how it stands, what that proves and what to do, in words and by a sign', async () => {
    w.host.till.setStatus({ devices: fiveTroubles.map(([view]) => view) });
    for (const [view, known] of fiveTroubles) w.host.till.devices.set(view.role, known);
    await open(w);
    expect(await w.page.locator('.device-head').count()).toBe(5);
    for (const [name, ...texts] of [
      ['扫码枪', '没有回应', '「dialout」'],
      ['打印机', '没纸了', '已打印', '换一卷纸', '排队', '改型号'],
      ['钱箱', '正常', '开着', '请看弹开没有'],
      ['刷卡盒子', '没有回应', '应答'],
      ['客显屏', '没有接上', '插好线'],
    ] as const)
      for (const text of texts) await expect.poll(() => card(w, name).innerText()).toContain(text);
    expect(await w.page.locator('.advice').count()).toBe(4);
    const testOf = (name: string) => card(w, name).getByRole('button').first();
    expect(await testOf('客显屏').isDisabled()).toBe(true);
    expect(await testOf('打印机').innerText()).toBe('测试中');
  });

  test('without devices it says that selling goes on, and how to add one', async () => {
    w.host.till.setStatus({ devices: [] });
    await open(w);
    await w.sees('没有设备也能收款');
    await w.sees('没有发现新插上的设备');
  });

  test('a display and a keyboard scanner are not called well: nobody sees them unplugged', async () => {
    const [scanner, ...others] = fiveDevices;
    w.host.till.setStatus({ devices: [{ ...scanner!, address: 'keyboard' }, ...others] });
    await open(w);
    for (const name of ['扫码枪', '客显屏']) {
      await expect.poll(() => card(w, name).innerText()).toContain('看不出有没有接着');
      expect(await card(w, name).innerText()).not.toContain('正常');
    }
  });

  test('a scanner is tried with any code, which shows masked and leads nowhere; the next one sells', async () => {
    await open(w);
    await press(w, '测试 扫码枪');
    await expect.poll(() => w.called('devices.test')).toEqual([{ role: 'scanner' }]);
    w.host.till.devices.set('scanner', { test: { type: 'waiting', untilMs: nowMs + 20_000 } });
    await w.sees('现在扫一下，还等 20 秒');
    await wedge(w);
    await expect.poll(() => w.called('till.scan')).toEqual([{ text: code }]);
    const scan = { mask: '13****6789', charCount: 18, symbology: 'code-128' };
    w.host.till.devices.set('scanner', { test: { type: 'passed', atMs: nowMs, scan } });
    await w.sees('扫到了 13****6789，18 位，条码');
    await wedge(w);
    await w.page.locator('.devices').waitFor({ state: 'detached' });
    expect(w.called('till.scan')).toHaveLength(2);
  });

  test('printed is said on the printer’s word alone; a refused test stays said until the next', async () => {
    await open(w);
    const tested = (proof: 'printed' | 'sent') =>
      w.host.till.devices.set('printer', { test: { type: 'passed', atMs: nowMs, proof } });
    tested('sent');
    await w.sees('测试小票已送出，请看纸出来没有');
    expect(await card(w, '打印机').innerText()).not.toContain('测试小票已打印');
    tested('printed');
    await w.sees('测试小票已打印');
    w.host.till.refuseNext('devices.test', 'printer-queue-full');
    await press(w, '测试 打印机');
    await expect.poll(() => card(w, '打印机').innerText()).toContain('打印任务太多');
    await w.page.keyboard.press('F9');
    await open(w);
    expect(await w.page.locator('.note').count()).toBe(0);
  });

  test('what is plugged in appears by itself, with a guess, or with what is wrong with it', async () => {
    await open(w);
    w.host.till.devices.plugIn(pluggedIn, ['device-list-no-udev']);
    for (const text of [
      'QinHeng Electronics USB Serial',
      '可能是打印机',
      '像是扫码枪 · 它自己说是扫码枪',
      '「plugdev」',
      '缺少驱动',
      'udevadm',
    ])
      await w.sees(text);
    expect(await w.page.locator('.found-row').count()).toBe(3);
    expect(await w.page.locator('.found-row button').count()).toBe(2);
    const asked = w.called('devices.candidates').length;
    await expect
      .poll(() => w.called('devices.candidates').length, { timeout: 15_000 })
      .toBeGreaterThan(asked);
  });

  test('a printer on a cable is asked at its speeds, answers at one, and gets its role', async () => {
    w.host.till.setStatus({ devices: [] });
    w.host.till.devices.plugIn(pluggedIn);
    let answer!: (value: ProbeAnswer) => void;
    w.host.till.devices.setProbe(new Promise((resolve) => (answer = resolve)));
    await open(w);
    await press(w, '用它 QinHeng Electronics USB Serial');
    await press(w, '58 毫米');
    await w.page.getByLabel('型号').selectOption('xprinter-xp-58');
    await press(w, '测一下');
    await w.sees('正在测，已经 0 秒，最多 15 秒');
    const transport = { type: 'serial', path: '/dev/ttyUSB2', baudRate: 19_200 } as const;
    const tried = [
      { baudRate: 115_200, code: 'device-no-answer' },
      { baudRate: 19_200, code: null },
    ];
    answer({ found: true, transport, tried });
    await w.sees('有回应，速度 19200');
    expect(await w.page.locator('.tried li').allInnerTexts()).toEqual([
      '115200 没有回答',
      '19200 回答了',
    ]);
    expect(await w.page.getByLabel('速度', { exact: true }).inputValue()).toBe('19200');
    await w.page.getByLabel('叫什么名字').fill('后厨小票机');
    await press(w, '就用它');
    await card(w, '打印机').waitFor();
    const device = { role: 'printer', name: '后厨小票机', transport, profileId: 'xprinter-xp-58' };
    expect(w.called('devices.bind')).toEqual([{ device }]);
    await expect.poll(() => w.page.locator('.found-row').count()).toBe(2);
  });

  test('a network address is pasted whole; what it replaces is said; a refusal stays beside the button', async () => {
    await open(w);
    await press(w, '网络设备');
    await w.sees('写上网络地址');
    const bind = w.page.getByRole('button', { name: '换成它' });
    expect(await bind.isDisabled()).toBe(true);
    await w.page.getByLabel('网络地址').fill('192.168.1.90:9101');
    expect(await w.page.getByLabel('端口', { exact: true }).inputValue()).toBe('9101');
    await w.sees('现在的「80 毫米小票机」会被换下');
    w.host.till.devices.setProbe({
      found: false,
      transport: { type: 'tcp', host: '192.168.1.90', port: 9101 },
      tried: [{ baudRate: null, code: 'device-open-timeout' }],
    });
    await press(w, '测一下');
    await w.sees('设备没有回应，请检查电源和网络');
    w.host.till.refuseNext('devices.bind', 'device-bound');
    await bind.click();
    await w.sees('这个设备已用作别的用途');
    await bind.click();
    await expect.poll(() => card(w, '打印机').innerText()).toContain('192.168.1.90:9101');
    expect(w.called('devices.bind').at(-1)).toEqual({
      device: {
        role: 'printer',
        name: '打印机',
        transport: { type: 'tcp', host: '192.168.1.90', port: 9101 },
        paperMm: 80,
      },
      replace: true,
    });
  });

  test('a box needs the number of its maker; one of the configuration file is not replaced', async () => {
    w.host.till.setStatus({ devices: [] });
    w.host.till.devices.plugIn(pluggedIn);
    await open(w);
    await press(w, '用它 QinHeng Electronics USB Serial');
    await press(w, '刷卡盒子');
    await w.sees('写上接入号');
    await w.page.getByLabel('接入号').fill('wz-000817');
    await press(w, '就用它');
    await card(w, '刷卡盒子').waitFor();
    w.host.till.devices.set('box-pos', { fixed: true, actions: ['test', 'log'] });
    await press(w, '更多 刷卡盒子');
    await w.sees('写在配置文件里');
    expect(await w.page.getByRole('button', { name: '不再用它' }).count()).toBe(0);
    await press(w, '返回设备');
    await press(w, '网络设备');
    expect(await w.page.locator('.choice-role', { hasText: '刷卡盒子' }).isDisabled()).toBe(true);
    await w.sees('刷卡盒子写在配置文件里');
  });

  test('a keyboard scanner is bound with a warning, and a drawer on the printer without a wire', async () => {
    w.host.till.setStatus({ devices: [] });
    await open(w);
    await press(w, '键盘口扫码枪');
    await w.sees('收银台看不出它插着没有');
    await press(w, '就用它');
    await card(w, '扫码枪').waitFor();
    await press(w, '钱箱');
    await press(w, '就用它');
    await card(w, '钱箱').waitFor();
    expect(w.called('devices.bind')).toEqual([
      { device: { role: 'scanner', name: '扫码枪', transport: { type: 'keyboard' } } },
      { device: { role: 'drawer', name: '钱箱', transport: { type: 'printer' } } },
    ]);
    await expect.poll(() => w.page.locator('.add-ways button').count()).toBe(2);
  });

  test('a printer that names its model is put right with one press, or changed by hand', async () => {
    const known = { model: 'XP-N160II', suggestedProfileId: 'xprinter-xp-n160' };
    await open(w);
    w.host.till.devices.set('printer', known);
    await press(w, '更多 打印机');
    await w.sees('它说自己是 XP-N160II，按「Xprinter XP-N160」打更合适');
    await press(w, '改过来');
    await expect.poll(() => w.called('devices.bind')).toHaveLength(1);
    expect(w.called('devices.bind')[0]).toMatchObject({
      device: { profileId: 'xprinter-xp-n160', transport: { host: '192.168.1.87' } },
      replace: true,
    });
    await press(w, '更改');
    await w.page.getByLabel('叫什么名字').fill('前台小票机');
    expect(await w.page.getByRole('button', { name: '测一下' }).count()).toBe(0);
    await press(w, '保存更改');
    await expect.poll(() => card(w, '打印机').innerText()).toContain('前台小票机');
  });

  test('letting go asks once more', async () => {
    await open(w);
    await press(w, '更多 扫码枪');
    await press(w, '不再用它');
    await w.sees('真的不再用它吗');
    await press(w, '留着');
    await press(w, '不再用它');
    expect(w.called('devices.unbind')).toEqual([]);
    await press(w, '不再用');
    await w.page.locator('.add-card').waitFor();
    expect(w.called('devices.unbind')).toEqual([{ role: 'scanner' }]);
    await expect.poll(() => card(w, '扫码枪').count()).toBe(0);
  });

  test('a drawer is taught its switch in two steps, again from the first when nothing moved', async () => {
    await open(w);
    await press(w, '更多 钱箱');
    await press(w, '校准钱箱开关');
    w.host.till.devices.setCalibration(['open', 'open', null]);
    await w.sees('一、现在钱箱是关着的吗');
    await press(w, '关着');
    await press(w, '开钱箱');
    await expect.poll(() => w.called('devices.test')).toEqual([{ role: 'drawer' }]);
    w.host.till.refuseNext('drawer.calibrate', 'drawer-has-no-switch');
    await press(w, '开着');
    await w.sees('钱箱开合时信号没有变化');
    await press(w, '关着');
    await w.sees('二、现在把钱箱打开');
    await press(w, '开着');
    await w.sees('校准好了');
    expect(w.called('drawer.calibrate')).toEqual(
      [false, true, false, true].map((isOpen) => ({ isOpen })),
    );
  });

  test('the log of a wire is shown, copied, or selected where copying is refused', async () => {
    const lines = ['14:31:58 > 10 04 01', '14:31:58 < 16'];
    w.host.till.devices.setLog(lines);
    await w.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await open(w);
    await press(w, '更多 打印机');
    await w.sees('付款码已遮住');
    await press(w, '复制');
    await w.sees('已复制');
    expect(await w.page.evaluate(() => navigator.clipboard.readText())).toBe(lines.join('\n'));
    w.host.till.devices.setLog([...lines, '14:32:00 < 12']);
    await press(w, '刷新');
    await w.sees('14:32:00 < 12');
    await w.page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new Error('refused'));
    });
    await press(w, '复制');
    await w.sees('已选中');
    expect(await w.page.evaluate(() => getSelection()?.toString())).toContain('10 04 01');
  });

  test('by keyboard alone: to a device and back, and a scan out of a field loses nothing typed', async () => {
    await open(w);
    const focused = () => w.page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    for (let steps = 0; steps < 60 && (await focused()) !== '更多 打印机'; steps += 1)
      await w.page.keyboard.press('Tab');
    await w.page.keyboard.press('Enter');
    await w.page.locator('.device-page').waitFor();
    await w.page.keyboard.press('Escape');
    await press(w, '网络设备');
    const host = w.page.getByLabel('网络地址');
    await host.fill('10.0.0.9');
    await host.focus();
    await wedge(w);
    await expect.poll(() => w.called('till.scan')).toEqual([{ text: code }]);
    await w.page.locator('.device-page').waitFor({ state: 'detached' });
    await open(w);
    await press(w, '接着添加');
    expect(await host.inputValue()).toBe('10.0.0.9');
  });

  test.each([
    [1024, 768, 'zh', 1],
    [1024, 768, 'en', 1],
    [1366, 768, 'zh', 1],
    [1366, 768, 'en', 1],
    [1366, 768, 'zh', 1.3],
    [1366, 768, 'en', 1.3],
    [1920, 1080, 'zh', 1],
    [1920, 1080, 'en', 1],
  ])(
    'at %ix%i in %s with text %s times as large nothing is cut off, every target is big enough',
    async (width, height, language, scale) => {
      await w.page.close();
      w.page = await w.open({ width, height }, language);
      if (scale !== 1) await enlargeText(w, scale);
      await open(w);
      const zh = language === 'zh';
      const fits = async (what: string): Promise<void> => {
        await w.page.evaluate(() => document.fonts.ready);
        const folder = process.env['PICTURE_FOLDER'];
        const name = `${what}-${width}-${language}${scale === 1 ? '' : '-large'}`;
        if (folder) await w.page.screenshot({ path: `${folder}/${name}.png` });
        expect(await findOverflow(w.page), `${what} overflows`).toEqual([]);
        expect(await findSmallTargets(w.page), `${what} has small targets`).toEqual([]);
      };
      await fits('devices-three');
      w.host.till.setStatus({ devices: [...fiveDevices] });
      w.host.till.devices.plugIn(pluggedIn, ['device-list-no-udev']);
      await expect.poll(() => w.page.locator('.found-row').count()).toBe(3);
      await expect.poll(() => w.page.locator('.device-head').count()).toBe(5);
      await fits('devices-five');
      w.host.till.setStatus({ ...nothingWorks, devices: fiveTroubles.map(([view]) => view) });
      for (const [view, known] of fiveTroubles) w.host.till.devices.set(view.role, known);
      await expect.poll(() => w.page.locator('.advice').count()).toBe(4);
      await fits('devices-trouble');
      await w.page.locator('.found-row button').first().click();
      await w.page.locator('.choice-role').nth(1).click();
      await fits('bind-printer');
      w.host.till.setStatus({ devices: [] });
      await w.page.locator('.choice-role').nth(2).click();
      await expect.poll(() => w.page.locator('.device-fields .field').count()).toBe(3);
      await fits('bind-box');
      await w.page.keyboard.press('Escape');
      await expect.poll(() => w.page.locator('.devices > .empty').count()).toBe(1);
      await fits('devices-none');
      await w.page.locator('.add-ways button').first().click();
      await w.page.getByLabel(zh ? '网络地址' : 'Network address').fill('192.168.1.90');
      const transport = { type: 'tcp', host: '192.168.1.90', port: 9100 } as const;
      w.host.till.devices.setProbe({ found: true, transport, tried: [] });
      await press(w, zh ? '测一下' : 'Ask it');
      await w.page.locator('.probe .tone-good').waitFor();
      await fits('bind-network');
      w.host.till.setStatus({ devices: fiveTroubles.map(([view]) => view) });
      w.host.till.devices.setLog(Array.from({ length: 40 }, () => logLine));
      for (const role of ['scanner', 'printer', 'drawer', 'box-pos'] as const) {
        await w.page.keyboard.press('Escape');
        await w.page.locator('.devices').waitFor();
        const index = fiveTroubles.findIndex(([view]) => view.role === role);
        await w.page.locator('.device-more').nth(index).click();
        await w.page.locator('.device-page .device-head').waitFor();
        if (role === 'printer') await w.page.locator('.better').waitFor();
        if (role === 'drawer') await w.page.locator('.calibrate button').click();
        if (role !== 'drawer') await w.page.locator('.log-lines').waitFor();
        await fits(`device-${role}`);
      }
    },
  );
});

const logLine = '14:31:58.204 #3 > 1b 40 1c 26 1b 61 01 d5 d0 c9 cc d2 f8 d0 d0 0a "…面馆" (412)';

/** As a window with larger text: every measure of the page follows the root. */
const enlargeText = (w: WindowBench, scale: number): Promise<void> =>
  w.page.evaluate((times) => {
    const { style } = document.documentElement;
    style.fontSize = `${Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * times}px`;
  }, scale);
