import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { accountingDate } from '#shared/time/calendar-day.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import { findBrowser, launchBrowser } from '../../terminal/renderer/testing/browser.ts';
import { ensureRenderer } from '../stage/renderer-build.ts';
import { freePorts, openStage, type Stage } from '../stage/stage.ts';
import { connectTill, poll, type TillClient } from '../stage/till-client.ts';
import { freshWalletCode } from '../stage/wallet-codes.ts';

/**
 * Takes the pictures of the documentation: node e2e/browser/take-pictures.ts
 * The real stack sells for a day, from opening until 14:32 by its own clock; only the clock is moved on between sales,
 * so that it takes two minutes. Every figure on the pictures is the books' own.
 */
const root = path.resolve(import.meta.dirname, '../..');
const pictures = path.join(root, 'docs/images');
const opensAt = '08:00';
const pictureAt = '14:32';
/** Sales in each hour from 8 on: quiet mornings, a full noon. */
const salesPerHour = [4, 7, 8, 9, 15, 13, 5] as const;
const noonIndex = 4;
const wallets: readonly Wallet[] = ['wechat', 'wechat', 'alipay', 'wechat', 'alipay', 'unionpay'];
const clockSettleMs = 60;
const paperSettleMs = 500;

const executablePath = findBrowser();
if (executablePath === undefined) throw new Error('no browser: set CHROMIUM_PATH');
await ensureRenderer();
const folder = await mkdtemp(path.join(tmpdir(), 'greentill-pictures-'));
const shiftFile = path.join(folder, 'shift');
const startedMs = Date.now();
const today = accountingDate(startedMs);
const momentMs = (time: string): number => Date.parse(`${today}T${time}:00+08:00`);

try {
  await sellAndLook(executablePath);
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function sellAndLook(executable: string): Promise<void> {
  await moveClock(momentMs(opensAt));
  process.env['CLOCK_SHIFT_FILE'] = shiftFile;
  process.env['NODE_OPTIONS'] =
    `--import ${pathToFileURL(path.join(import.meta.dirname, 'shifted-clock.mjs')).href}`;
  const stage = await openStage({ folder: path.join(folder, 'stage'), ports: freePorts });
  const till = connectTill(stage.tillUrl());
  try {
    await till.statusWhere('the line to the cloud', (status) => status.online);
    await sellTheDay(stage, till);
    await moveClock(momentMs(pictureAt));
    await poll(
      () => till.must('today.get', {}),
      (day) => day.unsentCount === 0 && day.tomorrow?.cloudTurnoverFen === day.turnoverFen,
      'the cloud to agree',
    );
    await takePictures(executable, stage, till);
  } finally {
    till.close();
    await stage.close();
  }
}

async function moveClock(toMs: number): Promise<void> {
  await writeFile(shiftFile, String(toMs - Date.now()));
  await new Promise((resolve) => setTimeout(resolve, clockSettleMs));
}

/** A release day at noon: customers of the afternoon have vouchers to spend. */
async function turnPointsIntoVouchers({ operator, shop }: Stage): Promise<void> {
  const period = shop.history.secondMonth;
  await operator.call('POST', '/admin/v1/period-closes', { period });
  await operator.call('POST', '/admin/v1/release-runs', { period, day: today });
}

async function sellTheDay(stage: Stage, till: TillClient): Promise<void> {
  let count = 0;
  for (const [index, sales] of salesPerHour.entries()) {
    const hourMs = momentMs(opensAt) + index * 3_600_000;
    if (index === noonIndex) await turnPointsIntoVouchers(stage);
    const lastMs = Math.min(hourMs + 3_600_000, momentMs(pictureAt));
    for (let sale = 0; sale < sales; sale += 1) {
      await moveClock(hourMs + Math.floor(((sale + 0.7) * (lastMs - hourMs)) / (sales + 0.7)));
      await sell(stage, till, count);
      count += 1;
    }
  }
}

/** Amounts of a corner shop to the jiao, spread by a prime step: the same day on every machine. */
function amountOf(count: number): number {
  return 450 + ((count * 157) % 580) * 10;
}

async function sell(stage: Stage, till: TillClient, count: number): Promise<void> {
  const amountFen = amountOf(count);
  await till.must('till.setAmount', { amountFen });
  if (count % 9 === 4) {
    await till.must('till.payCash', { tenderedFen: Math.ceil(amountFen / 5_000) * 5_000 });
    await till.screen('cash');
  } else {
    const member = stage.shop.members[count % 17];
    if (member) await till.must('till.attachMember', { phone: member.phone });
    stage.bench.scanner.scan(freshWalletCode(wallets[count % wallets.length]!));
    await till.screen('paid');
  }
  await till.must('till.dismiss', {});
}

async function takePictures(executable: string, stage: Stage, till: TillClient): Promise<void> {
  const browser = await launchBrowser(executable);
  const page = await browser.newPage({ viewport: { width: 1366, height: 768 } });
  await page.clock.setFixedTime(momentMs(pictureAt));
  await page.goto(stage.tillUrl());
  await page.getByText('先输金额，再扫码').waitFor();
  await till.must('till.setAmount', { amountFen: 3_850 });
  await page.getByText('请扫顾客的付款码').waitFor();
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(pictures, 'till.png') });
  await page.keyboard.press('F10');
  await page.getByText('全部已上传').waitFor();
  await page.screenshot({ path: path.join(pictures, 'today.png') });
  await page.close();
  await pictureCounter(browser, stage, till);
  await browser.close();
}

/** The line is down, and a sale stands on the screen of the box: the counter with the till beside it. */
async function pictureCounter(browser: Browser, stage: Stage, till: TillClient): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  await page.clock.setFixedTime(momentMs(pictureAt));
  await stage.counter.turn({ name: 'network', on: false });
  await stage.counter.turn({ name: 'drawer', on: true });
  await till.statusWhere('the outage', (status) => !status.online);
  await till.must('till.setAmount', { amountFen: 3_850 });
  await poll(
    () => till.api.call('till.payBox', {}),
    (answer) => answer.ok,
    'the box to take the sale',
  );
  await page.goto(stage.counter.url);
  await page.getByText('请扫码、出码或刷卡').waitFor();
  await page.frameLocator('iframe').getByText('盒子已收到').waitFor();
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(paperSettleMs);
  await page.screenshot({ path: path.join(pictures, 'counter.png') });
}
