import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, launchBrowser } from '../../terminal/renderer/testing/browser.ts';
import { findOverflow } from '../../terminal/renderer/testing/page-checks.ts';
import { demoGoods } from '../stage/demo-goods.ts';
import { ensureRenderer } from '../stage/renderer-build.ts';
import { freePorts, openStage, stageOpenMsMax, type Stage } from '../stage/stage.ts';
import { freshWalletCode } from '../stage/wallet-codes.ts';
import { createAlbum, openAt, sees, textOn, typeAmount, typeAsScanner } from './surface.ts';

const executablePath = findBrowser();
const suiteName =
  executablePath === undefined
    ? 'goods in a browser: skipped, neither CHROMIUM_PATH nor chromium nor google-chrome is there'
    : 'goods in a browser';
const [water, cola] = demoGoods;

/** The demo's shop, its goods pulled by its till, a scanner that plays a keyboard, and a window of a small till. */
describe.skipIf(executablePath === undefined)(suiteName, { timeout: 120_000 }, () => {
  let folder: string;
  let stage: Stage;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'greentill-goods-browser-'));
    await ensureRenderer();
    stage = await openStage({ folder, ports: freePorts });
    browser = await launchBrowser(executablePath!);
  }, stageOpenMsMax);
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  it('two goods are scanned, a typed amount joins them, and one wallet code pays; the receipt says each', async () => {
    const album = process.env['GREENTILL_PICTURES'] ?? path.join(folder, 'pictures');
    await mkdir(album, { recursive: true });
    const picture = createAlbum(album);
    const { page, faults } = await openAt(browser, stage.tillUrl(), { width: 1280, height: 800 });
    await sees(page, '先输金额，再扫码', '网络正常');
    // The goods come with a heartbeat: until then the till says that it does not know them.
    await expect
      .poll(
        async () => {
          await typeAsScanner(page, water.code);
          return textOn(page, water.name).isVisible();
        },
        { timeout: 60_000, interval: 2_000 },
      )
      .toBe(true);
    await page.keyboard.press('Escape');
    await textOn(page, water.name).waitFor({ state: 'detached' });
    for (const code of [water.code, cola.code, cola.code]) {
      await typeAsScanner(page, code);
      await page.waitForTimeout(300);
    }
    await sees(page, '本单金额 · 3 件', '2瓶 × 3.50', '¥9.00');
    await typeAmount(page, '1.5');
    await sees(page, '手输金额', '10.50');
    expect(await findOverflow(page)).toEqual([]);
    await picture(page, 'counter-with-goods');
    await typeAsScanner(page, '2999999999991');
    await sees(page, '目录里没有这个商品');
    await sees(page, '10.50');
    await typeAsScanner(page, freshWalletCode('wechat', 'paid'));
    await sees(page, '收款成功', '10.50', /小票已打印/);
    const paper = stage.bench.printer.receipts().at(-1)!.lines.join('\n');
    for (const words of [water.name, cola.name, '2瓶 x 3.50', '手输金额', '10.50'])
      expect(paper).toContain(words);
    await picture(page, 'goods-paid');
    expect(faults).toEqual([]);
  });
});
