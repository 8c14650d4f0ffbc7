import { beforeAll, expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import { makePerson } from '#cloud/persons/operator-persons.ts';
import { knownPerson } from '#cloud/persons/testing/known-person.ts';
import {
  activateTestTerminal,
  admin,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

const cloud = useTestCloud();
let terminal: TestTerminal;
/** 客服小陈 */
let chen: Awaited<ReturnType<typeof knownPerson>>;

beforeAll(async () => {
  chen = await knownPerson(cloud.deps, '客服小陈');
  terminal = await activateTestTerminal(cloud);
});

const desk = () => ({ ...cloud, personKey: chen.key });
const ask = (path: string, body: unknown) =>
  admin(desk(), `/admin/v1/terminals/${terminal.terminalId}/${path}`, body);

interface News {
  readonly pinLocks?: number;
  readonly firstPinAtMs?: number;
}

const stillBeat = () => ({
  epoch: '0123456789abcdef',
  headSeq: 0,
  headHash: '0'.repeat(64),
  ackedSeq: 0,
  oldestUnsyncedMs: null,
  appVersion: '1',
  wallMs: Date.now(),
  diskFreeBytes: 1,
  capsVersion: 1,
  peripherals: [],
  runId: '00000000000000aa',
});
const beat = async (news: News = {}): Promise<number> => {
  const answer = await terminal.post('/v1/heartbeats', { ...stillBeat(), ...news });
  expect(answer.status).toBe(200);
  return Number(answer.body['configVersion']);
};

const resetInConfig = async (): Promise<unknown> => {
  const { body } = await terminal.get('/v1/terminals/me/config');
  return (JSON.parse(String(body['payload'])) as { ownerPinReset?: number }).ownerPinReset;
};

const alarms = async (): Promise<readonly Record<string, unknown>[]> => {
  const url = `${cloud.origin}/admin/v1/merchants/${terminal.merchantId}/terminal-alarms`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${cloud.operatorToken}` } });
  return ((await answer.json()) as { alarms: Record<string, unknown>[] }).alarms;
};

test('a reset of the PIN goes out with a newer configuration, and who asked and why is kept', async () => {
  const before = await beat();
  expect(await resetInConfig()).toBeUndefined();
  const why = '店主李姐电话报身份证后四位，忘了密码';
  expect(await ask('owner-pin-reset', { why })).toMatchObject({
    status: 201,
    body: { resetNo: 1 },
  });
  expect(await beat()).toBe(before + 1);
  expect(await resetInConfig()).toBe(1);
  expect((await ask('owner-pin-reset', { why })).body).toMatchObject({ resetNo: 2 });
  const { rows } = await cloud.deps.db.execute(
    sql`select reset_no, asked_by, why from owner_pin_reset order by reset_no`,
  );
  expect(rows).toEqual([1, 2].map((reset_no) => ({ reset_no, asked_by: chen.personId, why })));
});

test('nobody asks for a reset on the word of the token alone, without a reason, or in another name', async () => {
  for (const body of [{ by: '客服小陈', why: '忘了' }, { why: ' ' }, {}])
    expect((await ask('owner-pin-reset', body)).status).toBe(400);
  const path = `/admin/v1/terminals/${terminal.terminalId}/owner-pin-reset`;
  const why = { why: '忘了' };
  const young = await makePerson(cloud.deps, '新人');
  for (const personKey of [undefined, 'guessed', young.key]) {
    const door = { ...cloud, ...(personKey === undefined ? {} : { personKey }) };
    expect(await admin(door, path, why)).toMatchObject({
      status: 403,
      body: { code: 'person-key-invalid' },
    });
  }
  expect((await admin({ ...desk(), operatorToken: 'not the token' }, path, why)).status).toBe(401);
  const nobody = '/admin/v1/terminals/trm_00000000000000000000000000/owner-pin-reset';
  expect((await admin(desk(), nobody, why)).status).toBe(404);
});

test('each lock of a till is one alarm, however often its heartbeat says so', async () => {
  await beat();
  expect(await alarms()).toEqual([]);
  await beat({ pinLocks: 1 });
  await beat({ pinLocks: 1 });
  await beat({ pinLocks: 1 });
  expect(await alarms()).toMatchObject([{ kind: 'owner-pin-locked', seenCount: 1 }]);
  await beat({ pinLocks: 3 });
  expect(await alarms()).toMatchObject([{ kind: 'owner-pin-locked', seenCount: 2 }]);
});

test('an alarm that somebody took note of says who and what he found, and is open again when it is seen again', async () => {
  const alarm = { kind: 'owner-pin-locked', subject: '' };
  expect(await alarms()).toMatchObject([{ ...alarm, acknowledged: null }]);
  expect((await ask('alarms/acknowledge', alarm)).status).toBe(400);
  const note = '店主说是孩子按的';
  const seen = { by: chen.personId, note };
  expect((await ask('alarms/acknowledge', { ...alarm, ...seen })).status).toBe(400);
  const path = `/admin/v1/terminals/${terminal.terminalId}/alarms/acknowledge`;
  const alone = await admin(cloud, path, { ...alarm, note });
  expect(alone).toMatchObject({ status: 403, body: { code: 'person-key-invalid' } });
  expect(await alarms()).toMatchObject([{ ...alarm, acknowledged: null }]);
  expect((await ask('alarms/acknowledge', { ...alarm, note })).status).toBe(201);
  expect(await alarms()).toMatchObject([{ ...alarm, acknowledged: seen }]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await beat({ pinLocks: 4 });
  expect(await alarms()).toMatchObject([{ ...alarm, acknowledged: null }]);
  const { rows } = await cloud.deps.db.execute(sql`select seen_by, note from terminal_alarm_seen`);
  expect(rows).toEqual([{ seen_by: seen.by, note: seen.note }]);
  const other = { kind: 'fork', subject: 'no such epoch', note };
  expect((await ask('alarms/acknowledge', other)).status).toBe(404);
});

const firsts = async () => (await alarms()).filter(({ kind }) => kind === 'owner-pin-first-set');

test('a first PIN is an alarm that names its time, once, and the one after a reset another', async () => {
  const firstPinAtMs = Date.parse('2026-11-23T02:15:00Z');
  expect(await firsts()).toEqual([]);
  await beat({ pinLocks: 4, firstPinAtMs });
  await beat({ pinLocks: 4, firstPinAtMs });
  expect(await firsts()).toMatchObject([{ subject: '2026-11-23T02:15:00.000Z', seenCount: 1 }]);
  await beat({ pinLocks: 4, firstPinAtMs: firstPinAtMs + 60_000 });
  expect((await firsts()).map(({ subject }) => String(subject)).toSorted()).toEqual([
    '2026-11-23T02:15:00.000Z',
    '2026-11-23T02:16:00.000Z',
  ]);
});

const oldRecords = async () => (await alarms()).filter(({ kind }) => kind === 'owner-record-old');
const saidBack = async (ownerChangeNo?: number) => {
  const answer = await terminal.post('/v1/heartbeats', {
    ...stillBeat(),
    ...(ownerChangeNo === undefined ? {} : { ownerChangeNo }),
  });
  return answer.body['ownerChangeNo'];
};

test("an owner's record that is older than the till once had is one alarm, and the till hears what it once said", async () => {
  // A till of before this, and one that says it for the first time.
  expect(await saidBack()).toBeUndefined();
  expect(await saidBack(2)).toBe(2);
  expect(await saidBack(5)).toBe(5);
  expect(await oldRecords()).toEqual([]);
  expect(await saidBack(3)).toBe(5);
  expect(await saidBack()).toBe(5);
  expect(await oldRecords()).toMatchObject([
    { seenCount: 1, detail: expect.stringContaining('5') },
  ]);
  expect(await saidBack(6)).toBe(6);
  expect(await oldRecords()).toMatchObject([{ seenCount: 1 }]);
});
