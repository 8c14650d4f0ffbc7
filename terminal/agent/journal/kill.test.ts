import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import { findChainFault } from '#terminal/agent/journal/hash-chain.ts';
import { rebuildProjections } from '#terminal/agent/journal/rebuild.ts';
import { dumpProjections } from '#terminal/agent/journal/projections.ts';
import { systemRandom } from '#drivers/core/system-ports.ts';
import { orderIdOf } from '#terminal/agent/testing/facts.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

const rounds = 10;
const child = fileURLToPath(new URL('../testing/appending-child.ts', import.meta.url));

test('killed at random moments, the journal has every acknowledged sale, whole, once, chained', async () => {
  const folder = tempFolder();
  const acknowledged = new Set<number>();
  for (let round = 0; round < rounds; round += 1) {
    // The sale after the last acknowledged one may be in the file as well: committed, but the answer never came.
    const from = Math.max(-2, ...acknowledged) + 2;
    const lifeMs = systemRandom.unit() * 40;
    for (const index of await runUntilKilled(folder.path, { from, lifeMs }))
      acknowledged.add(index);
    const { journal, store } = openTestJournal(folder.path);
    expect(findChainFault(walkEntries(journal.read))).toBeUndefined();
    const live = dumpProjections(journal.read);
    const orders = live.orders as { order_id: string; state: string }[];
    expect(orders.every((order) => order.state === 'cash-recorded')).toBe(true);
    const present = new Set(orders.map((order) => order.order_id));
    expect([...acknowledged].filter((index) => !present.has(orderIdOf(index)))).toEqual([]);
    expect(present.size).toBeLessThanOrEqual(acknowledged.size + round + 1);
    expect(rebuildProjections(store)).toBeUndefined();
    expect(dumpProjections(journal.read)).toEqual(live);
    journal.close();
  }
  expect(acknowledged.size).toBeGreaterThan(rounds);
  folder.remove();
}, 60_000);

/** Runs the child, kills it `lifeMs` after its first sale, and answers the numbers it acknowledged. */
async function runUntilKilled(
  dataDir: string,
  { from, lifeMs }: { from: number; lifeMs: number },
): Promise<readonly number[]> {
  const agent = spawn(process.execPath, [child, dataDir, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const exited = new Promise<void>((resolve) => {
    agent.on('close', () => resolve());
  });
  const started = new Promise<void>((resolve) => {
    agent.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      resolve();
    });
  });
  await Promise.race([started, exited]);
  await pause(lifeMs);
  agent.kill('SIGKILL');
  await exited;
  return text.split('\n').slice(0, -1).map(Number);
}
