import { afterAll, beforeAll, expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import { io, type Socket } from 'socket.io-client';
import { Value } from 'typebox/value';
import { newId } from '#shared/ids/ids.ts';
import { ConfigPayloadSchema } from '#shared/wire/v1/terminals.ts';
import { generateKeyPair, signText, verifyText } from '#cloud/identity/ed25519.ts';
import { sweepNonces } from '#cloud/identity/nonces.ts';
import { appendResult } from '#cloud/orders/results.ts';
import { createHintServer } from '#cloud/platform/http/hints.ts';
import {
  activate,
  activateTestTerminal,
  admin,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

let nowShiftMs = 0;
const clock = {
  nowMs: () => Date.now() + nowShiftMs,
  monotonicMs: () => performance.now() + nowShiftMs,
};
const hints = createHintServer();
const cloud = useTestCloud({ hints, clock });
let terminal: TestTerminal;

beforeAll(async () => {
  hints.attach(cloud.app.server, { deps: cloud.deps });
  terminal = await activateTestTerminal(cloud);
});
afterAll(async () => {
  await hints.close();
});

async function newCode(): Promise<string> {
  const { merchantId, storeId } = terminal;
  const path = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
  const issued = await admin(cloud, path, undefined);
  expect(issued.status).toBe(201);
  return String(issued.body['code']);
}

test('a code is 60 bits, kept as a hash only, and makes one terminal; a lost answer can be asked for again', async () => {
  const code = await newCode();
  expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{12}$/);
  const { rows } = await cloud.deps.db.execute(sql`select * from activation_code`);
  expect(JSON.stringify(rows)).not.toContain(code);
  const key = generateKeyPair();
  const first = await activate(cloud.origin, code, key);
  const again = await activate(cloud.origin, code, key);
  expect(first.status).toBe(200);
  expect(again.body['terminalId']).toBe(first.body['terminalId']);
  const other = await activate(cloud.origin, code, generateKeyPair());
  expect(other).toMatchObject({ status: 422, body: { code: 'activation-code-used' } });
});

test('a wrong code, an old code and a proof by another key are refused; five tries lock a code', async () => {
  expect(await activate(cloud.origin, '000000000000', generateKeyPair())).toMatchObject({
    status: 422,
    body: { code: 'activation-code-invalid' },
  });
  const old = await newCode();
  nowShiftMs = 15 * 60_000 + 1;
  const late = await activate(cloud.origin, old, generateKeyPair());
  nowShiftMs = 0;
  expect(late.body['code']).toBe('activation-code-expired');
  const code = await newCode();
  const key = generateKeyPair();
  const forged = async () =>
    (
      await cloud.app.inject({
        method: 'POST',
        url: '/v1/terminals/activate',
        payload: {
          code,
          publicKey: key.publicKey,
          proof: signText(generateKeyPair(), code),
          model: 'test',
          appVersion: '0',
        },
      })
    ).json<{ code: string }>().code;
  const answers: string[] = [];
  for (let tries = 0; tries < 6; tries += 1) answers.push(await forged());
  expect(answers).toEqual([...Array(5).fill('activation-proof-invalid'), 'activation-code-locked']);
  expect((await activate(cloud.origin, code, key)).body['code']).toBe('activation-code-locked');
});

test('the configuration is signed by the cloud and says who, what rate, which caps and which issuer keys', async () => {
  const answer = await terminal.get('/v1/terminals/me/config');
  const { payload, signature } = answer.body as unknown as { payload: string; signature: string };
  const { publicKey } = cloud.deps.keys.signing;
  const bytes = Buffer.from(signature, 'base64url');
  expect(verifyText({ publicKey, text: payload, signature: bytes })).toBe(true);
  expect(verifyText({ publicKey, text: `${payload} `, signature: bytes })).toBe(false);
  const config: unknown = JSON.parse(payload);
  expect(Value.Check(ConfigPayloadSchema, config)).toBe(true);
  expect(config).toMatchObject({
    terminalId: terminal.terminalId,
    merchantId: terminal.merchantId,
    merchantName: '测试商店',
    concessionBp: 1000,
    issuerKeys: [{ keyId: 1, publicKey: cloud.deps.keys.issuer.current.pair.publicKey }],
  });
});

const heartbeat = (over: object) => ({
  epoch: '0123456789abcdef',
  headSeq: 0,
  headHash: '0'.repeat(64),
  ackedSeq: 0,
  oldestUnsyncedMs: null,
  appVersion: '0.1.0',
  wallMs: Date.now(),
  diskFreeBytes: 1,
  capsVersion: 1,
  peripherals: [{ role: 'printer', state: 'ready' }],
  ...over,
});

test('a heartbeat that a batch has overtaken raises no alarm', async () => {
  const { operatorId } = cloud.deps;
  const epoch = 'fedcba9876543210';
  await cloud.deps.db.execute(sql`
    insert into journal_head (operator_id, terminal_id, epoch, head_seq, head_hash, updated_at_ms)
    values (${operatorId}, ${terminal.terminalId}, ${epoch}, 9, 'h', ${clock.nowMs()})`);
  await terminal.post('/v1/heartbeats', heartbeat({ epoch, headSeq: 8 }));
  const { rows } = await cloud.deps.db.execute(sql`select tail_lost from terminal_heartbeat`);
  expect(rows).toEqual([{ tail_lost: false }]);
  expect(await cloud.deps.metrics.registry.metrics()).toContain('journal_tails_lost_total 0');
});

test('a heartbeat that has less than the cloud holds of its epoch raises the lost-tail alarm', async () => {
  expect((await terminal.post('/v1/heartbeats', heartbeat({}))).body).toMatchObject({
    configVersion: 1,
  });
  const { operatorId } = cloud.deps;
  await cloud.deps.db.execute(sql`
    insert into journal_head (operator_id, terminal_id, epoch, head_seq, head_hash, updated_at_ms)
    values (${operatorId}, ${terminal.terminalId}, '0123456789abcdef', 9, 'h', 0)`);
  await terminal.post('/v1/heartbeats', heartbeat({ headSeq: 8 }));
  expect(await cloud.deps.metrics.registry.metrics()).toContain('journal_tails_lost_total 1');
  const { rows } = await cloud.deps.db.execute(sql`select tail_lost from terminal_heartbeat`);
  expect(rows).toEqual([{ tail_lost: true }]);
});

test('a clock that goes more than five minutes off is one alarm each time, in whichever direction, and refuses nothing', async () => {
  const till = await activateTestTerminal(cloud);
  const beatAt = async (skewMs: number): Promise<void> => {
    const said = heartbeat({ epoch: '00000000000000cc', wallMs: Date.now() + skewMs });
    expect((await till.post('/v1/heartbeats', said)).status).toBe(200);
  };
  const told = async () =>
    (
      await cloud.deps.db.execute(sql`
        select kind, detail, seen_count from terminal_alarm where terminal_id = ${till.terminalId}
         order by first_at_ms`)
    ).rows;
  await beatAt(0);
  await beatAt(290_000);
  expect(await told()).toEqual([]);
  await beatAt(40 * 86_400_000);
  await beatAt(40 * 86_400_000);
  const ahead = { kind: 'clock-skewed', detail: expect.stringMatching(/ahead of/), seen_count: 1 };
  expect(await told()).toEqual([ahead]);
  await beatAt(0);
  await beatAt(-310_000);
  const behind = { ...ahead, detail: expect.stringMatching(/^its clock is 31\d s behind/) };
  expect(await told()).toEqual([ahead, behind]);
});

test('results are read by cursor, once each, in order, by their own terminal only', async () => {
  const other = await activateTestTerminal(cloud);
  const entryOf = (resultKey: string) => ({
    operatorId: cloud.deps.operatorId,
    terminalId: terminal.terminalId,
    resultKey,
    result: { orderId: newId('ord', cloud.deps), result: 'paid' as const, attempt: 1, atMs: 5 },
  });
  const append = (resultKey: string) =>
    cloud.deps.db.transaction((tx) => appendResult(tx, entryOf(resultKey)));
  const fresh = await Promise.all(['a', 'b', 'c', 'a', 'b'].map(append));
  expect(fresh.filter(Boolean)).toHaveLength(3);
  const all = await terminal.get('/v1/results');
  expect(all.body).toMatchObject({ results: [{ cursor: 1 }, { cursor: 2 }, { cursor: 3 }] });
  const rest = await terminal.get('/v1/results?after=2');
  expect(rest.body).toMatchObject({ results: [{ cursor: 3, result: 'paid' }], more: false });
  expect((await other.get('/v1/results')).body['results']).toEqual([]);
  expect((await terminal.get('/v1/results?after=-1')).status).toBe(400);
});

const connectSocket = (headers: Record<string, string>, address = cloud.origin): Socket =>
  io(address, { path: '/hints', transports: ['websocket'], auth: headers, reconnection: false });

test('a hint reaches the terminal it is for, and a stranger is not let in', async () => {
  const other = await activateTestTerminal(cloud);
  const [mine, others] = [terminal, other].map((one) => connectSocket(one.sign('GET', '/hints')));
  let strayCount = 0;
  others?.on('pull', () => (strayCount += 1));
  await Promise.all(
    [mine, others].map(
      (socket) => new Promise<void>((resolve) => socket?.once('connect', resolve)),
    ),
  );
  const pulled = new Promise<void>((resolve) => mine?.once('pull', resolve));
  hints.pull({ operatorId: cloud.deps.operatorId, terminalId: terminal.terminalId });
  await pulled;
  expect(strayCount).toBe(0);
  mine?.close();
  others?.close();
  const stranger = connectSocket(
    terminal.sign('GET', '/hints', undefined, { key: generateKeyPair() }),
  );
  const refused = await new Promise<Error>((resolve) => stranger.once('connect_error', resolve));
  expect(refused.message).toBe('signature-invalid');
});

test('a terminal that reaches the cloud by another name gets its hints, too', async () => {
  const address = cloud.origin.replace('127.0.0.1', 'localhost');
  const socket = connectSocket(
    terminal.sign('GET', '/hints', undefined, { origin: address }),
    address,
  );
  const outcome = await new Promise<string>((resolve) => {
    socket.once('connect', () => resolve('connected'));
    socket.once('connect_error', (error) => resolve(error.message));
  });
  expect(outcome).toBe('connected');
  socket.close();
});

test('nonces are forgotten only after their signature is stale', async () => {
  await terminal.get('/v1/results');
  expect(await sweepNonces(cloud.deps.db, Date.now())).toBe(0);
  expect(await sweepNonces(cloud.deps.db, Date.now() + 700_000)).toBeGreaterThan(0);
});
