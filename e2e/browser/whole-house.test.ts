import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Frame, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leastOfRounds } from '#shared/testing/least-of-rounds.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import { fen } from '#shared/money/fen.ts';
import { findBrowser, launchBrowser } from '../../terminal/renderer/testing/browser.ts';
import {
  findOverflow,
  watchLongTasks,
  watchResults,
} from '../../terminal/renderer/testing/page-checks.ts';
import { freePorts, openStage, stageOpenMsMax, type Stage } from '../stage/stage.ts';
import { ensureRenderer } from '../stage/renderer-build.ts';
import { freshWalletCode } from '../stage/wallet-codes.ts';
import { readPaperCodes } from './paper.ts';
import { registerBoxSales } from './register-box-sales.ts';
import {
  createAlbum,
  openAt,
  sees,
  textOn,
  typeAmount,
  typeAsScanner,
  type Opened,
} from './surface.ts';

const executablePath = findBrowser();
const suiteName =
  executablePath === undefined
    ? 'the whole house in a browser: skipped, neither CHROMIUM_PATH nor chromium nor google-chrome is there'
    : 'the whole house in a browser';
const phone = { width: 390, height: 844 };
/** From the cable to the words on the screen. */
const outageMsMax = 3_000;
/** From the news to its colour. */
const resultMsMax = 100;
const roundsMax = 3;
const yuan = (amountFen: number): string => `¥${formatYuan(fen(amountFen))}`;

/** One shop, one day, told in order: each test goes on where the one before it ended. */
describe.skipIf(executablePath === undefined)(suiteName, { timeout: 90_000 }, () => {
  let folder: string;
  let stage: Stage;
  let browser: Browser;
  let counter: Opened;
  let page: Page;
  let till: Frame;
  let picture: ReturnType<typeof createAlbum>;
  const opened: Opened[] = [];
  const measured: Record<string, readonly number[]> = {};

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'greentill-browser-'));
    const album = process.env['GREENTILL_PICTURES'] ?? path.join(folder, 'pictures');
    await mkdir(album, { recursive: true });
    picture = createAlbum(album);
    await ensureRenderer();
    stage = await openStage({ folder, ports: freePorts });
    browser = await launchBrowser(executablePath!);
    counter = await look(stage.counter.url, { width: 1920, height: 1080 });
    page = counter.page;
    const frame = await page.waitForSelector('iframe');
    till = (await frame.contentFrame())!;
  }, stageOpenMsMax);
  afterAll(async () => {
    if (process.env['GREENTILL_PICTURES'] !== undefined) console.log(measured);
    await browser?.close();
    await stage?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  async function look(url: string, viewport = phone): Promise<Opened> {
    const seen = await openAt(browser, url, viewport);
    opened.push(seen);
    return seen;
  }
  const pressCode = (wallet: string): Promise<void> =>
    page.getByRole('button', { name: wallet, exact: true }).click();
  const choose = (outcome: string): Promise<void> => page.getByLabel(outcome).check();
  const flip = (name: string): Promise<void> => page.getByRole('switch', { name }).click();
  const papers = (): readonly string[] =>
    stage.bench.printer.receipts().map((receipt) => receipt.lines.join('\n'));

  it('opens ready to sell: digits and one scan, without a click into the till', async () => {
    await sees(till, '先输金额，再扫码', '网络正常');
    await picture(page, 'counter-open');
    expect(await findOverflow(page)).toEqual([]);
    for (const amount of ['12', '8.8', '23.5']) {
      await typeAmount(page, amount);
      await sees(till, new RegExp(`^¥?${Number(amount).toFixed(2)}$`));
      await pressCode('微信');
      await sees(till, '收款成功', /小票已打印/);
    }
    await sees(till, '23.50');
    await picture(page, 'paid');
  });

  it('prints a receipt whose code opens the claim page, and gives the points once', async () => {
    const codes = await readPaperCodes(browser, stage.bench.printer.renderPaperSvg());
    expect(codes).toHaveLength(3);
    expect(new Set(codes).size).toBe(3);
    for (const code of codes)
      expect(code).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/claim\/[0-9A-Z]{16}$/);
    const { page: claim } = await look(codes[0]!);
    await sees(claim, '领取本单积分', '绿点小卖部');
    await picture(claim, 'claim');
    await claim.getByLabel('手机号').fill('139 1234 5678');
    await claim.getByRole('button', { name: '领取' }).click();
    await sees(claim, '已领取', '1.20');
    await picture(claim, 'claimed');
    await claim.reload();
    await claim.getByLabel('手机号').fill('13912345679');
    await claim.getByRole('button', { name: '领取' }).click();
    await claim.getByRole('alert').waitFor();
    await picture(claim, 'claimed-again');
    await claim.getByRole('button', { name: 'English' }).click();
    await sees(claim, 'Claim the points of this receipt');
    await picture(claim, 'claim-english');
  });

  it('waits in amber while the customer types a password, then goes green', async () => {
    await choose('先输密码');
    await typeAmount(page, '38.5');
    await pressCode('支付宝');
    await sees(till, '等顾客输密码');
    await picture(page, 'waiting');
    await sees(till, '收款成功', '38.50');
    await picture(page, 'password-paid');
  });

  it('says in red what to do when the code has expired, and keeps the amount', async () => {
    await choose('付款码过期');
    await typeAmount(page, '25.8');
    // Of the wallets only WeChat Pay tells a code that is too old from one that is no code.
    await pressCode('微信');
    await sees(till, '没有收到钱', /付款码.*过期/);
    await picture(page, 'expired');
    await page.keyboard.press('Enter');
    await sees(till, '请扫顾客的付款码');
    await choose('直接付成功');
    await pressCode('云闪付');
    await sees(till, '收款成功', '25.80');
    await page.keyboard.press('Enter');
  });

  it('knows the member by his code', async () => {
    await typeAmount(page, '16');
    await page.getByRole('button', { name: '出示会员码' }).first().click();
    await sees(till, '138****0001');
    await picture(page, 'member');
    await pressCode('微信');
    await sees(till, '收款成功', '16.00');
    await page.keyboard.press('Enter');
  });

  it('shows within 3 s of the cut what still works', async () => {
    const measure = async (): Promise<number> => {
      const waiting = textOn(till, '网断了，还可以这样收').waitFor();
      const startedMs = performance.now();
      await flip('网络');
      await waiting;
      return performance.now() - startedMs;
    };
    const restore = async (): Promise<void> => {
      await flip('网络');
      await sees(till, '网络正常');
    };
    const elapsedMs = await leastOfRounds({ limitMs: outageMsMax, measure, restore });
    measured['from the pulled cable to the words, ms'] = [elapsedMs];
    await sees(till, /^断网/, '照常', '要联网', '剩余离线额度');
    await picture(page, 'outage');
    expect(elapsedMs).toBeLessThan(outageMsMax);
  });

  it('takes cash with change while the network is off, by keyboard alone', async () => {
    await typeAmount(page, '18.5');
    await page.keyboard.press('F9');
    await typeAmount(page, '20');
    await sees(till, '找零', '¥1.50');
    await picture(page, 'cash');
    await page.keyboard.press('NumpadEnter');
    await sees(till, '现金已收', '1.50');
    await picture(page, 'cash-done');
    await sees(page, '钱箱弹开 1 次');
    await page.keyboard.press('Enter');
    expect(papers().at(-1)).toContain('待上传云端');
  });

  registerBoxSales(() => ({ page, till, stage, picture, papers, flip }));

  it('books the member code offline in amber, and explains the wallet code', async () => {
    await typeAmount(page, '30');
    await page.getByRole('button', { name: '出示会员码' }).first().click();
    await sees(till, '离线记账', '未到账', /剩余离线额度/);
    await picture(page, 'offline-booked');
    await page.keyboard.press('Enter');
    await typeAmount(page, '9.9');
    await pressCode('微信');
    await sees(till, '等待网络', /还没有扣款/);
    await picture(page, 'held');
    await page.keyboard.press('Escape');
    await sees(till, '没有收到钱', '已取消，没有收钱');
    await picture(page, 'held-cancelled');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await sees(till, '网断了，还可以这样收');
  });

  it('misses the printer when its cable is out, and prints what waited when it is back', async () => {
    await flip('打印机的线');
    await till.getByRole('button', { name: '打印机 没有接上' }).waitFor();
    await typeAmount(page, '6.6');
    await page.keyboard.press('F9');
    await page.keyboard.press('NumpadEnter');
    await sees(till, '现金已收');
    await picture(page, 'cable-out');
    await flip('打印机的线');
    await expect.poll(() => papers().at(-1), { timeout: 20_000 }).toContain('6.60');
    await page.keyboard.press('Enter');
    await flip('打印纸');
    const paperOut = till.getByRole('button', { name: '打印机 没纸了' });
    await paperOut.waitFor();
    await picture(page, 'paper-out');
    await paperOut.click();
    await sees(till, '换一卷纸，热敏面朝外。装好后会接着打。');
    await picture(page, 'devices-paper-out');
    await flip('打印纸');
    await till.getByText('换一卷纸，热敏面朝外。').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
  });

  it('sends everything when the network is back', async () => {
    const startedMs = performance.now();
    const sinceMs = (): number => performance.now() - startedMs;
    await flip('网络');
    await sees(till, /^网络正常/);
    measured['from the cable to online, ms'] = [sinceMs()];
    await sees(till, /^网络正常$/);
    measured['from the cable to all sent, ms'] = [sinceMs()];
    await page.keyboard.press('F10');
    await sees(till, '全部已上传', '每小时收款');
    await expect.poll(async () => (await sumsOf()).offlineFen, { timeout: 20_000 }).toBe(0);
    measured['from the cable to all settled, ms'] = [sinceMs()];
    const sums = await sumsOf();
    expect(sums.settledFen + sums.cashFen + sums.offlineFen + sums.pendingFen).toBe(
      sums.turnoverFen,
    );
    await sees(till, yuan(sums.turnoverFen), yuan(sums.settledFen), yuan(sums.cashFen));
    await picture(page, 'today');
  });

  const sumsOf = async () => {
    const texts = await till.locator('.four-value, .four-total b').allInnerTexts();
    const [settledFen = 0, cashFen = 0, offlineFen = 0, pendingFen = 0, turnoverFen = 0] =
      texts.map((text) => Number(text.replace(/[^0-9]/g, '')));
    return { settledFen, cashFen, offlineFen, pendingFen, turnoverFen };
  };

  it('lists the orders and reprints one, marked 补打', async () => {
    await page.keyboard.press('F5');
    await till.locator('.orders').waitFor();
    await sees(till, '补打小票');
    await picture(page, 'orders');
    await till.getByText('¥38.50').first().click();
    await picture(page, 'order-detail');
    const before = papers().length;
    await till
      .getByRole('button', { name: /补打小票/ })
      .first()
      .click();
    await expect.poll(() => papers().length, { timeout: 20_000 }).toBe(before + 1);
    expect(papers().at(-1)).toContain('补打');
    expect(papers().at(-1)).toContain('38.50');
    await picture(page, 'reprinted');
    await till.getByRole('button', { name: '设备' }).click();
    await sees(till, '扫码枪', '小票能确认到');
    await picture(page, 'devices');
    expect(await findOverflow(page)).toEqual([]);
    await till.getByRole('button', { name: '切换到 English' }).first().click();
    await sees(till, 'Devices');
    await picture(page, 'devices-english');
    await till.getByRole('button', { name: 'Till', exact: true }).click();
    await picture(page, 'till-english');
  });

  it('sells with the keyboard alone, and no task holds the window for 50 ms', async () => {
    const { page: alone } = await look(stage.tillUrl(), { width: 1366, height: 768 });
    await sees(alone, '先输金额，再扫码');
    await alone.evaluate(() => document.fonts.ready);
    const scanMs: number[] = [];
    let heldMs: readonly number[] = [];
    // Other work on this machine may hold up one round; the window itself holds up none.
    for (let round = 0; round < roundsMax; round += 1) {
      const longTasks = await watchLongTasks(alone);
      await typeAmount(alone, '45');
      await typeAsScanner(alone, freshWalletCode('wechat'));
      await sees(alone, '收款成功', '45.00');
      await typeAmount(alone, '7.5');
      await alone.keyboard.press('F9');
      await typeAmount(alone, '10');
      await alone.keyboard.press('NumpadEnter');
      await sees(alone, '现金已收', '2.50');
      await typeAmount(alone, '3.2');
      await sees(alone, '请扫顾客的付款码');
      const startedMs = performance.now();
      stage.bench.scanner.scan(freshWalletCode('alipay'));
      await alone.locator('.overlay-green').waitFor();
      scanMs.push(performance.now() - startedMs);
      await alone.keyboard.press('Enter');
      await alone.keyboard.press('F10');
      await sees(alone, '每小时收款', '全部已上传');
      await alone.keyboard.press('F5');
      await sees(alone, '补打小票');
      await alone.keyboard.press('Escape');
      await alone.keyboard.press('Escape');
      await sees(alone, '先输金额，再扫码');
      heldMs = await longTasks();
      if (heldMs.length === 0) break;
    }
    measured['from the scan to paid on the screen, ms'] = scanMs;
    measured['tasks over 50 ms'] = heldMs;
    expect(heldMs).toEqual([]);
    await alone.close();
  });

  it('shows a result within 100 ms of hearing of it, on the till that is sold', async () => {
    const { page: alone } = await look(stage.tillUrl(), { width: 1366, height: 768 });
    await sees(alone, '先输金额，再扫码');
    await picture(alone, 'till-1366');
    const resultMs = await watchResults(alone);
    for (const amount of ['3', '4', '5']) {
      await typeAmount(alone, amount);
      await typeAsScanner(alone, freshWalletCode('unionpay'));
      await sees(alone, '收款成功', `${amount}.00`);
    }
    await picture(alone, 'paid-1366');
    const elapsedMs = await resultMs();
    measured['from the result to its colour, ms'] = elapsedMs;
    expect(Math.min(...elapsedMs)).toBeLessThan(resultMsMax);
    await alone.keyboard.press('Enter');
    await alone.keyboard.press('F10');
    await sees(alone, '每小时收款', '全部已上传');
    await picture(alone, 'today-1366');
    await alone.keyboard.press('F5');
    await sees(alone, '补打小票');
    await picture(alone, 'orders-1366');
    await alone.keyboard.press('Escape');
    await alone.keyboard.press('Escape');
    await typeAmount(alone, '38.5');
    await picture(alone, 'till-amount-1366');
    await alone.keyboard.press('Escape');
    await alone.close();
  });

  it('shows the customer his page and the developer the API', async () => {
    const member = stage.shop.members[0]!;
    const link = await stage.operator.call<{ path: string }>(
      'POST',
      `/admin/v1/members/${member.memberId}/page-link`,
      {},
    );
    const { page: code } = await look(stage.cloudOrigin() + link.path);
    await sees(code, '会员码', '138****0001', '换一个码');
    await picture(code, 'member-page');
    const { page: docs } = await look(`${stage.cloudOrigin()}/docs`, { width: 1366, height: 768 });
    await sees(docs, 'Greentill cloud', '/v1/charges');
    await docs.getByText('/v1/charges', { exact: true }).first().click();
    await sees(docs, '/v1/charges/{orderId}/{attempt}/cancel');
    await picture(docs, 'docs');
  });

  it('keeps every switch of the counter in sight on a small screen, and opens the till beside it', async () => {
    const { page: small } = await look(stage.counter.url, { width: 1366, height: 768 });
    await sees(small, '虚拟柜台', '打开收银台');
    for (const name of ['网络', '盒子流量', '打印机的线', '盒子的线', '打印纸', '钱箱']) {
      const box = await small.getByRole('switch', { name }).boundingBox();
      expect((box?.y ?? 0) + (box?.height ?? Infinity)).toBeLessThan(768);
    }
    expect(await small.locator('iframe').count()).toBe(0);
    await picture(small, 'counter-1366');
    const tab = small.waitForEvent('popup');
    await small.getByRole('link', { name: '打开收银台' }).click();
    await sees(await tab, '先输金额，再扫码');
  });

  it('asked nobody but this machine for anything, and met no error in any window', () => {
    const hosts = opened.flatMap((seen) => seen.requests.map((url) => new URL(url).hostname));
    expect(hosts.length).toBeGreaterThan(50);
    expect(new Set(hosts)).toEqual(new Set(['127.0.0.1']));
    // A refused claim is an answer of the cloud; the browser writes it down all the same.
    const faults = opened.flatMap((seen) => seen.faults);
    expect(faults.filter((fault) => !fault.includes('409 (Conflict)'))).toEqual([]);
    expect(stage.bench.printer.unknownCommands()).toEqual([]);
    expect(stage.bench.display.strayByteCount()).toBe(0);
  });
});
