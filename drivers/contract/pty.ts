import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPtyWire, hasSocat, type PtyWire } from '#drivers/simulator/pty-wire.ts';

/** The part of vitest's `describe` that is needed here; passed in, so that drivers import no test runner. */
export interface Describe {
  skipIf(condition: boolean): (name: string, body: () => void) => unknown;
}

/** Describes tests over real pseudo terminals. Without socat they are skipped, and the summary names each. */
export function describeWithPty(describe: Describe, name: string, body: () => void): void {
  describe.skipIf(!hasSocat())(`${name} (needs socat)`, body);
}

/** A pseudo terminal in a folder of its own, removed with it. */
export async function createTemporaryPty(): Promise<{
  readonly wire: PtyWire;
  readonly remove: () => Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-pty-'));
  const wire = await createPtyWire(join(folder, 'port'));
  return {
    wire,
    remove: async () => {
      await wire.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
