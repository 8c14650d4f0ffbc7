import { join } from 'node:path';
import { assert } from '#shared/result/assert.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { Random } from '#shared/time/random.ts';
import { openDeviceKey } from '#terminal/agent/identity/device-key.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import { cloudCopyOf } from '#terminal/agent/store/recovery/cloud-copy.ts';
import { recoverStore } from '#terminal/agent/store/recovery/recover.ts';
import { createCloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import { cloudOrigin } from '../cloud/cloud-host.ts';
import type { World } from '../world/virtual-world.ts';

const retryMs = 10_000;
const triesMax = 400;

/** The till whose owner restores. */
interface RestoredTill {
  readonly world: World;
  readonly name: string;
  readonly fetch: typeof globalThis.fetch;
  readonly random: Random;
  /** The desk has closed this till: the cloud gives it nothing of its journal any more. */
  readonly isClosed: () => boolean;
}

/**
 * The owner restores a backup with the real command, again and again until the cloud can be reached; where the till is
 * closed there, the owner goes on without it (`--alone`). Returns whether the cloud had its say.
 */
export async function restoreByCommand(
  { world, name, fetch, random, isClosed }: RestoredTill,
  { folder, source }: { readonly folder: string; readonly source: string },
): Promise<'with-cloud' | 'alone'> {
  const clock = world.clockOf(() => 0);
  const key = getOrThrow(openDeviceKey(folder));
  const cloudOf = (meta: ReadonlyMap<string, string>) => {
    const identity = JSON.parse(meta.get('identity') ?? '{}') as { terminalId?: string };
    const client = createCloudClient({
      cloudUrl: cloudOrigin,
      key,
      terminalId: () => identity.terminalId,
      clock,
      random,
      timers: world.timers,
      fetch,
      onOutcome: () => undefined,
      onIdentityEvidence: () => undefined,
    });
    return cloudCopyOf(client);
  };
  for (let tries = 0; tries < triesMax; tries += 1) {
    const isAlone = tries > 0 && isClosed();
    const done = await recoverStore({
      dataDir: folder,
      sources: [join(source, journalFileName)],
      reason: 'restored',
      cloud: isAlone ? undefined : cloudOf,
      clock,
      random,
      appVersion: 'sim',
    });
    world.trace.note(
      `${name} restore: ${done.ok ? (isAlone ? 'done alone' : 'done') : done.error.code}`,
    );
    if (done.ok) return isAlone ? 'alone' : 'with-cloud';
    await new Promise<void>((resolve) => void world.timers.after(retryMs, resolve));
  }
  assert(false, () => `${name} could not be restored`);
}
