import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actLifeMs } from '#cloud/persons/proposal-life.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { createManualClock, type ManualClock } from '#shared/testing/manual-clock.ts';
import { addDays, accountingDate, dayStartMs } from '#shared/time/calendar-day.ts';

/** What waits for a second person waits 72 hours: rules and the plan of the end like every act. */
let cloud: TestCloud;
let app: CloudApp;
let clock: ManualClock;
const people: { readonly key: string; readonly personId: string }[] = [];

const send = (path: string, payload?: object, person?: number, method?: 'DELETE') =>
  app.inject({
    method: method ?? (payload === undefined ? 'GET' : 'POST'),
    url: `/admin/v1/${path}`,
    headers: {
      authorization: `Bearer ${cloud.deps.operatorToken}`,
      ...(person === undefined ? {} : { 'x-person-key': people[person]!.key }),
    },
    ...(payload === undefined ? {} : { payload }),
  });
beforeAll(async () => {
  clock = createManualClock(dayStartMs('2026-03-01'));
  cloud = await createTestCloud({ clock });
  app = await buildTestApp(cloud);
  for (const name of ['陈', '王', '陈'])
    people.push((await send('persons', { name })).json<(typeof people)[number]>());
  clock.advance(2 * 86_400_000);
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

interface Waiting {
  readonly what: string;
  readonly path: string;
  readonly agree: string;
  readonly table: 'policy_proposal' | 'wind_down';
  /** Proposes and answers the number. */
  readonly propose: () => Promise<number>;
  readonly listed: () => Promise<readonly Record<string, unknown>[]>;
}
const note = { note: 'looked at it' };
const rules: Waiting = {
  what: 'a change of the rules',
  path: 'policy/proposals',
  agree: 'approve',
  table: 'policy_proposal',
  async propose() {
    const why = 'decided by the committee';
    const changes = { changes: { voucherDays: 60 }, effectivePeriod: '2026-09', why };
    const made = await send('policy/proposals', changes, 0);
    expect(made.statusCode, made.body).toBe(201);
    return made.json<{ proposal: { proposalNo: number } }>().proposal.proposalNo;
  },
  listed: async () =>
    (await send('policy/proposals')).json<{ proposals: Record<string, unknown>[] }>().proposals,
};
const end: Waiting = {
  what: 'the plan of a winding down',
  path: 'wind-down',
  agree: 'publish',
  table: 'wind_down',
  async propose() {
    const plan = {
      stopOn: addDays(accountingDate(clock.nowMs()), 60),
      planZh: '到期停止发放积分，已有券照常使用，余额按积分比例发放为券。',
      planEn: 'No new points from that day. Vouchers stay good. The fund is divided by points.',
    };
    const made = await send('wind-down', plan, 0);
    expect(made.statusCode, made.body).toBe(201);
    return made.json<{ planNo: number }>().planNo;
  },
  listed: async () => (await send('wind-down')).json<{ plans: Record<string, unknown>[] }>().plans,
};

describe.each([rules, end])('$what', ({ path, agree, table, propose, listed }) => {
  const lapsed = { code: 'person-act-lapsed' };

  it('that nobody agreed to within 72 hours has lapsed, is listed so, and is proposed anew', async () => {
    const no = await propose();
    const endedAtMs = clock.nowMs() + actLifeMs;
    clock.advance(actLifeMs + 1);
    expect((await listed())[0]).toMatchObject({ state: 'lapsed', endedBy: null, endedAtMs });
    for (const word of [agree, 'withdraw'])
      expect((await send(`${path}/${no}/${word}`, note, 1)).json()).toMatchObject(lapsed);
    const { rows } = await cloud.deps.db.execute(sql`
      select state, ended_by, ended_at_ms from ${sql.identifier(table)}`);
    expect(rows).toEqual([{ state: 'lapsed', ended_by: null, ended_at_ms: endedAtMs }]);
    const next = await propose();
    clock.advance(actLifeMs);
    expect((await listed())[0]).toMatchObject({ state: 'proposed', endedAtMs: null });
    expect((await send(`${path}/${next}/withdraw`, note, 1)).statusCode).toBe(200);
  });

  it('lapses for the next one too, with nobody touching it before', async () => {
    await propose();
    clock.advance(actLifeMs + 1);
    const no = await propose();
    expect((await listed())[0]).toMatchObject({ state: 'proposed' });
    expect((await send(`${path}/${no}/withdraw`, note, 1)).statusCode).toBe(200);
  });
});

it('whose proposer has left is agreed to no more, also not by his next key', async () => {
  const [policyNo, planNo] = [await rules.propose(), await end.propose()];
  const gone = await send(`persons/${people[0]!.personId}`, undefined, undefined, 'DELETE');
  expect(gone.statusCode).toBe(200);
  const ended = { code: 'policy-proposal-ended' };
  for (const { path } of [
    { path: `policy/proposals/${policyNo}/approve` },
    { path: `wind-down/${planNo}/publish` },
  ])
    expect((await send(path, note, 2)).json()).toMatchObject(ended);
  expect((await send(`wind-down/${planNo}/withdraw`, note, 2)).statusCode).toBe(200);
});
