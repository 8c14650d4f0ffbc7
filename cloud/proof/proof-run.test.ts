import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyText } from '#cloud/identity/ed25519.ts';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
import { makePerson } from '#cloud/persons/operator-persons.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { fundWith, usePilotConfig } from '#cloud/points/testing/points-fixtures.ts';
import { proveNightly } from '#cloud/proof/proof-run.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';

const hourMs = 3_600_000;
const clock = createManualClock(dayStartMs('2026-03-20') + hourMs);
let cloud: TestCloud;
let app: CloudApp;

beforeAll(async () => {
  cloud = await createTestCloud({ clock });
  app = await buildTestApp(cloud);
  const { db, operatorId } = cloud.deps;
  for (const name of ['王会计', '李经理']) keys.push((await makePerson(cloud.deps, name)).key);
  await db.transaction(async (tx) => {
    await usePilotConfig(tx, operatorId);
    await fundWith(tx, operatorId, { key: 'fund', amountFen: 70_000 });
  });
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

const keys: string[] = [];
const send = async (method: 'GET' | 'POST', path: string, payload?: object, person?: number) => {
  const answer = await app.inject({
    method,
    url: `/admin/v1/${path}`,
    headers: {
      authorization: `Bearer ${cloud.deps.operatorToken}`,
      ...(person === undefined ? {} : { 'x-person-key': keys[person] }),
    },
    ...(payload === undefined ? {} : { payload }),
  });
  return { status: answer.statusCode, body: answer.json<Record<string, never>>() };
};
const moveFund = (fen: number) =>
  cloud.deps.db.execute(
    sql`update ledger_balance set balance_fen = balance_fen + ${fen} where account = 'fund_free'`,
  );
const standing = () =>
  cloud.deps.db.transaction((tx) => standingReasons(tx, cloud.deps.operatorId));
const day = { period: '2026-02', day: '2026-03-05' };

describe('the nightly proofs', () => {
  test('run once in the night of every day, at three o’clock in Shanghai', async () => {
    expect(await proveNightly(cloud.deps)).toBe(0);
    clock.advance(2 * hourMs);
    expect(await proveNightly(cloud.deps)).toBe(1);
    expect(await proveNightly(cloud.deps)).toBe(0);
    expect(await standing()).toEqual([]);
  });

  test('one fen that is in a balance and in no entry holds releases, once however often it is found', async () => {
    await moveFund(1);
    clock.advance(24 * hourMs);
    expect(await proveNightly(cloud.deps)).toBe(1);
    const broken = ['proof:balances-equal-entries', 'proof:cash-covers-vouchers'];
    expect((await standing()).toSorted()).toEqual(broken);
    await send('POST', 'proof-runs');
    expect(await standing()).toHaveLength(2);
    const { body } = await send('GET', 'release-holds');
    expect(body).toMatchObject({ holds: [{ liftedAtMs: null }, { liftedAtMs: null }] });
  });
});

describe('a hold', () => {
  test('stops the release, and outlives the repair of the books', async () => {
    expect(await send('POST', 'period-closes', { period: '2026-01' })).toMatchObject({
      status: 200,
    });
    expect(await send('POST', 'period-closes', { period: '2026-02' })).toMatchObject({
      status: 200,
    });
    await moveFund(-1);
    expect((await send('POST', 'proof-runs')).body).toMatchObject({ holds: true });
    const refused = await send('POST', 'release-runs', day);
    expect(refused).toMatchObject({ status: 409, body: { code: 'release-held' } });
    expect(JSON.stringify(refused.body)).toContain('proof:balances-equal-entries');
  });

  test('is lifted once, by two people of the operator and for a reason', async () => {
    const why = '手工调整的一分钱已更正，复核无误';
    // Whoever holds the token alone, with any name he likes, lifts nothing.
    const typed = { liftedBy: '王会计', why };
    expect((await send('POST', 'release-holds/1/lift', typed)).status).toBe(400);
    expect((await send('POST', 'release-holds/1/lift', { why })).status).toBe(403);
    expect((await send('POST', 'release-holds/1/lift', { why: '' }, 0)).status).toBe(400);
    expect((await send('POST', 'release-holds/9/lift', { why }, 0)).status).toBe(404);
    for (const holdNo of [1, 2]) {
      const { status, body } = await send('POST', `release-holds/${holdNo}/lift`, { why }, 0);
      expect(status).toBe(202);
      const agree = `acts/${String(body['actNo'])}/agree`;
      const note = '我也看过了';
      // One alone does not lift it, whatever he says and however often.
      expect(await send('POST', agree, { note }, 0)).toMatchObject({
        status: 409,
        body: { code: 'policy-same-person' },
      });
      expect(await standing()).toHaveLength(3 - holdNo);
      expect(await send('POST', agree, { note }, 1)).toMatchObject({ status: 200 });
      expect(await send('POST', agree, { note }, 1)).toMatchObject({ status: 409 });
    }
    expect(await standing()).toEqual([]);
    expect((await cloud.deps.metrics.releaseHolds.get()).values).toMatchObject([{ value: 0 }]);
    expect((await send('POST', 'release-holds/1/lift', { why }, 0)).status).toBe(404);
    const { body } = await send('GET', 'release-holds');
    const both = expect.stringMatching(/^prs_\w+ prs_\w+$/);
    expect(body).toMatchObject({ holds: [1, 2].map(() => ({ liftedBy: both, liftedWhy: why })) });
    expect(await send('POST', 'release-runs', day)).toMatchObject({ status: 200 });
  });

  test('of a fen that is found at the very release stops that release', async () => {
    await moveFund(1);
    const next = { ...day, day: '2026-03-06' };
    expect(await send('POST', 'release-runs', next)).toMatchObject({ status: 409 });
    expect(await standing()).toHaveLength(2);
    const runs = await cloud.deps.db.execute(sql`select day from release_run`);
    expect(runs.rows).toHaveLength(1);
  });
});

describe('the seals of the books', () => {
  test('are exported for whoever audits, the newest signed by the key that is named', async () => {
    const { body } = await send('GET', 'ledger-seals?afterRun=0');
    const { runs, keyId } = body as unknown as {
      readonly keyId: string;
      readonly runs: readonly { runNo: number; hash: string; signature: string }[];
    };
    expect(keyId).toBe(cloud.deps.keys.seal.publicKey);
    const last = runs.at(-1)!;
    const signature = Buffer.from(last.signature, 'base64url');
    const text = `greentill/ledger-seal-run/1 ${last.hash}`;
    expect(verifyText({ publicKey: keyId, text, signature })).toBe(true);
    const seals = await send('GET', `ledger-seals/${last.runNo}/books`);
    expect(seals.body).toMatchObject({ seals: [{ book: '', rowsCount: expect.any(Number) }] });
    expect((await send('GET', `ledger-seals?afterRun=${last.runNo}`)).body).toMatchObject({
      runs: [],
    });
  });

  test('that no longer fit hold the release, as every broken law does', async () => {
    expect(await standing()).toHaveLength(2);
    await moveFund(-1);
    const login = cloud.deps.db;
    await login.execute(sql`alter table ledger_txn disable trigger all`);
    await login.execute(sql`update ledger_txn set event_at_ms = event_at_ms + 1`);
    await login.execute(sql`alter table ledger_txn enable always trigger ledger_txn_append_only`);
    const next = { ...day, day: '2026-03-07' };
    expect(await send('POST', 'release-runs', next)).toMatchObject({ status: 409 });
    expect(await standing()).toContain('proof:journals-match-their-seals');
  });

  test('that cannot reach the end of the books hold it too', async () => {
    const { db, operatorId } = cloud.deps;
    const written = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const slow = db.transaction(async (tx) => {
      await fundWith(tx, operatorId, { key: 'slow', amountFen: 100 });
      written.resolve();
      await release.promise;
    });
    await written.promise;
    const { body } = await send('POST', 'proof-runs');
    release.resolve();
    await slow;
    expect(JSON.stringify(body)).toContain('a transaction that posts did not end');
    expect(await standing()).toContain('proof:books-are-sealed');
  }, 60_000);
});
