import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { registerActRoutes } from '#cloud/persons/act-routes.ts';
import { proposeAct, type Act, type ActKinds } from '#cloud/persons/acts.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import { actLifeMs } from '#cloud/persons/proposal-life.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';
import {
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import type { PersonId } from '#shared/ids/ids.ts';

import { createManualClock } from '#shared/testing/manual-clock.ts';
import { getOrThrow, ok } from '#shared/result/result.ts';

/** How long an act of two people waits, whatever it is about. */
const clock = createManualClock(1_790_000_000_000);
let cloud: TestCloud;
let app: CloudApp;
let one: { readonly personId: PersonId; readonly key: string };
let two: { readonly personId: PersonId; readonly key: string };
let done = 0;
const kinds: ActKinds = {
  'count-up': {
    execute() {
      done += 1;
      return Promise.resolve(ok({ done: true }));
    },
  },
};
beforeAll(async () => {
  cloud = await createTestCloud({ clock });
  app = await createHttpShell(cloud.deps);
  registerActRoutes(app, { ...cloud.deps, acts: kinds });
  one = await makePerson(cloud.deps, '王芳');
  two = await makePerson(cloud.deps, '李明');
  clock.advance(personAgeMsMin);
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

const propose = (subject: string) =>
  cloud.deps.db.transaction((tx) =>
    proposeAct(tx, kinds, {
      operatorId: cloud.deps.operatorId,
      by: one.personId,
      nowMs: clock.nowMs(),
      kind: 'count-up',
      subject,
      what: {},
      why: '试一试要不要另一个人',
    }),
  );
async function end(act: Act, word: 'agree' | 'withdraw' = 'agree') {
  const answer = await app.inject({
    method: 'POST',
    url: `/admin/v1/acts/${act.actNo}/${word}`,
    headers: { authorization: `Bearer ${testOperatorToken}`, 'x-person-key': two.key },
    payload: { note: '已核对' },
  });
  return { status: answer.statusCode, body: answer.json<Readonly<Record<string, unknown>>>() };
}
async function listed(state: string): Promise<readonly number[]> {
  const answer = await app.inject({
    url: `/admin/v1/acts?state=${state}`,
    headers: { authorization: `Bearer ${testOperatorToken}` },
  });
  return answer.json<{ acts: readonly Act[] }>().acts.map(({ actNo }) => actNo);
}

it('is agreed to until its last moment, and a moment later by nobody: it has lapsed, and nothing was done', async () => {
  const intime = getOrThrow(await propose('in time'));
  const late = getOrThrow(await propose('late'));
  clock.advance(actLifeMs);
  done = 0;
  expect(await end(intime)).toMatchObject({ status: 200, body: { state: 'done' } });
  expect(done).toBe(1);
  clock.advance(1);
  // Nobody has touched it: the list tells it all the same.
  expect(await listed('lapsed')).toEqual([late.actNo]);
  expect(await listed('proposed')).toEqual([]);
  for (const word of ['agree', 'agree', 'withdraw'] as const)
    expect(await end(late, word)).toMatchObject({
      status: 409,
      body: { code: 'person-act-lapsed' },
    });
  expect(done).toBe(1);
  const { rows } = await cloud.deps.db.execute(sql`
    select state, ended_by, ended_at_ms - proposed_at_ms as life from two_person_act
     where act_no = ${late.actNo}`);
  expect(rows).toEqual([{ state: 'lapsed', ended_by: null, life: actLifeMs }]);
});

it('is told with the names of who proposed it and who ended it', async () => {
  const act = getOrThrow(await propose('named'));
  expect(act).toMatchObject({ proposedByName: '王芳', endedByName: null });
  expect(await end(act)).toMatchObject({
    body: { proposedBy: one.personId, proposedByName: '王芳', endedByName: '李明' },
  });
  const answer = await app.inject({
    url: '/admin/v1/acts',
    headers: { authorization: `Bearer ${testOperatorToken}` },
  });
  expect(answer.json<{ acts: readonly Act[] }>().acts[0]).toMatchObject({
    actNo: act.actNo,
    proposedByName: '王芳',
    endedBy: two.personId,
    endedByName: '李明',
  });
});

it('one that lapsed does not stand in the way of the same, proposed anew', async () => {
  const first = getOrThrow(await propose('again'));
  expect(await propose('again')).toMatchObject({ ok: false });
  clock.advance(actLifeMs + 1);
  const second = getOrThrow(await propose('again'));
  expect(second.actNo).toBe(first.actNo + 1);
  expect(await end(first)).toMatchObject({ body: { code: 'person-act-lapsed' } });
  expect(await end(second)).toMatchObject({ status: 200 });
});

it('planted violation: the database takes no end in nobody’s name', async () => {
  const act = getOrThrow(await propose('planted'));
  const planted = cloud.deps.db.execute(sql`
    update two_person_act set state = 'withdrawn', ended_at_ms = 1 where act_no = ${act.actNo}`);
  await expect(planted).rejects.toMatchObject({
    cause: { constraint: 'two_person_act_lapsed_check' },
  });
});
