import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { newId } from '#shared/ids/ids.ts';
import { generateKeyPair } from '#cloud/identity/ed25519.ts';
import { registerAdminIdentityRoutes } from '#cloud/identity/admin-routes.ts';
import { registerIdentityRoutes } from '#cloud/identity/routes.ts';
import { createTillJournal } from '#cloud/journal/testing/till-journal.ts';
import { registerJournalRoutes } from '#cloud/journal/intake/batch-routes.ts';
import {
  merchantChannelsDefault,
  openMerchantChannels,
} from '#cloud/payments/merchant-channels.ts';
import { registerPaymentRoutes } from '#cloud/payments/routes.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import { createHttpShell } from '#cloud/platform/http/http-shell.ts';
import { laneLimits } from '#cloud/platform/http/lanes.ts';
import { testOperatorToken } from '#cloud/platform/testing/test-cloud.ts';
import {
  activateTestTerminal,
  createTestTerminal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';

/** More than the house has room for, so that the door must speak. */
const tillsCount = laneLimits.journal.presentMax + 300;
const path = '/v1/journal/batches';
const triesMax = 60;
/** A busy machine may let a crowd in so slowly that its first have left when the last come. */
const crowdsMax = 20;
/**
 * Then a till hangs up. Storm, cloud and counter share one thread here: what is held is that the
 * counter does not queue.
 */
const inTimeMs = 10_000;
let bench: PaymentBench;
let app: CloudApp;
let origin: string;
let cashier: TestTerminal;

beforeAll(async () => {
  bench = await createPaymentBench({ startMs: Date.now() });
  const { deps } = bench.cloud;
  app = await createHttpShell(deps);
  registerIdentityRoutes(app, deps);
  registerAdminIdentityRoutes(app, deps);
  registerJournalRoutes(app, deps, { onTaken: () => {} });
  registerPaymentRoutes(app, bench.deps);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  cashier = await activateTestTerminal({ origin, operatorToken: testOperatorToken });
  const { operatorId } = deps;
  const channels = merchantChannelsDefault(bench.merchantNo);
  await openMerchantChannels(deps.db, { operatorId, merchantId: cashier.merchantId, channels });
});
afterAll(async () => {
  await app.close();
  await bench.close();
});

async function plantTills(): Promise<readonly TestTerminal[]> {
  const { db, clock, random, operatorId } = bench.cloud.deps;
  const { merchantId, storeId } = cashier;
  const tills = Array.from({ length: tillsCount }, () =>
    createTestTerminal({
      origin,
      merchantId,
      storeId,
      terminalId: newId('trm', { clock, random }),
      key: generateKeyPair(),
    }),
  );
  const rows = tills.map(({ terminalId, key }) => ({ id: terminalId, key: key.publicKey }));
  await db.execute(sql`
    insert into terminal (operator_id, terminal_id, merchant_id, store_id, public_key, model,
      app_version, activated_at_ms)
    select ${operatorId}, t.id, ${merchantId}, ${storeId}, t.key, 'test', 'test', 1
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as t(id text, key text)`);
  return tills;
}

function packedBatch(): Buffer {
  return gzipSync(JSON.stringify(createTillJournal().batch(1)));
}

async function sendUntilTaken(
  till: TestTerminal,
  sentBody: Buffer,
  statuses: number[],
): Promise<void> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const answer = await till.post(path, null, { sentBody });
    statuses.push(answer.status);
    if (answer.status === 200) return;
    expect(answer.body).toMatchObject({ code: 'cloud-busy', retryable: true });
    await sleep(Number(answer.headers.get('retry-after')) * 1_000);
  }
  throw new Error('starved');
}

test('more tills than there is room for come back at once: nobody is lost, nobody hears 5xx, the counter goes on', async () => {
  const tills = await plantTills();
  const statuses: number[] = [];
  const over = { yet: false };
  const batches = tills.map(packedBatch);
  const storm = Promise.all(
    tills.map((till, index) => sendUntilTaken(till, batches[index]!, statuses)),
  ).finally(() => {
    over.yet = true;
  });
  const waits: number[] = [];
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const startedAtMs = performance.now();
    const done = await work;
    waits.push(performance.now() - startedAtMs);
    return done;
  };
  for (let sales = 0; sales < 5 && !over.yet; sales += 1) {
    const request = bench.request('01');
    const paid = await timed(cashier.post('/v1/charges', request));
    expect(paid).toMatchObject({ status: 200, body: { status: 'paid' } });
    expect((await timed(fetch(`${origin}/healthz`))).status).toBe(200);
    expect((await timed(cashier.get('/v1/terminals/me/config'))).status).toBe(200);
  }
  await storm;
  expect(Math.max(...waits)).toBeLessThan(inTimeMs);
  // How many are sent away depends on the machine; that a full house sends away is the test below.
  expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
  const { rows } = await bench.cloud.deps.db.execute<{ n: number }>(
    sql`select count(*) as n from journal_batch`,
  );
  expect(rows).toEqual([{ n: tillsCount }]);
}, 120_000);

/** Connections that promise a body and stay silent: each takes a place in the house and none at work. */
async function openSilent(count: number): Promise<readonly Socket[]> {
  const { hostname, port } = new URL(origin);
  return Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Socket>((resolve) => {
          const socket = connect(Number(port), hostname, () => {
            socket.write(
              `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{`,
              () => resolve(socket),
            );
          });
          socket.on('error', () => {});
        }),
    ),
  );
}

test('a stranger who never finishes his bodies keeps no till out', async () => {
  const silent = await openSilent(200);
  const [till] = await plantTills();
  const statuses: number[] = [];
  await sendUntilTaken(till!, packedBatch(), statuses);
  expect(statuses).toEqual([200]);
  for (const socket of silent) socket.destroy();
});

test('a full house says 429 and when to come back, and takes the till as soon as there is room', async () => {
  const [till] = await plantTills();
  const body = packedBatch();
  const silent: Socket[] = [];
  const silenceLeaves = (): void => {
    for (const socket of silent.splice(0)) socket.destroy();
  };
  onTestFinished(silenceLeaves);
  const knock = () => till!.post(path, null, { sentBody: body });
  // Some more than there are places, and new ones for each knock: whoever is silent for long makes room.
  const knockInCrowd = async () => {
    silenceLeaves();
    silent.push(...(await openSilent(laneLimits.journal.presentMax + 200)));
    return knock();
  };
  let refused = await knockInCrowd();
  for (let tries = 0; refused.status !== 429 && tries < crowdsMax; tries += 1)
    refused = await knockInCrowd();
  expect(refused).toMatchObject({ status: 429, body: { code: 'cloud-busy', retryable: true } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  silenceLeaves();
  const statusNow = async (): Promise<number> => (await knock()).status;
  await expect.poll(statusNow, { timeout: 3 * inTimeMs, interval: 500 }).toBe(200);
}, 90_000);
