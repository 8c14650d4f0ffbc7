import { gzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { beforeAll, expect, test } from 'vitest';
import { createTillJournal } from '#cloud/journal/testing/till-journal.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { projectStep } from '#cloud/journal/projection/projection-worker.ts';
import { generateKeyPair } from '#cloud/identity/ed25519.ts';
import {
  activateTestTerminal,
  admin,
  journalOf,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

const path = '/v1/journal/batches';
const cloud = useTestCloud();
let terminal: TestTerminal;

beforeAll(async () => {
  terminal = await activateTestTerminal(cloud);
});

async function storedCount(epoch: string): Promise<number> {
  const { rows } = await cloud.deps.db.execute<{ n: number }>(
    sql`select coalesce(sum(last_seq - first_seq + 1), 0) as n from journal_batch
      where epoch = ${epoch}`,
  );
  return rows[0]?.n ?? -1;
}

const problem = (status: number, code: string) => ({ status, body: { status, code } });

test('a batch is acknowledged through its last entry; sent again it is a duplicate, stored once', async () => {
  const journal = journalOf(5);
  const first = await terminal.post(path, journal.batch(1, 3));
  expect(first).toMatchObject({
    status: 200,
    body: { ackedThrough: 3, headHash: journal.entries[2]?.hash },
  });
  expect(await terminal.post(path, journal.batch(1, 3))).toMatchObject({
    body: { ackedThrough: 3, verdicts: [{ verdict: 'duplicate' }, {}, { verdict: 'duplicate' }] },
  });
  expect(await terminal.post(path, journal.batch(2, 5))).toMatchObject({
    status: 200,
    body: {
      ackedThrough: 5,
      verdicts: ['duplicate', 'duplicate', 'accepted', 'accepted'].map((verdict) => ({ verdict })),
    },
  });
  expect(await storedCount(journal.epoch)).toBe(5);
});

test('who dealt with an exception is kept like any entry', async () => {
  const journal = journalOf(1);
  journal.append('exception.resolved', {
    row: 'print:prt_01KAN7D5Q00000000000000000',
    code: 'print-interrupted',
    action: 'seen',
    cashier: '小王',
    note: '',
    about: 'ord_01M80FST80000000000000000A',
    paper: 'receipt',
    sinceMs: 1_795_000_000_000,
  });
  expect(await terminal.post(path, journal.batch(1, 2))).toMatchObject({
    body: { verdicts: [{ verdict: 'accepted' }, { verdict: 'accepted' }] },
  });
});

test('the same batch sent by eight requests at once is stored once and acknowledged to all', async () => {
  const journal = journalOf(50);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => terminal.post(path, journal.batch(1))),
  );
  expect(answers.map((answer) => answer.status)).toEqual(Array(8).fill(200));
  expect(await storedCount(journal.epoch)).toBe(50);
});

test('a gap is refused with the seq to resume at, and nothing is taken', async () => {
  const journal = journalOf(6);
  await terminal.post(path, journal.batch(1, 2));
  const answer = await terminal.post(path, journal.batch(5));
  expect(answer).toMatchObject(problem(409, 'journal-gap'));
  expect(answer.body['expectedSeq']).toBe(3);
  expect(await terminal.post(path, createTestGap())).toMatchObject(problem(409, 'journal-gap'));
  expect(await storedCount(journal.epoch)).toBe(2);
});
const createTestGap = () => journalOf(4).batch(2);

test('a second history of the same seq is a fork: quarantined whole, alarmed, nothing dropped', async () => {
  const journal = journalOf(3);
  await terminal.post(path, journal.batch(1));
  const other = createTillJournal({ reason: 'restored', epoch: journal.epoch });
  const twice = [
    await terminal.post(path, other.batch(1)),
    await terminal.post(path, other.batch(1)),
  ];
  for (const answer of twice) expect(answer).toMatchObject(problem(409, 'journal-fork'));
  const { rows } = await cloud.deps.db.execute<{ fork_seq: number; batch: string }>(
    sql`select fork_seq, batch from journal_quarantine where epoch = ${journal.epoch}`,
  );
  expect(rows).toEqual([{ fork_seq: 1, batch: JSON.stringify(other.batch(1)) }]);
  expect(await storedCount(journal.epoch)).toBe(3);
  expect(await cloud.deps.metrics.registry.metrics()).toMatch(
    /greentill_journal_forks_total [1-9]/,
  );
  expect((await terminal.post(path, journal.batch(3))).status).toBe(200);
});

test('at the head and beyond it the head alone is asked: a gap, and a fork behind another last entry', async () => {
  const journal = journalOf(3);
  await terminal.post(path, journal.batch(1));
  // Whoever opened what is stored would fail on it.
  await cloud.deps.db.execute(
    sql`update journal_batch set packed = '' where epoch = ${journal.epoch}`,
  );
  const other = createTillJournal({ reason: 'restored', epoch: journal.epoch });
  while (other.entries.length < 6) other.append('caps.applied', { capsVersion: 1 });
  const early = await terminal.post(path, other.batch(5));
  expect(early).toMatchObject({ status: 409, body: { code: 'journal-gap', expectedSeq: 4 } });
  const behind = await terminal.post(path, other.batch(4));
  expect(behind).toMatchObject(problem(409, 'journal-fork'));
  const { rows } = await cloud.deps.db.execute<{ fork_seq: number; first_seq: number }>(
    sql`select fork_seq, first_seq from journal_quarantine where epoch = ${journal.epoch}`,
  );
  expect(rows).toEqual([{ fork_seq: 3, first_seq: 4 }]);
  expect(await storedCount(journal.epoch)).toBe(3);
});

test('a batch whose hashes do not follow is refused whole', async () => {
  const journal = journalOf(3);
  const batch = journal.batch(1);
  const edited = batch.entries.map((entry, index) =>
    index === 1 ? { ...entry, body: '{"capsVersion":9}' } : entry,
  );
  for (const bad of [
    { ...batch, entries: edited },
    { ...batch, entries: [batch.entries[0], batch.entries[2]] },
    { ...batch, prevHash: 'f'.repeat(64) },
  ]) {
    expect(await terminal.post(path, bad)).toMatchObject(problem(422, 'journal-chain-broken'));
  }
  expect(await storedCount(journal.epoch)).toBe(0);
});

test('an unknown type and a body that does not fit are kept, parked with a reason, and do not block', async () => {
  const journal = journalOf(1);
  journal.append('moon.landed', { crew: 3 });
  journal.append('caps.applied', { capsVersion: 'one' });
  journal.append('caps.applied', 'not json {');
  journal.append('caps.applied', { capsVersion: 1 });
  const answer = await terminal.post(path, journal.batch(1));
  expect(answer).toMatchObject({
    status: 200,
    body: {
      ackedThrough: 5,
      verdicts: [
        { verdict: 'accepted' },
        { verdict: 'parked', code: 'entry-type-unknown' },
        { verdict: 'parked', code: 'entry-body-invalid' },
        { verdict: 'parked', code: 'entry-body-invalid' },
        { verdict: 'accepted' },
      ],
    },
  });
  const { rows } = await cloud.deps.db.execute(
    sql`select seq, code from journal_parked where epoch = ${journal.epoch} order by seq`,
  );
  expect(rows).toEqual([
    { seq: 2, code: 'entry-type-unknown' },
    { seq: 3, code: 'entry-body-invalid' },
    { seq: 4, code: 'entry-body-invalid' },
  ]);
});

test('a body text that the database cannot hold is parked and does not block what follows', async () => {
  const texts = ['{"a":"\u0000"}', '{"a":"\ud800"}'];
  const journal = journalOf(1);
  for (const text of texts) journal.append('caps.applied', text);
  journal.append('caps.applied', { capsVersion: 1 });
  expect(await terminal.post(path, journal.batch(1, 2))).toMatchObject({
    status: 200,
    body: { verdicts: [{}, { verdict: 'parked', code: 'entry-body-invalid' }] },
  });
  // Half a character has no UTF-8: its hash is that of U+FFFD on both sides, and it arrives as such.
  expect((await terminal.post(path, journal.batch(3))).status).toBe(200);
  while ((await projectStep({ ...cloud.deps, effects: createProjectionEffects() })) > 0);
  const { rows } = await cloud.deps.db.execute<{ body: string }>(
    sql`select body from journal_entry where epoch = ${journal.epoch} order by seq`,
  );
  expect(rows.map((row) => row.body).slice(1, 3)).toEqual(Array(2).fill('{"a":"\uFFFD"}'));
  expect(rows).toHaveLength(4);
});

test('who is not the terminal is refused: wrong key, unknown id, changed body, stale, replayed', async () => {
  const journal = journalOf(1);
  const batch = journal.batch(1);
  const stranger = generateKeyPair();
  expect(await terminal.post(path, batch, { key: stranger })).toMatchObject(
    problem(401, 'signature-invalid'),
  );
  expect(
    await terminal.post(path, batch, { terminalId: 'trm_00000000000000000000000000' }),
  ).toMatchObject(problem(401, 'terminal-unknown'));
  expect(
    await terminal.post(path, batch, {
      headers: { 'content-digest': `sha-256=:${'A'.repeat(43)}=:` },
    }),
  ).toMatchObject(problem(401, 'digest-mismatch'));
  expect(await terminal.post(path, batch, { headers: { signature: 'sig1=:AAAA:' } })).toMatchObject(
    problem(401, 'signature-invalid'),
  );
  const stale = await terminal.post(path, batch, { createdShiftSeconds: -400 });
  expect(stale).toMatchObject(problem(401, 'signature-stale'));
  expect(Math.abs(Number(stale.body['serverMs']) - Date.now())).toBeLessThan(5000);
  expect(await terminal.post(path, batch, { createdShiftSeconds: 400 })).toMatchObject(
    problem(401, 'signature-stale'),
  );
  expect((await fetch(`${cloud.origin}${path}`, { method: 'POST', body: '{}' })).status).toBe(401);
  const nonce = 'once-and-never-again';
  expect((await terminal.post(path, batch, { nonce })).status).toBe(200);
  expect(await terminal.post(path, batch, { nonce })).toMatchObject(problem(401, 'nonce-reused'));
});

test('a replay of the very same bytes is refused, and a signature does not fit another address', async () => {
  const body = gzipSync(JSON.stringify(journalOf(1).batch(1)));
  const headers = { 'content-encoding': 'gzip', ...terminal.sign('POST', path, body) };
  const send = (url: string) => fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  expect((await send(`${cloud.origin}/v1/heartbeats`)).status).toBe(401);
  expect((await send(`${cloud.origin}${path}`)).status).toBe(200);
  expect((await send(`${cloud.origin}${path}`)).status).toBe(401);
});

test('garbage instead of gzip, a bomb, and too many bytes are refused with a code each', async () => {
  const garbage = Buffer.from('this is not gzip');
  expect(await terminal.post(path, {}, { sentBody: garbage })).toMatchObject(
    problem(400, 'request-invalid'),
  );
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 32));
  expect(bomb.length).toBeLessThan(512 * 1024);
  expect(await terminal.post(path, {}, { sentBody: bomb })).toMatchObject(
    problem(413, 'batch-too-large'),
  );
  const large = Buffer.alloc(512 * 1024 + 1, 7);
  expect(await terminal.post(path, {}, { sentBody: large })).toMatchObject(
    problem(413, 'batch-too-large'),
  );
  expect(await terminal.post(path, { epoch: 'x' })).toMatchObject(problem(400, 'request-invalid'));
});

test('a revoked terminal is closed out, but its backlog is taken and parked', async () => {
  const closed = await activateTestTerminal(cloud);
  const revoke = `/admin/v1/terminals/${closed.terminalId}/revoke`;
  expect((await admin({ ...cloud, operatorToken: 'wrong' }, revoke, undefined)).status).toBe(401);
  await admin(cloud, revoke, undefined);
  expect(await closed.get('/v1/results')).toMatchObject(problem(403, 'terminal-revoked'));
  const journal = journalOf(2);
  expect(await closed.post(path, journal.batch(1))).toMatchObject({
    status: 200,
    body: { ackedThrough: 2, verdicts: [{ verdict: 'parked', code: 'terminal-revoked' }, {}] },
  });
});
