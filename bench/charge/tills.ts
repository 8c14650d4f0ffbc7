import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';
import { createTestJournal, type TestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import { newId, outTradeNo, type OrderId } from '#shared/ids/ids.ts';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import { makeOrders } from '../drain/till.ts';

const source = { clock: createSystemClock(), random: createSystemRandom() };
const answerWithinMs = 12_000;
/** A payment code works once. */
let codes = 0;
const agent = new Agent({ keepAlive: true, maxSockets: 512 });

export interface ChargedOnce {
  /** Our number at the channel. */
  readonly outTradeNo: string;
  /** When it was due, milliseconds from the start: the clock of an open loop runs from here. */
  readonly dueMs: number;
  /** From when it was due to the last byte of its answer. */
  readonly tookMs: number;
  readonly status: number;
  /** What the cloud says of it; "paid" is what counts. */
  readonly says: string;
}

/** A prime: one charge after the other comes from another shop, as in a town and not as at a chain's ten counters. */
const spread = 101;

/** So many charges a second, each at its own time whether or not the one before was answered. */

export async function chargeAtRate(options: {
  readonly tills: readonly TestTerminal[];
  readonly origin: string;
  readonly perSecond: number;
  readonly durationMs: number;
}): Promise<readonly ChargedOnce[]> {
  const { tills, origin, perSecond, durationMs } = options;
  const count = Math.round((perSecond * durationMs) / 1000);
  const startedMs = performance.now();
  const running: Promise<ChargedOnce>[] = [];
  while (running.length < count) {
    const nowMs = performance.now() - startedMs;
    while (running.length < count && (running.length * 1000) / perSecond <= nowMs) {
      const dueMs = (running.length * 1000) / perSecond;
      const till = tills[(running.length * spread) % tills.length]!;
      running.push(chargeOnce(till, { origin, startedMs, dueMs }));
    }
    await sleep(1);
  }
  return await Promise.all(running);
}

async function chargeOnce(
  till: TestTerminal,
  at: { readonly origin: string; readonly startedMs: number; readonly dueMs: number },
): Promise<ChargedOnce> {
  const orderId: OrderId = newId('ord', source);
  const charge: ChargeRequest = {
    orderId,
    attempt: 1,
    amountFen: 1_000 + (Math.floor(at.dueMs) % 9_000),
    voucherFen: 0,
    concessionBp: 1_000,
    businessDate: '2026-11-22',
    cashier: '小王',
    wallet: 'wechat',
    openedAtMs: source.clock.nowMs(),
    authCode: `13${String((codes += 1)).padStart(14, '0')}01`,
  };
  const body = Buffer.from(JSON.stringify(charge));
  const headers = {
    'content-type': 'application/json',
    'content-length': String(body.length),
    ...till.sign('POST', '/v1/charges', body),
  };
  const answer = await send(`${at.origin}/v1/charges`, headers, body);
  const tookMs = performance.now() - at.startedMs - at.dueMs;
  const says = (answer.body['status'] ?? answer.body['code'] ?? 'nothing') as string;
  return {
    outTradeNo: outTradeNo(orderId, 1),
    dueMs: at.dueMs,
    tookMs,
    status: answer.status,
    says,
  };
}

const send = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> =>
  new Promise((resolve) => {
    const lost = () => resolve({ status: 0, body: {} });
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', lost);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
        });
      });
    });
    sent.on('error', lost);
    // As a till does: then it hangs up and asks what became of the charge.
    sent.setTimeout(answerWithinMs, () => sent.destroy());
    sent.end(body);
  });

export interface Ingest {
  /** Ends the stream; answers the entries that were acknowledged and how many batches were not. */
  end(): Promise<{ readonly entries: number; readonly failed: number }>;
}

/** Tills that empty small queues all the while: a signed gzip batch of cash orders every so many milliseconds. */
export function startIngest(options: {
  readonly tills: readonly TestTerminal[];
  readonly everyMs: number;
  readonly ordersPerBatch: number;
}): Ingest {
  const { tills, everyMs, ordersPerBatch } = options;
  const journals = tills.map(() => createTestJournal());
  const stopping = new AbortController();
  let entries = 0;
  let failed = 0;
  const run = async (): Promise<void> => {
    const startedMs = performance.now();
    for (let round = 0; !stopping.signal.aborted; round += 1) {
      const index = round % tills.length;
      const journal = journals[index]!;
      const from = journal.entries.length + 1;
      for (const { facts } of makeOrders(ordersPerBatch))
        for (const { type, body } of facts) journal.append(type, body);
      const bytes = gzipSync(JSON.stringify(journal.batch(from)));
      const answer = await tills[index]!.post('/v1/journal/batches', null, { sentBody: bytes });
      if (answer.status === 200) entries += journal.entries.length - from + 1;
      else failed += 1;
      const waitMs = startedMs + (round + 1) * everyMs - performance.now();
      await sleep(Math.max(0, waitMs), undefined, { signal: stopping.signal }).catch(
        () => undefined,
      );
    }
  };
  const ended = run();
  return {
    async end() {
      stopping.abort();
      await ended;
      return { entries, failed };
    },
  };
}
