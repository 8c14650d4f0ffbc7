import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import type { Batch } from '#shared/wire/v1/journal.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { createCloudClient, type CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import { ackedPosition, createUplink, type Uplink } from '#terminal/agent/uplink/uplink.ts';

/** A cloud that answers batches when it is told to. */
interface Held {
  readonly batch: Batch;
  readonly response: ServerResponse;
}
let held: Held[] = [];
let arrived: number[] = [];
const folder = tempFolder();
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const text = Buffer.concat(chunks);
    const isPacked = request.headers['content-encoding'] === 'gzip';
    const batch = JSON.parse((isPacked ? gunzipSync(text) : text).toString('utf8')) as Batch;
    arrived.push(batch.firstSeq);
    held.push({ batch, response });
  });
});
let journal: Journal;
let client: CloudClient;
let uplink: Uplink;

beforeEach(async () => {
  [held, arrived] = [[], []];
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  ({ journal } = openTestJournal(`${folder.path}/${expect.getState().currentTestName?.length}`));
  client = createCloudClient({
    cloudUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key: {
      publicKey: '',
      sign: () => Buffer.alloc(64),
      hashKey: () => Buffer.alloc(32),
    },
    terminalId: () => 'trm_01KAN7D5Q00000000000000001',
    clock: systemClock,
    random: systemRandom,
    timers: systemTimers,
    fetch: globalThis.fetch,
    onOutcome: () => {},
    onIdentityEvidence: () => {},
  });
  const ports = { clock: systemClock, random: { ...systemRandom, unit: () => 0 } };
  uplink = createUplink({
    journal,
    cloud: client,
    ...ports,
    timers: systemTimers,
    isReady: () => true,
    onTrouble: () => {},
  });
});
afterEach(async () => {
  client.close();
  await uplink.stop();
  journal.close();
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  folder.remove();
});

/** With the first entry of the file: 2,001 entries, four full batches and one entry. */
const queueFourBatches = (): void => {
  const facts = Array.from({ length: 1_000 }, (_, index) => [openedFact(index), cashFact(index)]);
  expect(journal.append(facts.flat()).ok).toBe(true);
};

const retryAfterSeconds = 5;
const until = (holds: () => boolean): Promise<void> => expect.poll(holds).toBe(true);

function answer(firstSeq: number, status = 200): void {
  const { batch, response } = held.find((one) => one.batch.firstSeq === firstSeq)!;
  held = held.filter((one) => one.batch !== batch);
  const last = batch.entries.at(-1)!;
  const taken = { ackedThrough: last.seq, headHash: last.hash, verdicts: [] };
  const retry = status === 429 ? { 'retry-after': String(retryAfterSeconds) } : {};
  response.writeHead(status, { 'content-type': 'application/json', ...retry });
  response.end(JSON.stringify(status === 200 ? taken : {}));
}

test('two batches travel at once, and the next leaves as soon as the oldest is answered', async () => {
  queueFourBatches();
  uplink.wake();
  await until(() => held.length === 2);
  expect(arrived.toSorted((a, b) => a - b)).toEqual([1, 501]);
  answer(1);
  await until(() => arrived.includes(1_001));
  expect(held.map(({ batch }) => batch.firstSeq).toSorted((a, b) => a - b)).toEqual([501, 1_001]);
  expect(ackedPosition(journal)).toBe(500);
});

test('an answer that overtakes the one before waits for it, and both move the position at once', async () => {
  queueFourBatches();
  uplink.wake();
  await until(() => held.length === 2);
  answer(501);
  expect(ackedPosition(journal)).toBe(0);
  answer(1);
  await until(() => held.length === 2);
  expect(ackedPosition(journal)).toBe(1_000);
  expect(held.map(({ batch }) => batch.firstSeq).toSorted((a, b) => a - b)).toEqual([1_001, 1_501]);
});

test('behind a batch that failed nothing counts: both are sent again, in order, and nothing is skipped', async () => {
  queueFourBatches();
  uplink.wake();
  await until(() => held.length === 2);
  answer(1, 500);
  answer(501);
  await until(() => arrived.length === 4);
  expect(ackedPosition(journal)).toBe(0);
  expect(arrived.slice(2).toSorted((a, b) => a - b)).toEqual([1, 501]);
  while (ackedPosition(journal) < 2_001) {
    await until(() => held.length > 0);
    answer(held[0]!.batch.firstSeq);
    await until(() => held.length > 0 || ackedPosition(journal) === 2_001);
  }
  expect(new Set(arrived)).toEqual(new Set([1, 501, 1_001, 1_501, 2_001]));
});

/** An uplink whose jitter is always at its ceiling and whose pauses never end by themselves. */
function openSlow(): { readonly pausesMs: number[] } {
  const pausesMs: number[] = [];
  uplink = createUplink({
    journal,
    cloud: client,
    clock: systemClock,
    random: { ...systemRandom, unit: () => 0.999 },
    timers: {
      after: (delayMs) => {
        pausesMs.push(delayMs);
        return () => {};
      },
    },
    isReady: () => true,
    onTrouble: () => {},
  });
  return { pausesMs };
}
async function failOnce(status = 500): Promise<void> {
  await until(() => held.length === 1);
  answer(1, status);
}

test('the pause between tries grows with each failure and begins anew when the line came back', async () => {
  const { pausesMs } = openSlow();
  for (let failures = 1; failures <= 4; failures += 1) {
    uplink.wake();
    await failOnce();
    await until(() => pausesMs.length === failures);
  }
  expect(pausesMs).toEqual([999, 1_998, 3_996, 7_992]);
  uplink.lineUp();
  await failOnce();
  await until(() => pausesMs.length === 5);
  expect(pausesMs.at(-1)).toBe(999);
});

test('a pause that the cloud ordered is kept, whether the line comes back or a sale is made', async () => {
  const { pausesMs } = openSlow();
  uplink.wake();
  await failOnce(429);
  await until(() => pausesMs.length === 1);
  expect(pausesMs[0]).toBeGreaterThanOrEqual(retryAfterSeconds * 1_000);
  uplink.lineUp();
  uplink.wake();
  await new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
  expect(arrived).toEqual([1]);
});
