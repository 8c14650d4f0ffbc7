import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { err, ok } from '#shared/result/result.ts';
import { enqueueOutbox, outboxAttemptsMax, runOutboxOnce } from '#cloud/platform/outbox.ts';
import { createTestCloud, type TestCloud } from '#cloud/platform/testing/test-cloud.ts';

let cloud: TestCloud;
let shiftMs = 0;
beforeAll(async () => {
  const clock = { nowMs: () => Date.now() + shiftMs, monotonicMs: () => performance.now() };
  cloud = await createTestCloud({ clock });
  await cloud.deps.db.execute(sql`create table done (effect_key text primary key)`);
});
afterAll(() => cloud.close());

const enqueue = (topic: string, keys: readonly string[]) =>
  cloud.deps.db.transaction((tx) =>
    enqueueOutbox(tx, {
      entries: keys.map((effectKey) => ({
        operatorId: cloud.deps.operatorId,
        topic,
        effectKey,
        payload: { effectKey },
        dueAtMs: 0,
      })),
      nowMs: 0,
    }),
  );
const left = async (topic: string) =>
  (
    await cloud.deps.db.execute(
      sql`select effect_key, state, attempts, last_error from outbox where topic = ${topic}`,
    )
  ).rows;

test('an effect enqueued twice and worked by four workers at once happens once', async () => {
  const keys = Array.from({ length: 120 }, (_, index) => `k${index}`);
  await enqueue('once', keys);
  await enqueue('once', keys);
  const handlers = {
    once: async (tx: Parameters<typeof enqueueOutbox>[0], job: { effectKey: string }) => {
      await tx.execute(sql`insert into done values (${job.effectKey})`);
      return ok(undefined);
    },
  };
  const worker = async () => {
    while ((await runOutboxOnce(cloud.deps, handlers)) > 0);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  expect((await cloud.deps.db.execute(sql`select count(*) as n from done`)).rows).toEqual([
    { n: 120 },
  ]);
  expect(await left('once')).toEqual([]);
});

test('a job that fails is undone and tried again; poison is parked with its reason and blocks nobody', async () => {
  await enqueue('poison', ['bad', 'good']);
  const handlers = {
    poison: async (tx: Parameters<typeof enqueueOutbox>[0], job: { effectKey: string }) => {
      await tx.execute(sql`insert into done values (${`poison-${job.effectKey}`})`);
      return job.effectKey === 'bad' ? err({ reason: 'no such account' }) : ok(undefined);
    },
  };
  for (let tries = 0; tries < outboxAttemptsMax + 2; tries += 1) {
    await runOutboxOnce(cloud.deps, handlers);
    shiftMs += 3_600_000;
  }
  expect(await left('poison')).toEqual([
    {
      effect_key: 'bad',
      state: 'parked',
      attempts: outboxAttemptsMax,
      last_error: 'no such account',
    },
  ]);
  const { rows } = await cloud.deps.db.execute(
    sql`select effect_key from done where effect_key like 'poison%'`,
  );
  expect(rows).toEqual([{ effect_key: 'poison-good' }]);
});
