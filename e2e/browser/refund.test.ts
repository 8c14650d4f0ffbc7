import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser, launchBrowser } from '../../terminal/renderer/testing/browser.ts';
import { setOwnerPin } from '../stage/owner-pin.ts';
import { ensureRenderer } from '../stage/renderer-build.ts';
import { freePorts, openStage, stageOpenMsMax, type Stage } from '../stage/stage.ts';
import { connectTill } from '../stage/till-client.ts';
import { freshWalletCode } from '../stage/wallet-codes.ts';
import { openAt, sees, typeAmount, type Opened } from './surface.ts';

const executablePath = findBrowser();
const suiteName =
  executablePath === undefined
    ? 'refunds: skipped, neither CHROMIUM_PATH nor chromium nor google-chrome is there'
    : 'refunds at the counter, through real programs';
const pin = '604817';
const viewport = { width: 1366, height: 768 };

interface Proofs {
  readonly holds: boolean;
}

describe.skipIf(executablePath === undefined)(suiteName, { timeout: 90_000 }, () => {
  let folder: string;
  let stage: Stage;
  let browser: Browser;
  let window: Opened;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'greentill-refund-'));
    await ensureRenderer();
    stage = await openStage({ folder, ports: freePorts });
    browser = await launchBrowser(executablePath!);
    window = await openAt(browser, stage.tillUrl(), viewport);
    await sees(window.page, '网络正常');
    await withTill((till) => setOwnerPin(till, pin));
  }, stageOpenMsMax);
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  async function withTill<T>(ask: (till: ReturnType<typeof connectTill>) => Promise<T>) {
    const till = connectTill(stage.tillUrl());
    try {
      return await ask(till);
    } finally {
      till.close();
    }
  }
  const lastRow = () =>
    withTill(async (till) => (await till.must('orders.list', { limit: 1 })).rows[0]!);
  const papers = (): readonly string[] =>
    stage.bench.printer.receipts().map((receipt) => receipt.lines.join('\n'));

  it('gives a wallet its money back with F4, Enter and the PIN; the slip says so, the books agree', async () => {
    const { page } = window;
    await typeAmount(page, '12');
    await withTill((till) => till.must('till.scan', { text: freshWalletCode('wechat') }));
    await sees(page, '收款成功');
    await page.keyboard.press('F4');
    await sees(page, '原路退回顾客的支付账户', '全部退');
    await page.keyboard.press('Enter');
    await page.locator('.pin-sheet').waitFor();
    await typeAmount(page, pin);
    await page.keyboard.press('Enter');
    await page.getByText('已退款').first().waitFor({ timeout: 60_000 });
    expect(await lastRow()).toMatchObject({ refundedFen: 1_200, refunds: [{ state: 'done' }] });
    await expect.poll(() => papers().at(-1), { timeout: 20_000 }).toMatch(/退款凭证[^]*12\.00/u);
    expect(papers().at(-1)).not.toMatch(/立即到账|即时到账/u);
    const proofs = await stage.operator.call<Proofs>('GET', '/admin/v1/proofs');
    expect(proofs.holds).toBe(true);
  });

  it('gives cash back out of the drawer while the line is down, and refuses a wallet in words', async () => {
    const { page } = window;
    await page.keyboard.press('Escape');
    await stage.network.turn(false);
    await withTill((till) => till.statusWhere('the outage', ({ online }) => !online));
    await page.keyboard.press('Escape');
    await typeAmount(page, '20');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await sees(page, '现金已收');
    await page.keyboard.press('F4');
    await sees(page, '从钱箱退现金');
    await typeAmount(page, '7.5');
    await page.keyboard.press('Enter');
    await page.locator('.pin-sheet').waitFor();
    await typeAmount(page, pin);
    await page.keyboard.press('Enter');
    await sees(page, '部分退款');
    expect(await lastRow()).toMatchObject({ refundedFen: 750, refundableFen: 1_250 });
    await stage.network.turn(true);
    await withTill((till) =>
      till.statusWhere('all sent', ({ online, unsentCount }) => online && unsentCount === 0),
    );
    await expect
      .poll(async () => (await stage.operator.call<Proofs>('GET', '/admin/v1/proofs')).holds, {
        timeout: 20_000,
      })
      .toBe(true);
  });
});
