import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { overtakenMsMax } from '#cloud/identity/judge-heartbeat.ts';
import { alarmsPerDayMax } from '#cloud/identity/terminal-alarms.ts';
import { generateKeyPair } from '#cloud/identity/ed25519.ts';
import {
  activateTestTerminal,
  admin,
  journalOf,
  type TestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

/** What a closed till's heartbeat is still good for: a witness of its journal, and nothing else. */
const path = '/v1/heartbeats';
let laterMs = 0;
const clock = { nowMs: () => Date.now() + laterMs, monotonicMs: () => performance.now() + laterMs };
const cloud = useTestCloud({ clock });

const refused = { status: 403, body: { status: 403, code: 'terminal-revoked' } };

const activated = (): Promise<TestTerminal> => activateTestTerminal(cloud);

async function close({ terminalId }: TestTerminal): Promise<void> {
  const revoke = `/admin/v1/terminals/${terminalId}/revoke`;
  await admin(cloud, revoke, undefined);
}

/** Signed as of the test's clock. */
const tell = (till: TestTerminal, heartbeat: unknown, bend: object = {}) =>
  till.post(path, heartbeat, { createdShiftSeconds: Math.floor(laterMs / 1000), ...bend });

const heartbeatOf = (journal: TestJournal, over: object = {}) => ({
  epoch: journal.epoch,
  headSeq: journal.entries.length,
  headHash: journal.entries.at(-1)?.hash ?? '0'.repeat(64),
  ackedSeq: 0,
  oldestUnsyncedMs: null,
  appVersion: '0.1.0',
  wallMs: Date.now() + laterMs,
  diskFreeBytes: 1,
  capsVersion: 1,
  peripherals: [],
  runId: '00000000000000aa',
  ...over,
});

/** Heartbeats that name the first `count` entries of a journal. */
const shortOf = (journal: TestJournal, count: number, over: object = {}) =>
  heartbeatOf(journal, { headSeq: count, headHash: journal.entries[count - 1]?.hash, ...over });

const alarmsOf = async ({ terminalId }: TestTerminal) =>
  (
    await cloud.deps.db.execute(sql`
      select kind, subject, seen_count from terminal_alarm where terminal_id = ${terminalId}
       order by kind, subject`)
  ).rows;

const rowsOf = async ({ terminalId }: TestTerminal, table: string) =>
  (
    await cloud.deps.db.execute(
      sql`select * from ${sql.identifier(table)} where terminal_id = ${terminalId}`,
    )
  ).rows;

test('a closed till on an old copy of its disk is refused as ever, and its lost tail is named', async () => {
  const till = await activated();
  const journal = journalOf(13);
  await till.post('/v1/journal/batches', journal.batch(1));
  await close(till);
  laterMs += overtakenMsMax;
  expect(await tell(till, shortOf(journal, 13))).toMatchObject(refused);
  expect(await alarmsOf(till)).toEqual([]);
  const answer = await tell(till, shortOf(journal, 2));
  expect(answer).toMatchObject(refused);
  expect(Object.keys(answer.body)).not.toContain('configVersion');
  expect(await alarmsOf(till)).toEqual([
    { kind: 'tail-lost', subject: journal.epoch, seen_count: 1 },
  ]);
});

test('what a closed till never sent and once told is missed too when its disk is put back', async () => {
  const till = await activated();
  const journal = journalOf(9);
  await close(till);
  expect(await tell(till, shortOf(journal, 9))).toMatchObject(refused);
  laterMs += overtakenMsMax;
  expect(await tell(till, shortOf(journal, 4))).toMatchObject(refused);
  expect(await alarmsOf(till)).toMatchObject([{ kind: 'tail-lost', subject: journal.epoch }]);
});

test('two programs with the key of a closed till are a clone like those of any other', async () => {
  const till = await activated();
  const journal = journalOf(3);
  await close(till);
  for (let turn = 0; turn < 4; turn += 1)
    for (const runId of ['00000000000000aa', '00000000000000bb'])
      expect(await tell(till, heartbeatOf(journal, { runId }))).toMatchObject(refused);
  expect(await alarmsOf(till)).toMatchObject([{ kind: 'clone' }]);
});

test('only the till itself is a witness: a false signature or a repeated request leaves nothing', async () => {
  const till = await activated();
  const journal = journalOf(5);
  await till.post('/v1/journal/batches', journal.batch(1));
  await close(till);
  laterMs += overtakenMsMax;
  const short = shortOf(journal, 2);
  expect(await tell(till, short, { key: generateKeyPair() })).toMatchObject({ status: 401 });
  const nonce = 'once-and-never-again';
  expect(await tell(till, shortOf(journal, 5), { nonce })).toMatchObject(refused);
  expect(await tell(till, short, { nonce })).toMatchObject({ status: 401 });
  expect(await alarmsOf(till)).toEqual([]);
});

test('a closed till learns only that it is closed, whatever it says; a live one what is wrong', async () => {
  const [closed, live] = [await activated(), await activated()];
  await close(closed);
  expect(await tell(closed, { headSeq: 'many' })).toMatchObject(refused);
  expect(await tell(live, { headSeq: 'many' })).toMatchObject({
    status: 400,
    body: { code: 'request-invalid' },
  });
  expect(await rowsOf(closed, 'terminal_heartbeat')).toEqual([]);
});

test('a refused heartbeat is no contact: nothing of it speaks for what the till sold', async () => {
  const [closed, live] = [await activated(), await activated()];
  await close(closed);
  for (const till of [closed, live]) await tell(till, heartbeatOf(journalOf(1)));
  expect(await rowsOf(closed, 'terminal_contact')).toEqual([]);
  expect(await rowsOf(live, 'terminal_contact')).toHaveLength(1);
});

test('a closed till that makes up epochs fills no list: so many alarms of a kind in a day', async () => {
  const till = await activated();
  await close(till);
  const epochs = Array.from({ length: alarmsPerDayMax + 2 }, () => journalOf(2));
  for (const journal of epochs) {
    await tell(till, shortOf(journal, 2));
    await tell(till, shortOf(journal, 2, { headHash: 'f'.repeat(64) }));
  }
  expect(await alarmsOf(till)).toHaveLength(alarmsPerDayMax);
  expect(await rowsOf(till, 'terminal_heartbeat')).toHaveLength(1);
  laterMs += 86_400_000;
  const news = journalOf(2);
  await tell(till, shortOf(news, 2));
  await tell(till, shortOf(news, 2, { headHash: 'f'.repeat(64) }));
  expect(await alarmsOf(till)).toHaveLength(alarmsPerDayMax + 1);
});
