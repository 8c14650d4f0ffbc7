import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { makePointsFinal } from '#cloud/points/final-points.ts';
import { issuePendingPoints } from '#cloud/points/issue-points.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { fundWith, orderOf, paidOrder } from '#cloud/points/testing/points-fixtures.ts';
import { listPolicyVersions } from '#cloud/policy/policy-versions.ts';
import { createManualClock, type ManualClock } from '#shared/testing/manual-clock.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';

let cloud: TestCloud;
let app: CloudApp;
let clock: ManualClock;
const keys: string[] = [];

/** 20 March 2026; two people whose keys are older than a day. */
beforeAll(async () => {
  clock = createManualClock(dayStartMs('2026-03-18'));
  cloud = await createTestCloud({ clock });
  app = await buildTestApp(cloud);
  for (const name of ['陈', '王']) {
    const made = await send('persons', { name });
    keys.push(made.json<{ key: string }>().key);
  }
  clock.advance(2 * 86_400_000);
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

const send = (path: string, payload?: object, person?: number) =>
  app.inject({
    method: payload === undefined ? 'GET' : 'POST',
    url: `/admin/v1/${path}`,
    headers: {
      authorization: `Bearer ${cloud.deps.operatorToken}`,
      ...(person === undefined ? {} : { 'x-person-key': keys[person] }),
    },
    ...(payload === undefined ? {} : { payload }),
  });
const propose = (changes: object, effectivePeriod: string, query = '', person = 0) =>
  send(
    `policy/proposals${query}`,
    { changes, effectivePeriod, why: 'decided by the committee' },
    person,
  );
const end = (no: number, word: string, person: number, query = '') =>
  send(`policy/proposals/${no}/${word}${query}`, { note: 'looked at it' }, person);

interface Proposed {
  readonly proposal: { readonly proposalNo: number };
  readonly preview: { readonly before: object; readonly after: object } | null;
}
const codeOf = (answer: { json: () => unknown; statusCode: number }) => [
  answer.statusCode,
  (answer.json() as { code?: string }).code,
];
const counts = async () => {
  const { rows } = await cloud.deps.db.execute(sql`
    select (select count(*) from policy_proposal) as proposals,
           (select count(*) from points_config_version) as versions`);
  return rows[0];
};

describe('a change of the rules', () => {
  it('of the length of a period may be proposed while nobody has final points, and withdrawn', async () => {
    const answer = await propose({ periodKind: 'week' }, '2026-W12');
    expect(answer.statusCode).toBe(201);
    const no = answer.json<Proposed>().proposal.proposalNo;
    expect((await end(no, 'withdraw', 0)).json()).toMatchObject({ state: 'withdrawn' });
  });

  it('is nothing without a personal key, and nothing outside the legal ranges', async () => {
    const { operatorId, db } = cloud.deps;
    await db.transaction(async (tx) => {
      await issuePendingPoints(tx, [paidOrder(operatorId, 1, { day: '2026-03-02', member: 1 })]);
      await makePointsFinal(tx, { operatorId, orderIds: [orderOf(1)], asOf: '2026-03-09' });
    });
    const nobody = await send('policy/proposals', {
      changes: { referralBp: 400 },
      effectivePeriod: '2026-04',
      why: 'decided by nobody',
    });
    expect(codeOf(nobody)).toEqual([403, 'person-key-invalid']);
    const loose = await propose({ gateGrowthBp: 1400 }, '2026-04');
    expect(codeOf(loose)).toEqual([422, 'policy-out-of-range']);
    expect(loose.json<{ detail: string }>().detail).toBe(
      'gateGrowthBp is 1400, legal is 1500 to 10000',
    );
    const early = await propose({ referralBp: 400 }, '2026-03');
    expect(codeOf(early)).toEqual([422, 'policy-notice-too-short']);
    expect(early.json<{ detail: string }>().detail).toBe('not before 2026-04-01');
    expect(codeOf(await propose({ periodKind: 'week' }, '2026-W12'))).toEqual([
      409,
      'period-kind-fixed',
    ]);
    expect(codeOf(await propose({ secret: 1 }, '2026-04'))).toEqual([400, 'request-invalid']);
  });

  it('stores nothing in a dry run', async () => {
    const before = await counts();
    const answer = await propose({ referralBp: 400 }, '2026-04', '?dryRun=1');
    expect(answer.json()).toMatchObject({
      proposal: { changes: [{ key: 'referralBp', from: 500, to: 400 }] },
      preview: null,
    });
    expect(await counts()).toEqual(before);
  });

  it('is approved by another person, once, and is in force from the next period', async () => {
    const { operatorId, db } = cloud.deps;
    const made = (await propose({ referralBp: 400 }, '2026-04')).json<Proposed>();
    const no = made.proposal.proposalNo;
    expect(codeOf(await end(no, 'approve', 0))).toEqual([409, 'policy-same-person']);
    expect((await end(no, 'approve', 1, '?dryRun=1')).json()).toMatchObject({ state: 'approved' });
    expect((await end(no, 'approve', 1)).json()).toMatchObject({ state: 'approved', version: 1 });
    expect(codeOf(await end(no, 'approve', 1))).toEqual([409, 'policy-proposal-ended']);
    const at = async (period: string) =>
      (await pointsConfigAt(db, { operatorId, period })).config.referralBp;
    expect([await at('2026-03'), await at('2026-03-31'), await at('2026-04-01')]).toEqual([
      500, 500, 400,
    ]);
  });

  it('that switches the preset waits 30 days, and the list says who, when and what', async () => {
    const early = await propose({ gateMeasure: 'period_inflow' }, '2026-04');
    expect(early.json<{ detail: string }>().detail).toBe('not before 2026-05-01');
    const mature = (await propose({ gateMeasure: 'period_inflow' }, '2026-05')).json<Proposed>();
    const other = (await propose({ marginBp: 1400 }, '2026-05')).json<Proposed>();
    await end(mature.proposal.proposalNo, 'approve', 1);
    // Made for the version before: its approver saw other rules.
    expect(codeOf(await end(other.proposal.proposalNo, 'approve', 1))).toEqual([
      409,
      'policy-proposal-ended',
    ]);
    const policy = (await send('policy')).json<{ versions: object[] }>();
    expect(policy).toMatchObject({ version: 0, preset: 'seed' });
    expect(policy.versions).toMatchObject([
      {
        version: 2,
        preset: 'mature',
        effectiveFrom: '2026-05-01',
        changes: [{ key: 'gateMeasure', from: 'outstanding', to: 'period_inflow' }],
        announcedAtMs: clock.nowMs(),
      },
      { version: 1, preset: 'seed', effectiveFrom: '2026-04-01' },
    ]);
  });

  it('lists its versions page by page, and each says what it changed, also the last one of a page', async () => {
    const { db, operatorId } = cloud.deps;
    const page = (before?: number) => listPolicyVersions(db, { operatorId, limit: 1, before });
    const [newest] = await page();
    expect(newest).toMatchObject({
      version: 2,
      changes: [{ key: 'gateMeasure', from: 'outstanding', to: 'period_inflow' }],
    });
    expect(await page(2)).toMatchObject([{ version: 1 }]);
    expect(await page(1)).toEqual([]);
    const asked = await send('policy?before=2');
    expect(asked.json()).toMatchObject({ versions: [{ version: 1 }] });
    expect((await send('policy?before=0')).statusCode).toBe(400);
  });

  it('shows before it is approved what the last close would have been', async () => {
    const { operatorId, db } = cloud.deps;
    clock.advance(70 * 86_400_000);
    await db.transaction((tx) => fundWith(tx, operatorId, { key: 'f', amountFen: 650 }));
    const closed = await send('period-closes', { period: '2026-03' });
    expect(closed.json()).toMatchObject({ isNew: true });
    const answer = await propose({ coverageBp: 4000 }, '2026-06', '?dryRun=1');
    const { preview } = answer.json<Proposed>();
    const stored = (await send('period-closes/2026-03')).json<{ multBp: number }>();
    expect(preview!.before).toMatchObject({
      multBp: stored.multBp,
      gateReason: 'no-previous-pool',
    });
    // (10000 * 650 - 3000 * 1950) / 50 = 13000; at 4000 the fund bears less than the minimum.
    expect(preview!.before).toMatchObject({ multBp: 13_000, binding: 'coverage' });
    expect(preview!.after).toMatchObject({ binding: 'coverage-below-minimum' });
  });
});
