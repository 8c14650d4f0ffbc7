import { setTimeout as sleep } from 'node:timers/promises';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';
import { signText, type KeyPair } from '#cloud/identity/ed25519.ts';
import { newId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { WireEntry } from '#shared/wire/v1/journal.ts';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import { openJournal, type Journal } from '#terminal/agent/journal/journal.ts';
import { setMeta } from '#terminal/agent/journal/meta.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { createCloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import { ackedPosition, createUplink } from '#terminal/agent/uplink/uplink.ts';

const source = { clock: createSystemClock(), random: createSystemRandom() };
const ordersPerAppend = 250;
const pollMs = 2;
const drainTimeoutMs = 120_000;
const timers = {
  after(delayMs: number, run: () => void) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** One queued order: what a cash sale writes into the journal. */
export interface QueuedOrder {
  readonly facts: readonly EntryFact[];
}

export const makeOrders = (count: number): readonly QueuedOrder[] =>
  Array.from({ length: count }, (_, index) => {
    const orderId = newId('ord', source);
    const amountFen = 1000 + (index % 900);
    const opened = {
      orderId,
      amountFen,
      voucherFen: 0,
      concessionBp: 1000,
      businessDate: '2026-11-22',
      cashier: '小王',
      claimToken: orderId.slice(-16),
    };
    const cash = { orderId, dueFen: amountFen, tenderedFen: amountFen, changeFen: 0 };
    return {
      facts: [
        { type: 'order.opened', body: opened },
        { type: 'cash.recorded', body: cash },
      ],
    };
  });

/** A till's real journal (SQLite, synchronous=FULL) with the orders queued in it. */
export function queueOrders(folder: string, orders: readonly QueuedOrder[]): Journal {
  const store = getOrThrow(openStore(folder));
  const journal = getOrThrow(openJournal({ store, ...source, appVersion: 'bench' }));
  for (let from = 0; from < orders.length; from += ordersPerAppend) {
    const facts = orders.slice(from, from + ordersPerAppend).flatMap((order) => order.facts);
    getOrThrow(journal.append(facts));
  }
  return journal;
}

/** The entries of each order exactly as they travel, in the order of the queue. */
export function wireOrders(journal: Journal): readonly (readonly WireEntry[])[] {
  const orders = new Map<string, WireEntry[]>();
  for (const { seq, hlc, wallMs, type, body, hash } of walkEntries(journal.read)) {
    const { orderId } = JSON.parse(body) as { readonly orderId?: string };
    if (orderId === undefined) continue;
    const known = orders.get(orderId);
    const entry = { seq, hlc, wallMs, type, body, hash };
    if (known === undefined) orders.set(orderId, [entry]);
    else known.push(entry);
  }
  return [...orders.values()];
}

/** Forgets what was acknowledged, so that the same queue can be drained again. */
export const rewind = (journal: Journal): void => {
  getOrThrow(journal.append([], (tx) => setMeta(tx, 'acked-position', '0')));
};

/** Drains the queue with the till's own uplink. Returns milliseconds until the last ack is durable at the till. */
export async function drain(
  journal: Journal,
  cloud: { readonly origin: string; readonly terminalId: string; readonly key: KeyPair },
): Promise<number> {
  const client = createCloudClient({
    cloudUrl: cloud.origin,
    key: {
      publicKey: cloud.key.publicKey,
      sign: (text) => Buffer.from(signText(cloud.key, text), 'base64url'),
      hashKey: () => Buffer.alloc(32),
    },
    terminalId: () => cloud.terminalId,
    ...source,
    timers,
    fetch: globalThis.fetch,
    onOutcome: () => {},
    onIdentityEvidence: () => {},
  });
  const uplink = createUplink({
    journal,
    cloud: client,
    ...source,
    timers,
    isReady: () => true,
    onTrouble: () => {},
  });
  const startedAtMs = performance.now();
  uplink.wake();
  while (ackedPosition(journal) < journal.head().position) {
    if (performance.now() - startedAtMs > drainTimeoutMs)
      throw new Error('the queue did not drain');
    await sleep(pollMs);
  }
  const durationMs = performance.now() - startedAtMs;
  await uplink.stop();
  client.close();
  return durationMs;
}
