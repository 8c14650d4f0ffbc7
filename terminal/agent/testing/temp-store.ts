import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOrThrow } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import { openJournal, type Journal } from '#terminal/agent/journal/journal.ts';
import { openStore, type Store } from '#terminal/agent/journal/open-store.ts';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';

/** A folder that is removed by `remove`. */
export function tempFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'greentill-agent-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The real store and the real journal in `dataDir`. */
export function openTestJournal(
  dataDir: string,
  clock: Clock = systemClock,
): { readonly store: Store; readonly journal: Journal } {
  const store = getOrThrow(openStore(dataDir));
  const journal = getOrThrow(
    openJournal({ store, clock, random: systemRandom, appVersion: 'test' }),
  );
  return { store, journal };
}
