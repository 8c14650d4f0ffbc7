import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import {
  activateTestTerminal,
  createTestJournal,
  journalOf,
  type TestJournal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

const batches = '/v1/journal/batches';
const cloud = useTestCloud();

const newTerminal = () => activateTestTerminal(cloud);

const endAt = ({ epoch, entries }: TestJournal, lastSeq: number) => ({
  epoch,
  lastSeq,
  lastHash: entries[lastSeq - 1]!.hash,
});
const close = (terminal: TestTerminal, ...epochs: readonly ReturnType<typeof endAt>[]) =>
  terminal.post('/v1/journal/closings', { epochs });

async function headOf(terminal: TestTerminal, { epoch }: TestJournal): Promise<number> {
  const { body } = await terminal.get('/v1/journal/epochs');
  const known = body['epochs'] as unknown as readonly { epoch: string; headSeq: number }[];
  return known.find((one) => one.epoch === epoch)?.headSeq ?? 0;
}

async function quarantined({ epoch }: TestJournal) {
  const { rows } = await cloud.deps.db.execute<{ first_seq: number; batch: string }>(sql`
    select first_seq, batch from journal_quarantine where epoch = ${epoch} order by first_seq`);
  return rows.map(({ batch }) => JSON.parse(batch) as unknown);
}

async function alarms({ terminalId }: TestTerminal): Promise<readonly string[]> {
  const { rows } = await cloud.deps.db.execute<{ kind: string }>(
    sql`select kind from terminal_alarm where terminal_id = ${terminalId} order by kind`,
  );
  return rows.map(({ kind }) => kind);
}

const closedRefusal = { status: 409, body: { code: 'journal-epoch-closed', retryable: false } };

test('a batch behind the closed end is not taken: kept whole, alarmed, refused for good; what the cloud has stays acknowledged', async () => {
  const terminal = await newTerminal();
  const journal = journalOf(13);
  await terminal.post(batches, journal.batch(1, 9));
  expect(await close(terminal, endAt(journal, 9))).toMatchObject({
    status: 200,
    body: { closed: true, epochs: [{ epoch: journal.epoch, headSeq: 9 }] },
  });
  const late = [journal.batch(10, 11), journal.batch(8, 11), journal.batch(12, 13)];
  for (const batch of [...late, late[0]!])
    expect(await terminal.post(batches, batch)).toMatchObject(closedRefusal);
  expect(await headOf(terminal, journal)).toBe(9);
  expect(await quarantined(journal)).toEqual([late[1], late[0], late[2]]);
  expect(await alarms(terminal)).toEqual(['epoch-closed']);
  expect((await terminal.post(batches, journal.batch(4, 9))).status).toBe(200);
  const next = journalOf(2);
  expect((await terminal.post(batches, next.batch(1))).status).toBe(200);
});

test('what the restored journal has behind the head of the cloud is taken up to the end, and only that', async () => {
  const terminal = await newTerminal();
  const [known, unsent] = [journalOf(8), journalOf(4)];
  await terminal.post(batches, known.batch(1, 5));
  const answer = await close(terminal, endAt(known, 7), endAt(unsent, 3));
  expect(answer.body).toMatchObject({ closed: true, epochs: [{ epoch: known.epoch }] });
  expect((await terminal.get('/v1/journal/epochs')).body['epochs']).toHaveLength(1);
  expect(await terminal.post(batches, known.batch(6, 8))).toMatchObject(closedRefusal);
  expect(await terminal.post(batches, unsent.batch(1))).toMatchObject(closedRefusal);
  const other = createTestJournal(unsent.epoch);
  other.append('store.opened', { reason: 'created', appVersion: 'other' });
  while (other.entries.length < 3) other.append('caps.applied', { capsVersion: 2 });
  expect(await terminal.post(batches, other.batch(1))).toMatchObject(closedRefusal);
  expect((await terminal.post(batches, known.batch(6, 7))).status).toBe(200);
  expect((await terminal.post(batches, unsent.batch(1, 2))).status).toBe(200);
  expect((await terminal.post(batches, unsent.batch(3, 3))).status).toBe(200);
  expect([await headOf(terminal, known), await headOf(terminal, unsent)]).toEqual([7, 3]);
});

test('nothing is closed where the cloud has more, something else or another epoch; it says what it has', async () => {
  const terminal = await newTerminal();
  const [journal, second] = [journalOf(9), journalOf(2)];
  await terminal.post(batches, journal.batch(1, 6));
  await terminal.post(batches, second.batch(1));
  const wrong = [
    [endAt(journal, 6)],
    [endAt(journal, 5), endAt(second, 2)],
    [{ ...endAt(journal, 6), lastHash: 'f'.repeat(64) }, endAt(second, 2)],
    [],
  ];
  for (const ends of wrong)
    expect((await close(terminal, ...ends)).body).toMatchObject({
      closed: false,
      epochs: [
        { epoch: journal.epoch, headSeq: 6 },
        { epoch: second.epoch, headSeq: 2 },
      ],
    });
  expect((await terminal.post(batches, journal.batch(7))).status).toBe(200);
});

test('asking again changes nothing, a later word stands, and another terminal closes nothing of it', async () => {
  const [terminal, other] = [await newTerminal(), await newTerminal()];
  const journal = journalOf(6);
  await terminal.post(batches, journal.batch(1, 3));
  const first = await close(terminal, endAt(journal, 3));
  expect((await close(terminal, endAt(journal, 3))).body).toEqual(first.body);
  expect(await terminal.post(batches, journal.batch(4, 5))).toMatchObject(closedRefusal);
  expect((await close(other, endAt(journal, 1))).body).toEqual({ closed: true, epochs: [] });
  expect((await close(terminal, endAt(journal, 5))).body).toMatchObject({ closed: true });
  expect((await terminal.post(batches, journal.batch(4, 5))).status).toBe(200);
  expect(await terminal.post(batches, journal.batch(6))).toMatchObject(closedRefusal);
});

test('a batch and a closing at once: the batch is in the answer, or behind the closing; never both, never neither', async () => {
  for (let round = 0; round < 12; round += 1) {
    const racing = await newTerminal();
    const journal = journalOf(11);
    const isFirst = round % 2 === 0;
    if (!isFirst) await racing.post(batches, journal.batch(1, 9));
    const end = endAt(journal, 9);
    const batch = isFirst ? journal.batch(1) : journal.batch(10);
    const [taken, closing] = await Promise.all([racing.post(batches, batch), close(racing, end)]);
    const wasClosed = closing.body['closed'] as unknown as boolean;
    expect(taken.status).toBe(wasClosed ? 409 : 200);
    expect(await headOf(racing, journal)).toBe(wasClosed ? (isFirst ? 0 : 9) : 11);
    expect(await quarantined(journal)).toEqual(wasClosed ? [batch] : []);
    expect(await alarms(racing)).toEqual(wasClosed ? ['epoch-closed'] : []);
  }
});

test('a closing waits for a batch whose transaction is open, and counts it', async () => {
  const terminal = await newTerminal();
  const journal = journalOf(11);
  await terminal.post(batches, journal.batch(1, 9));
  let closing: ReturnType<typeof close> | undefined;
  await cloud.deps.db.transaction(async (tx) => {
    // What an append does to its head, held open.
    await tx.execute(sql`update journal_head set head_seq = 11, head_hash = ${journal.entries[10]!.hash}
      where terminal_id = ${terminal.terminalId}`);
    closing = close(terminal, endAt(journal, 9));
    await expect
      .poll(async () => {
        const { rows } = await cloud.deps.db.execute<{ n: number }>(sql`
          select count(*) as n from pg_locks where not granted`);
        return rows[0]?.n;
      })
      .toBe(1);
  });
  expect((await closing)?.body).toMatchObject({ closed: false, epochs: [{ headSeq: 11 }] });
});
