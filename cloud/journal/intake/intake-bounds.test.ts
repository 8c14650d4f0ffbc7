import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { epochsPerDayMax } from '#cloud/journal/intake/intake-bounds.ts';
import { quarantinePerDayMax } from '#cloud/journal/intake/quarantine.ts';
import { createTillJournal } from '#cloud/journal/testing/till-journal.ts';
import {
  activateTestTerminal,
  createTestJournal,
  type TestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

const path = '/v1/journal/batches';
const cloud = useTestCloud();

const newTerminal = () => activateTestTerminal(cloud);
const tick = () =>
  new Promise((resolve) => {
    setTimeout(resolve, 3);
  });

async function sell(terminal: TestTerminal, journal: TestJournal) {
  await tick();
  const { seq } = journal.append('caps.applied', { capsVersion: 1 });
  return terminal.post(path, journal.batch(seq === 2 ? 1 : seq));
}

async function alarms({ merchantId }: TestTerminal): Promise<readonly string[]> {
  const url = `${cloud.origin}/admin/v1/merchants/${merchantId}/terminal-alarms`;
  const headers = { authorization: `Bearer ${cloud.operatorToken}` };
  const answer = (await (await fetch(url, { headers })).json()) as { alarms: { kind: string }[] };
  return answer.alarms.map(({ kind }) => kind);
}

test('a copied till that writes in an epoch of its own beside the first one is a clone; all of it is kept', async () => {
  const terminal = await newTerminal();
  const original = createTillJournal();
  expect((await sell(terminal, original)).status).toBe(200);
  await tick();
  const copy = createTillJournal({ reason: 'restored' });
  expect((await sell(terminal, copy)).status).toBe(200);
  expect((await sell(terminal, original)).status).toBe(200);
  expect(await alarms(terminal)).toEqual(['clone']);
  expect(cloud.log()).toContain('"kind":"clone"');
});

test('epochs one after the other, each sent late and twice, are no clone', async () => {
  const terminal = await newTerminal();
  const first = createTillJournal();
  first.append('caps.applied', { capsVersion: 1 });
  await tick();
  const second = createTillJournal({ reason: 'salvaged' });
  second.append('caps.applied', { capsVersion: 1 });
  for (const batch of [second.batch(1), first.batch(1), second.batch(1), first.batch(1)])
    expect((await terminal.post(path, batch)).status).toBe(200);
  expect(await alarms(terminal)).toEqual([]);
});

test('a till that begins anew all the time is stopped within a day, loses nothing, and may send what it began', async () => {
  const terminal = await newTerminal();
  const journals = Array.from({ length: epochsPerDayMax }, () =>
    createTillJournal({ reason: 'salvaged' }),
  );
  for (const journal of journals) {
    expect((await terminal.post(path, journal.batch(1))).status).toBe(200);
  }
  const beyond = createTillJournal({ reason: 'salvaged' });
  expect(await terminal.post(path, beyond.batch(1))).toMatchObject({
    status: 409,
    body: { code: 'journal-epochs-exceeded', retryable: true },
  });
  expect((await sell(terminal, journals.at(-1)!)).status).toBe(200);
  expect(await alarms(terminal)).toContain('epochs-exceeded');
  await cloud.deps.db.execute(sql`update journal_head set begun_at_ms = begun_at_ms - 86400001
    where terminal_id = ${terminal.terminalId}`);
  expect((await terminal.post(path, beyond.batch(1))).status).toBe(200);
});

test('quarantine is bounded: beyond it nothing is kept, and nobody is told that it is', async () => {
  const terminal = await newTerminal();
  const journal = createTillJournal();
  await terminal.post(path, journal.batch(1));
  const forge = () => {
    const other = createTestJournal(journal.epoch);
    other.append('store.opened', { reason: 'restored', appVersion: `${Math.random()}` });
    return other.batch(1);
  };
  const forged = Array.from({ length: quarantinePerDayMax }, forge);
  for (const batch of forged)
    expect((await terminal.post(path, batch)).body['code']).toBe('journal-fork');
  expect((await terminal.post(path, forge())).body['code']).toBe('journal-quarantine-full');
  expect((await terminal.post(path, forged[0])).body['code']).toBe('journal-fork');
  const { rows } = await cloud.deps.db.execute<{ n: number }>(
    sql`select count(*) as n from journal_quarantine where epoch = ${journal.epoch}`,
  );
  expect(rows).toEqual([{ n: quarantinePerDayMax }]);
  expect((await alarms(terminal)).toSorted()).toEqual(['fork', 'quarantine-full']);
});

test('a storm of one till is answered with 429 and Retry-After, another till is served meanwhile', async () => {
  const [storming, calm] = [await newTerminal(), await newTerminal()];
  const journal = createTillJournal();
  const storm = Array.from({ length: 60 }, () => storming.post(path, journal.batch(1)));
  const answer = await sell(calm, createTillJournal());
  const answers = await Promise.all(storm);
  expect(answer.status).toBe(200);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(2);
  for (const { headers } of refused) {
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(6);
  }
});
