import { parentPort, workerData } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '#shared/ids/ids.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';
import { importKeyPair } from '#cloud/identity/ed25519.ts';
import { createTestTerminal } from '#cloud/platform/testing/test-terminal.ts';

/**
 * A thread of its own, so that the tills of the storm do not stand in its way: a cashier who
 * charges again and again while the storm lasts. The shop has no channel, so an answer is a 422
 * after everything that the cloud does before it asks one. Told anything, it answers how long each
 * took, milliseconds, and the statuses it heard.
 */
export interface CashierData extends Omit<Parameters<typeof createTestTerminal>[0], 'key'> {
  readonly exportedKey: string;
}

/** What the thread tells in the end. */
export interface CounterTold {
  readonly waitsMs: readonly number[];
  readonly statuses: readonly number[];
}

const pauseMs = 100;
const source = { clock: createSystemClock(), random: createSystemRandom() };
const { exportedKey, ...till } = workerData as CashierData;
const cashier = createTestTerminal({ ...till, key: importKeyPair(exportedKey) });
const waitsMs: number[] = [];
const statuses: number[] = [];
const shop = { isOpen: true };
parentPort?.once('message', () => {
  shop.isOpen = false;
});
while (shop.isOpen) {
  const startedAtMs = performance.now();
  const charge = {
    orderId: newId('ord', source),
    attempt: 1,
    amountFen: 1_250,
    voucherFen: 0,
    concessionBp: 1_000,
    businessDate: '2026-11-22',
    cashier: '小王',
    wallet: 'wechat',
    openedAtMs: source.clock.nowMs(),
    authCode: '130000000000000000',
  };
  const answer = await cashier.post('/v1/charges', charge).catch(() => undefined);
  waitsMs.push(performance.now() - startedAtMs);
  statuses.push(answer?.status ?? 0);
  await sleep(pauseMs);
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origins
parentPort?.postMessage({ waitsMs, statuses } satisfies CounterTold);
