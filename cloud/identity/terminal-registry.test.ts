import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTerminalRegistry, rememberedMsMax } from '#cloud/identity/terminal-registry.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import {
  activateTestTerminal,
  admin,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';

let shiftMs = 0;
const system = createSystemClock();
const clock = { ...system, monotonicMs: () => system.monotonicMs() + shiftMs };
let cloud: TestCloud;
let app: CloudApp;
let origin: string;
/** Of every statement that the cloud's database was asked: how many were about terminals and nonces. */
let asked = { terminal: 0, nonce: 0 };

function count(text: string): void {
  if (text.includes('from terminal where terminal_id = any')) asked.terminal += 1;
  if (text.includes('insert into request_nonce')) asked.nonce += 1;
}

beforeAll(async () => {
  const inner = await createTestCloud();
  const { db } = inner.deps;
  const counted: Db = {
    ...db,
    execute: (query) => {
      count(JSON.stringify(query));
      return db.execute(query);
    },
    swift: (work) =>
      db.swift((line) =>
        work({
          ask: (statement, values) => {
            count(statement.text);
            return line.ask(statement, values);
          },
          commit: () => line.commit(),
          get tx() {
            return line.tx;
          },
        }),
      ),
  };
  const terminals = createTerminalRegistry({ db: counted, clock });
  cloud = { ...inner, deps: { ...inner.deps, terminals } };
  app = await buildTestApp(cloud);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

const newTerminal = () => activateTestTerminal({ origin, operatorToken: testOperatorToken });
const readResults = async (terminal: TestTerminal) =>
  (await terminal.get('/v1/results?after=0')).status;
const revokeElsewhere = ({ terminalId }: TestTerminal) =>
  cloud.deps.db.execute(
    sql`update terminal set revoked_at_ms = 1 where terminal_id = ${terminalId}`,
  );

test('a till that goes on asking is looked up once in a while, and every request spends its nonce', async () => {
  const terminal = await newTerminal();
  asked = { terminal: 0, nonce: 0 };
  for (let times = 0; times < 10; times += 1) expect(await readResults(terminal)).toBe(200);
  expect(asked).toEqual({ terminal: 1, nonce: 10 });
});

test('forty tills that come together are looked up, and spend their nonces, in a few statements', async () => {
  const tills = await Promise.all(Array.from({ length: 10 }, newTerminal));
  for (const { terminalId } of tills) cloud.deps.terminals.forget(terminalId);
  asked = { terminal: 0, nonce: 0 };
  const uses = Array.from({ length: 40 }, (_, index) => ({
    till: tills[index % tills.length]!,
    nonce: `nonce-of-many-${Math.floor(index / 20)}-${index}`,
  }));
  const nowMs = Date.now();
  const { operatorId, terminals } = cloud.deps;
  const found = await Promise.all(
    uses.map(({ till }) => terminals.find(till.terminalId, { fresh: true })),
  );
  expect(found.map((one) => one?.terminalId)).toEqual(uses.map(({ till }) => till.terminalId));
  const spend = () =>
    Promise.all(
      uses.map(({ till: { terminalId }, nonce }) =>
        terminals.takeNonce({ operatorId, terminalId, nonce, nowMs }),
      ),
    );
  expect((await spend()).every(Boolean)).toBe(true);
  expect((await spend()).some(Boolean)).toBe(false);
  expect(asked.terminal).toBeLessThanOrEqual(4);
  expect(asked.nonce).toBeLessThanOrEqual(8);
});

test('the same signed request twice in one moment is taken once', async () => {
  const terminal = await newTerminal();
  for (let times = 0; times < 5; times += 1) {
    const bend = { nonce: `twice-in-one-moment-${times}` };
    const statuses = await Promise.all(
      Array.from(
        { length: 6 },
        async () => (await terminal.get('/v1/results?after=0', bend)).status,
      ),
    );
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 401, 401, 401, 401, 401]);
  }
});

test('the node that revokes forgets at once', async () => {
  const terminal = await newTerminal();
  expect(await readResults(terminal)).toBe(200);
  const path = `/admin/v1/terminals/${terminal.terminalId}/revoke`;
  await admin({ origin, operatorToken: testOperatorToken }, path, undefined);
  expect(await readResults(terminal)).toBe(403);
});

test('a revocation that this node was not told of holds where money moves at once, elsewhere within the bound', async () => {
  const terminal = await newTerminal();
  expect(await readResults(terminal)).toBe(200);
  await revokeElsewhere(terminal);
  expect(await readResults(terminal)).toBe(200);
  const charge = await terminal.get('/v1/charges/ord_00000000000000000000000000/1');
  expect(charge).toMatchObject({ status: 403, body: { code: 'terminal-revoked' } });
  // What the counter has seen the others know too.
  expect(await readResults(terminal)).toBe(403);

  const other = await newTerminal();
  expect(await readResults(other)).toBe(200);
  await revokeElsewhere(other);
  expect(await readResults(other)).toBe(200);
  shiftMs += rememberedMsMax;
  expect(await readResults(other)).toBe(403);
});

test('what was read before the word of a change came is used once and not remembered', async () => {
  const terminal = await newTerminal();
  const { terminals } = cloud.deps;
  const reading = terminals.find(terminal.terminalId, { fresh: true });
  terminals.forget(terminal.terminalId);
  await reading;
  asked = { terminal: 0, nonce: 0 };
  await terminals.find(terminal.terminalId, { fresh: false });
  expect(asked.terminal).toBe(1);
});
