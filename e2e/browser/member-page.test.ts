import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import encodeQR from 'qr';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { verifyEd25519 } from '#cloud/members/member-codes.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, admin, consent } from '#cloud/platform/testing/test-terminal.ts';
import { genuineMemberCode } from '#shared/member/verify-member-code.ts';
import { getOrThrow } from '#shared/result/result.ts';

/** The member's own page in a real browser, against the real cloud: what a phone shows with and without a network. */
let cloud: TestCloud;
let app: CloudApp;
let origin: string;
let path: string;
let memberId: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let phones = 0;

beforeAll(async () => {
  cloud = await createTestCloud();
  app = await buildTestApp(cloud);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
  });
}, 60_000);
afterAll(async () => {
  await browser.close();
  await app.close();
  await cloud.close();
});
beforeEach(async () => {
  phones += 1;
  const operator = { origin, operatorToken: testOperatorToken };
  const till = await activateTestTerminal(operator);
  const { body } = await till.post('/v1/members', { phone: `1380000000${phones}`, consent });
  memberId = String(body['memberId']);
  const link = `/admin/v1/members/${memberId}/page-link`;
  path = String((await admin(operator, link, undefined)).body['path']);
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(() => context.close());

async function shown(form: 'two-layer' | 'bearer'): Promise<string> {
  await page.waitForSelector(`html[data-form="${form}"]`, { timeout: 15_000 });
  return (await page.locator('#qr').getAttribute('data-code')) ?? '';
}

/** Waits for another code than `before`. */
async function nextAfter(before: string): Promise<string> {
  await page.waitForFunction(
    (code) => document.getElementById('qr')?.dataset['code'] !== code,
    before,
  );
  return await shown('two-layer');
}

const read = (code: string) =>
  getOrThrow(
    genuineMemberCode({
      code,
      keys: cloud.deps.keys.issuer.accepted.map(({ keyId, pair }) => ({ keyId, ...pair })),
      verify: verifyEd25519,
    }),
  );

test('a phone signs its codes, renews them, and shows them without a network, also after it was opened anew', async () => {
  await page.clock.install();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(origin + path);
  const first = await shown('two-layer');
  expect(read(first)).toMatchObject({ memberId, moment: { counter: 1 } });
  const svg = encodeQR(first, 'svg', { encoding: 'numeric', ecc: 'low' });
  const drawn = `encodeQr(byId('qr').dataset.code, 'svg', { encoding: 'numeric', ecc: 'low' })`;
  expect(await page.evaluate<string>(drawn)).toBe(svg);
  await page.clock.runFor(30_000);
  const second = await nextAfter(first);
  expect(read(second)).toMatchObject({ moment: { counter: 2 } });
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.waitForFunction(() => caches.has('member-page-1'));
  await page.waitForFunction(async () => (await caches.match(location.pathname)) !== undefined);
  await context.setOffline(true);
  await page.clock.runFor(30_000);
  const third = await nextAfter(second);
  await page.reload();
  const fourth = await shown('two-layer');
  expect([third, fourth].map((code) => read(code).moment?.counter)).toEqual([3, 4]);
  expect(read(fourth).certificateId).toBe(read(first).certificateId);
  expect(errors).toEqual([]);
}, 60_000);

test('the key cannot leave the phone', async () => {
  await page.goto(origin + path);
  await shown('two-layer');
  const refused = await page.evaluate<string>(
    `readDevice().then((row) => crypto.subtle.exportKey('pkcs8', row.privateKey)).then(() => 'exported', (e) => e.name)`,
  );
  expect(refused).toBe('InvalidAccessError');
}, 30_000);

test('the bearer form, when the member asks for it, and where the browser has no Ed25519', async () => {
  await page.goto(origin + path);
  await shown('two-layer');
  await page.locator('#form').click();
  expect(read(await shown('bearer'))).toMatchObject({ memberId, moment: undefined });
  const old = await browser.newContext();
  await old.addInitScript(
    `SubtleCrypto.prototype.generateKey = () => Promise.reject(new Error('NotSupportedError'))`,
  );
  page = await old.newPage();
  await page.goto(origin + path);
  expect(read(await shown('bearer'))).toMatchObject({ memberId, moment: undefined });
  await old.close();
}, 30_000);

test('a phone that was stopped shows no codes of its own any more', async () => {
  await page.goto(origin + path);
  await shown('two-layer');
  const operator = { origin, operatorToken: testOperatorToken };
  await admin(operator, `/admin/v1/members/${memberId}/revoke-codes`, { reason: 'lost phone' });
  await page.evaluate(`change((row) => ({ ...row, fetchedAtMs: 0 }))`);
  await page.reload();
  await shown('bearer');
}, 30_000);
