import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leastOfRounds } from '#shared/testing/least-of-rounds.ts';
import { findBrowser, launchBrowser } from '../../terminal/renderer/testing/browser.ts';
import { findOverflow } from '../../terminal/renderer/testing/page-checks.ts';
import { setOwnerPin } from '../stage/owner-pin.ts';
import { ensureRenderer } from '../stage/renderer-build.ts';
import { freePorts, openStage, stageOpenMsMax, type Stage } from '../stage/stage.ts';
import { connectTill } from '../stage/till-client.ts';
import { openAt, sees, typeAmount, type Opened } from './surface.ts';

const executablePath = findBrowser();
const suiteName =
  executablePath === undefined
    ? 'goods on trust: skipped, neither CHROMIUM_PATH nor chromium nor google-chrome is there'
    : 'goods on trust, from the outage to the money';
const pin = '604817';
const viewport = { width: 1366, height: 768 };
/** From the cable to the words on the screen. */
const outageMsMax = 3_000;
/** Words that would call it a payment. */
const paidWords = /收款成功|已收款|已到账|支付成功|现金已收/u;

interface Listed {
  readonly promises: readonly {
    readonly orderId: string;
    readonly state: string;
    readonly flag: string | null;
    readonly kept: { readonly how: string } | null;
  }[];
}

/** Real programs, a real cable, a real kill: each test goes on where the one before it ended. */
describe.skipIf(executablePath === undefined)(suiteName, { timeout: 90_000 }, () => {
  let folder: string;
  let stage: Stage;
  let browser: Browser;
  let window: Opened;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'greentill-on-trust-'));
    await ensureRenderer();
    stage = await openStage({ folder, ports: freePorts });
    browser = await launchBrowser(executablePath!);
    window = await openAt(browser, stage.tillUrl(), viewport);
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
  const today = () => withTill((till) => till.must('today.get', {}));
  const listed = () =>
    stage.operator.call<Listed>('GET', `/admin/v1/merchants/${stage.shop.merchantId}/promises`);
  const papers = (): readonly string[] =>
    stage.bench.printer.receipts().map((receipt) => receipt.lines.join('\n'));

  it('says within 3 s of the outage what still works, and what is left of each', async () => {
    const { page } = window;
    await sees(page, '网络正常');
    await withTill((till) => setOwnerPin(till, pin));
    const measure = async (): Promise<number> => {
      const cutAt = performance.now();
      await stage.network.turn(false);
      await sees(page, '网断了，还可以这样收', '刷卡盒子', '现金', '会员离线码');
      await sees(page, '赊账 店码', '剩余可赊 ¥2,000、50 笔');
      return performance.now() - cutAt;
    };
    const restore = async (): Promise<void> => {
      await stage.network.turn(true);
      await sees(page, '网络正常');
    };
    const shownMs = await leastOfRounds({ limitMs: outageMsMax, measure, restore });
    expect(shownMs).toBeLessThan(outageMsMax);
    expect(await findOverflow(page)).toEqual([]);
  });

  it('takes an IOU with a name and the owner, and calls it unpaid on the screen and on paper', async () => {
    const { page } = window;
    await typeAmount(page, '38.5');
    await page.keyboard.press('F1');
    await sees(page, '先让顾客拿走，钱后收');
    await page.keyboard.insertText('王阿姨');
    await page.keyboard.press('Enter');
    await page.locator('.pin-sheet').waitFor();
    await typeAmount(page, pin);
    await page.keyboard.press('Enter');
    await sees(page, '已记赊账', '未收款', '王阿姨', '剩余可赊 ¥1,961.50，49 笔');
    expect(await page.locator('.overlay').innerText()).not.toMatch(paidWords);
    await expect.poll(() => papers().length, { timeout: 15_000 }).toBe(1);
    expect(papers()[0]).toMatch(/赊账（未收款）[^]*王阿姨[^]*赊账人签名/u);
    expect(papers()[0]).not.toMatch(paidWords);
  });

  it('killed with the promise on its screen, the till has it still, and no room came back', async () => {
    await stage.killTill();
    await window.page.close();
    await stage.startTill();
    window = await openAt(browser, stage.tillUrl(), viewport);
    await sees(window.page, '剩余可赊 ¥1,961.50、49 笔');
    expect(await today()).toMatchObject({
      turnoverFen: 0,
      promises: { iouFen: 3_850, openCount: 1, keptFen: 0 },
    });
  });

  it('reaches the cloud unpaid when the line is back: no turnover, nothing booked', async () => {
    await stage.network.turn(true);
    await withTill((till) =>
      till.statusWhere('all sent', ({ online, unsentCount }) => online && unsentCount === 0),
    );
    await expect
      .poll(async () => (await listed()).promises, { timeout: 15_000 })
      .toMatchObject([{ state: 'promised', flag: null, kept: null }]);
  });

  it('is kept by one press among the exceptions, opens the drawer, and counts on its own line', async () => {
    const { page } = window;
    await page.keyboard.press('F10');
    await sees(page, '1 件要处理', '王阿姨', '货已拿走，钱还没收到；收到后请在这里登记');
    await page.getByRole('button', { name: '收到现金' }).click();
    await sees(page, '已登记，账本里有你的名字', '今天收回 ¥38.50', '没有要处理的');
    expect(await today()).toMatchObject({
      turnoverFen: 0,
      cashFen: 0,
      promises: { iouFen: 0, openCount: 0, keptFen: 3_850, keptCashFen: 3_850, keptCount: 1 },
    });
    await expect
      .poll(async () => (await listed()).promises, { timeout: 15_000 })
      .toMatchObject([{ state: 'promise-kept', kept: { how: 'cash' } }]);
    const { rows } = await withTill((till) => till.must('exceptions.handled', {}));
    expect(rows).toMatchObject([
      { action: 'cash', amountFen: 3_850 },
      { code: 'owner-pin-first-set' },
    ]);
    const { orderId } = (await listed()).promises[0]!;
    await withTill((till) => till.must('orders.reprint', { orderId }));
    await expect.poll(() => papers().length, { timeout: 15_000 }).toBe(2);
    expect(papers()[1]).toMatch(/补打[^]*赊账已收回[^]*收回方式 +现金/u);
    expect(window.faults).toEqual([]);
  });
});
