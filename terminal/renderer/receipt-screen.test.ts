import { crc32, deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { ReceiptTemplate } from '#terminal/ipc/receipt-template.ts';
import { findOverflow, findSmallTargets, watchLongTasks } from './testing/page-checks.ts';
import { paid } from './testing/sample-screens.ts';
import { describeWindow, machineShared, type WindowBench } from './testing/window-bench.ts';

const open = async (w: WindowBench): Promise<void> => {
  await w.page.locator('.tab').nth(3).click();
  await w.page.locator('.settings button', { hasText: /小票|receipts/ }).click();
  await w.page.locator('.paper').waitFor();
};

/** What a screen reader hears of the paper: its lines. */
const paperText = async (w: WindowBench): Promise<string> =>
  (await w.page.locator('.paper').getAttribute('aria-label')) ?? '';

const savedTemplate = (w: WindowBench): ReceiptTemplate =>
  (w.called('receipt.template.set').at(-1) as { template: ReceiptTemplate }).template;

describeWindow('setting receipts up in a browser', (w) => {
  test('a header, a switch and a footer are seen on the paper at once, and saved as they are', async () => {
    await open(w);
    expect(await paperText(w)).toContain('收银员');
    await w.page.getByRole('button', { name: '加一行' }).first().click();
    await w.page.getByLabel('页眉第 1 行', { exact: true }).fill('巷口面馆');
    await w.page.getByLabel('页眉第 1 行 普通').click();
    await w.page.getByRole('switch', { name: '收银员' }).click();
    await w.page.getByRole('button', { name: '加一行' }).last().click();
    await w.page.getByLabel('页脚第 1 行', { exact: true }).fill('欢迎再来');
    await expect.poll(() => paperText(w)).toMatch(/巷口面馆[^]*欢迎再来/);
    expect(await paperText(w)).not.toContain('收银员');
    await w.sees('改了还没保存');
    await w.page.getByRole('button', { name: '保存' }).click();
    await w.sees('已保存');
    expect(savedTemplate(w)).toMatchObject({
      header: [{ text: '巷口面馆', size: 'tall', align: 'center', bold: false }],
      blocks: { cashier: false, shop: true },
      footer: [{ text: '欢迎再来' }],
    });
    await w.page.getByRole('button', { name: '打印样张' }).click();
    await expect.poll(() => w.called('receipt.printSample')).toHaveLength(1);
  });

  test('a promissory word is named at its line and cannot be saved', async () => {
    await open(w);
    await w.page.getByRole('button', { name: '加一行' }).last().click();
    await w.page.getByLabel('页脚第 1 行', { exact: true }).fill('积分翻 倍');
    await w.sees('「翻倍」不能印在小票上');
    const field = w.page.getByLabel('页脚第 1 行', { exact: true });
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await w.page.getByRole('button', { name: '保存' }).isDisabled()).toBe(true);
    expect(w.called('receipt.template.set')).toEqual([]);
  });

  test('on 58 mm paper a line has 32 columns; every sample says its own state', async () => {
    await open(w);
    await w.page.getByRole('button', { name: '58 毫米' }).click();
    await w.page.locator('.paper-384').waitFor();
    expect((await paperText(w)).split('\n')).toContain('='.repeat(32));
    await w.sees('现在接的打印机用 80 毫米纸');
    for (const [name, words] of [
      ['离线', '离线记账（未到账）'],
      ['补打', '补打 第1次'],
      ['现金', '找零'],
    ] as const) {
      await w.page.locator('.receipt-side').getByRole('button', { name }).click();
      await expect.poll(() => paperText(w)).toContain(words);
    }
  });

  test('hanzi and digits stand in true columns: the right edge of every amount is the same', async () => {
    await open(w);
    const edges = await w.page.evaluate(() =>
      [...document.querySelectorAll('.paper-narrow')]
        .filter((text) => /\d\.\d\d$/.test(text.textContent ?? ''))
        .map((text) => (text.getAttribute('x') ?? '').split(' ').at(-1)),
    );
    expect(edges.length).toBeGreaterThan(2);
    expect(new Set(edges).size).toBe(1);
  });

  test('a picture becomes dots on the paper, smaller or larger as chosen', async () => {
    await open(w);
    await w.page
      .locator('input[type=file]')
      .setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: greyPng(300, 100) });
    const logo = w.page.locator('.paper-logo');
    await logo.waitFor();
    expect(await logo.getAttribute('width')).toBe('288');
    await w.page.getByRole('button', { name: '小', exact: true }).click();
    await expect.poll(() => logo.getAttribute('width')).toBe('192');
    await w.page.getByRole('button', { name: '保存' }).click();
    await w.sees('已保存');
    const { logo: kept } = savedTemplate(w);
    expect(kept).toMatchObject({ widthDots: 192, heightDots: 64 });
    const bits = Buffer.from(kept!.base64, 'base64');
    const black = [...bits].reduce(
      (sum, byte) => sum + byte.toString(2).replaceAll('0', '').length,
      0,
    );
    expect(black / (192 * 64)).toBeCloseTo(0.5, 1);
    await w.page
      .locator('input[type=file]')
      .setInputFiles({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await w.sees('这个文件不是图片');
  });

  test('a sale in between costs the owner nothing of what he typed', async () => {
    await open(w);
    await w.page.getByRole('button', { name: '加一行' }).first().click();
    await w.page.getByLabel('页眉第 1 行', { exact: true }).fill('写到一半');
    w.host.till.show(paid);
    await w.sees('收款成功');
    await w.page.keyboard.press('Enter');
    await w.page.locator('.overlay').waitFor({ state: 'detached' });
    if ((await w.page.locator('.receipt').count()) === 0) await open(w);
    expect(await w.page.getByLabel('页眉第 1 行', { exact: true }).inputValue()).toBe('写到一半');
    await w.page.getByRole('button', { name: '还原' }).click();
    await expect.poll(() => w.page.locator('.line-editor').count()).toBe(0);
  });

  test('by keyboard alone: tab to a switch, space flips it, Esc goes back to the devices', async () => {
    await open(w);
    const control = w.page.getByRole('switch', { name: '单号条码' });
    await w.page.keyboard.press('Tab');
    for (let steps = 0; steps < 60; steps += 1) {
      if (await control.evaluate((element) => element === document.activeElement)) break;
      await w.page.keyboard.press('Tab');
    }
    await w.page.keyboard.press('Space');
    await expect.poll(() => control.getAttribute('aria-checked')).toBe('true');
    await w.page.locator('.paper path').nth(1).waitFor({ state: 'attached' });
    await w.page.keyboard.press('Escape');
    await w.page.locator('.devices').waitFor();
  });

  test('typing makes no long task', machineShared, async () => {
    await open(w);
    await w.page.getByRole('button', { name: '加一行' }).first().click();
    const longTasks = await watchLongTasks(w.page);
    await w.page
      .getByLabel('页眉第 1 行', { exact: true })
      .pressSequentially('welcome', { delay: 60 });
    await expect.poll(() => paperText(w)).toContain('welcome');
    expect(await longTasks()).toEqual([]);
  });

  test.each([
    [1024, 768, 'zh'],
    [1024, 768, 'en'],
    [1366, 768, 'zh'],
    [1366, 768, 'en'],
  ])(
    'at %ix%i in %s nothing is cut off and every target is big enough',
    async (width, height, language) => {
      await w.page.close();
      w.page = await w.open({ width, height }, language);
      await open(w);
      await w.page.locator('.receipt-add').first().click();
      await w.page.locator('.receipt-add').last().click();
      await w.page.locator('.field').last().fill('谢谢惠顾 Thank you');
      await expect.poll(() => paperText(w)).toContain('谢谢惠顾');
      await w.page.evaluate(() => document.fonts.ready);
      expect(await findOverflow(w.page)).toEqual([]);
      expect(await findSmallTargets(w.page)).toEqual([]);
      const folder = process.env['PICTURE_FOLDER'];
      if (folder) await w.page.screenshot({ path: `${folder}/receipt-${width}-${language}.png` });
    },
  );
});

/** A PNG of one grey, 8 bits a pixel. */
function greyPng(width: number, height: number): Buffer {
  const row = Buffer.alloc(width + 1, 128);
  row[0] = 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', pixels),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'ascii'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
