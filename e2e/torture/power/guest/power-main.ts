import { readdirSync, readFileSync, openSync, writeSync } from 'node:fs';
import { getOrThrow } from '#shared/result/result.ts';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { openJournal } from '#terminal/agent/journal/journal.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { countSales } from '../../count-sales.ts';
import type { PowerMessage } from '../power-protocol.ts';

/**
 * Runs in the guest: says what the last power cut left, then sells until the next one. Each sale is told to the host
 * only after its append returned.
 */
const dataDir = '/mnt/disk/till';
const ports = '/sys/class/virtio-ports';
const port = readdirSync(ports).find(
  (name) => readFileSync(`${ports}/${name}/name`, 'utf8').trim() === 'rig.control',
);
if (port === undefined) throw new Error('no line to the host');
const line = openSync(`/dev/${port}`, 'w');
const tell = (message: PowerMessage): void => void writeSync(line, `${JSON.stringify(message)}\n`);

try {
  const store = getOrThrow(openStore(dataDir));
  const journal = getOrThrow(
    openJournal({ store, clock: systemClock, random: systemRandom, appVersion: 'test' }),
  );
  const found = countSales(journal.read);
  tell({ type: 'found', ...found });
  for (let index = found.salesCount; ; index += 1) {
    getOrThrow(journal.append([openedFact(index), cashFact(index)]));
    tell({ type: 'ack', index });
  }
} catch (error) {
  tell({
    type: 'failed',
    why: error instanceof Error ? (error.stack ?? error.message) : 'unknown',
  });
}
