import { sql } from 'drizzle-orm';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createPromotionBench,
  prices,
  type PromotionBench,
} from '#cloud/promotion/testing/promotion-bench.ts';
import { consent } from '#cloud/platform/testing/test-terminal.ts';
import { runPromotions } from '#cloud/promotion/promotion-worker.ts';
import { addDays } from '#shared/time/calendar-day.ts';

/** What a member's page says below the code, in a real browser against the real cloud. */
let bench: PromotionBench;
let browser: Browser;
let page: Page;
let memberId: string;

beforeAll(async () => {
  bench = await createPromotionBench();
  const till = await bench.shop(20_000);
  const asked = { phone: '13500000001', consent: { ...consent, shops: true } };
  memberId = String((await bench.post(till, '/v1/members', asked)).body['memberId']);
  const { db, operatorId } = bench.cloud.deps;
  const ends = addDays(bench.today(), 9);
  await db.execute(sql`
    insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen, expires_on)
    values (${operatorId}, 'vch_00000000000000000000000001', ${memberId}, '2026-02',
            ${bench.today()}::date, 650, 650, ${ends}::date)`);
  await db.execute(sql`
    insert into payer_link (operator_id, payer_hash, channel, member_id, source, linked_at_ms)
    values (${operatorId}, ${'ab12'.repeat(16)}, 'wechat', ${memberId}, 'claim', 1)`);
  const list = { effectiveOn: bench.today(), prices, why: 'the first list' };
  await bench.admin('promotion/price-lists', list, bench.personKey);
  for (const details of [
    { service: 'push-slot', text: '新到春茶，<b>欢迎</b>来品' },
    { service: 'traffic', text: '手工面馆，人民路 8 号' },
  ])
    await bench.post(till, '/v1/promotion/orders', {
      idemKey: `buy-${details.service}`,
      priceVersion: 1,
      details,
    });
  await runPromotions(bench.cloud.deps);
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  });
  page = await browser.newPage({ viewport: { width: 412, height: 900 } });
}, 60_000);
afterAll(async () => {
  await browser.close();
  await bench.close();
});

test('shows points, the voucher to use first, messages and shops as text; unlinks a wallet; keeps what he wants to hear', async () => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const { path } = await bench.admin(`members/${memberId}/page-link`, {});
  const origin = bench.app.listeningOrigin;
  await page.goto(origin + String(path));
  const sees = (text: string) => page.getByText(text).first().waitFor({ timeout: 15_000 });
  for (const text of ['待生效', '先用这张：¥6.50', '微信支付', '手工面馆']) await sees(text);
  // A shop's text is text.
  await sees('新到春茶，<b>欢迎</b>来品');
  await page.screenshot({
    path: process.env['PAGE_PICTURE'] ?? 'out/member-account.png',
    fullPage: true,
  });

  await page.getByText('不再关联').click();
  await page.waitForFunction(() => document.getElementById('payers-part')?.hidden === true);
  await page.locator('#hears-shops').uncheck();
  const wishes = async () => {
    const { rows } = await bench.cloud.deps.db.execute(sql`
      select hears_vouchers as vouchers, hears_shops as shops,
             (select count(*)::integer from payer_link p where p.member_id = m.member_id
                 and unlinked_at_ms is null) as wallets from member m`);
    return rows;
  };
  await expect.poll(wishes).toEqual([{ vouchers: true, shops: false, wallets: 0 }]);
  await page.locator('#language').click();
  await sees('Messages of shops, at most one a day');
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(412);
  expect(errors).toEqual([]);
}, 60_000);
