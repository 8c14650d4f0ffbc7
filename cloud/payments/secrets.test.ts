import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildApp } from '#cloud/app.ts';
import { cancelCharge, startCharge } from '#cloud/payments/charge.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import { breakerRules } from '#cloud/payments/routing/breaker-machine.ts';
import { dumpDatabase } from '#cloud/payments/testing/dump-database.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createLogger } from '#cloud/platform/logger.ts';
import { testOperatorToken } from '#cloud/platform/testing/test-cloud.ts';
import type { OrderId } from '#shared/ids/ids.ts';

let bench: PaymentBench;
let app: CloudApp;
const lines: string[] = [];
const logger = createLogger({ level: 'trace', stream: { write: (line) => lines.push(line) } });
beforeAll(async () => {
  bench = await createPaymentBench();
  const payments = { ...bench.deps, logger };
  app = await buildApp({ ...bench.cloud.deps, logger }, { payments, onJournalTaken: () => {} });
});
afterAll(async () => {
  await app.close();
  await bench.close();
});

const wallets = { wechat: '13', alipay: '28', unionpay: '62' } as const;
const suffixes = ['01', '03', '04', '07', '12', '13', '14'] as const;

it('no code, key or payer stands in any table, in the log at its loudest, or in the OpenAPI page', async () => {
  const deps = { ...bench.deps, logger };
  const secrets: string[] = [...bench.secrets, testOperatorToken];
  // A payer whom the channel names: only a keyed hash of him is kept.
  const payerId = '77755555';
  for (const [wallet, start] of Object.entries(wallets) as [keyof typeof wallets, string][])
    for (const suffix of suffixes) {
      const length = wallet === 'unionpay' ? 7 : 6;
      const authCode = `${start}${payerId}${String(secrets.length).padStart(length, '0')}${suffix}`;
      secrets.push(authCode);
      await startCharge(deps, bench.till, bench.request(suffix, { wallet, authCode }));
    }
  await bench.runUntilQuiet();
  // Money that is found too late goes back: refunds of the machine are calls like all others.
  bench.clock.advance(breakerRules.refusedMs);
  const late = bench.request('07', { authCode: '134455667788990007' });
  secrets.push(late.authCode);
  await startCharge(deps, bench.till, late);
  await cancelCharge(deps, bench.till, {
    ...bench.till,
    orderId: late.orderId as OrderId,
    attempt: 1,
  });
  bench.clock.advance(8 * 86_400_000);
  while ((await runPaymentsOnce(deps)) > 0);
  await bench.runUntilQuiet();
  const { key } = await makePerson(bench.cloud.deps, '王芳');
  secrets.push(key);
  bench.clock.advance(personAgeMsMin);
  const decided = await app.inject({
    method: 'POST',
    url: `/admin/v1/charges/${late.orderId}/1/resolution`,
    headers: { authorization: `Bearer ${testOperatorToken}`, 'x-person-key': key },
    payload: { verdict: 'not-paid', evidence: '渠道后台查不到这笔交易' },
  });
  expect(decided.json()).toMatchObject({ code: 'resolution-impossible' });

  const dump = await dumpDatabase(bench.cloud.databaseUrl);
  const page = (await app.inject({ url: '/docs/json' })).body;
  const log = lines.join('');
  for (const place of [dump, page, log]) expect(place.length).toBeGreaterThan(200);
  const leaks = secrets.flatMap((secret) =>
    Object.entries({ dump, page, log }).flatMap(([place, text]) =>
      text.includes(secret) ? [`${place}: ****${secret.slice(-4)}`] : [],
    ),
  );
  expect(leaks).toEqual([]);
  expect(dump).not.toMatch(/-----BEGIN [A-Z ]*PRIVATE KEY/);
  expect(page).not.toMatch(/(?<![0-9a-zA-Z])(1[0-5]\d{16}|2[5-9]\d{14,22}|62\d{17})(?![0-9])/);
  // The planted proof that the tables of this room are in the dump at all.
  for (const table of ['channel_alarm', 'operator_person', 'payment_call', 'channel_quota_month'])
    expect(dump).toContain(`public.${table} `);
});

it('of every call of every kind the digest, the answer, the verdict and both times are kept', async () => {
  const { rows } = await bench.deps.db.execute<{ kind: string; calls: number; bare: number }>(sql`
    select kind, count(*) as calls, count(*) filter (where request_digest !~ '^[0-9a-f]{64}$'
        or raw_answer is null or signature is null or outcome is null or http_status is null
        or answered_at_ms is null or answered_at_ms < sent_at_ms) as bare
      from payment_call group by 1 order by 1`);
  expect(rows.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['charge', 'query', 'refund', 'reverse']),
  );
  for (const row of rows) expect(row).toMatchObject({ bare: 0 });
});
