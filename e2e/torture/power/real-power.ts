import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { getOrThrow } from '#shared/result/result.ts';
import { bundleGuest } from '../../rig/bundle.ts';
import { prepareDebian, type GuestImage } from '../../rig/debian.ts';
import { createJsonLines } from '../../rig/json-lines.ts';
import { startQemu } from '../../rig/qemu.ts';
import type { SalesCount } from '../count-sales.ts';
import { createDraw } from '../draw.ts';
import type { PowerMessage } from './power-protocol.ts';
import { counted, type Tier, type TierOutcome, type TierRun } from '../tier.ts';

const diskBytes = 256 * 1_048_576;
/** Time for boot, mount and the check of what is there, on a machine that others use too. */
const foundMsMax = 240_000;
/** The guest sells this long before it loses power. */
const sellMsMin = 500;
const sellMsMax = 9_000;
/** Unacknowledged sales that may be there all the same: the one in flight. */
const inFlightMax = 1;
const repo = path.resolve(import.meta.dirname, '../../..');

export const realPower: Tier = {
  title: 'Real power cuts: the machine dies while the journal commits to ext4',
  unit: 'cuts',
  fullCount: 20,
  missing: () => {
    const prepared = prepareDebian();
    if (!prepared.ok) return prepared.error;
    rmSync(prepared.value.initramfsFile, { force: true });
    return undefined;
  },
  run: cutRealPower,
  note: (counts) =>
    `Debian's kernel in QEMU, ext4 with default settings on a virtual disk; QEMU killed with SIGKILL. ` +
    `${counted(counts, 'inFlight')} times the unacknowledged sale in flight had survived as well.`,
  found: 'nothing so far.',
};

/** One boot: what it found, and the last sale that it acknowledged before its power went. */
interface Life {
  readonly found: SalesCount;
  /** −1: none. */
  readonly lastAck: number;
}

async function cutRealPower({ count, seed, say }: TierRun): Promise<TierOutcome> {
  const draw = createDraw(`power/${seed}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'greentill-power-'));
  const disk = path.join(folder, 'disk.img');
  writeFileSync(disk, '');
  truncateSync(disk, diskBytes);
  execFileSync('mkfs.ext4', ['-q', disk], { env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' } });
  const entry = await bundleGuest(
    path.join(import.meta.dirname, 'guest/power-main.ts'),
    'power-guest.mjs',
  );
  const faults: string[] = [];
  let [tried, lost, doubled, inFlight] = [0, 0, 0, 0];
  let lastAck = -1;
  try {
    // The life after the last cut only looks.
    for (let boot = 0; boot <= count; boot += 1) {
      const sellMs = boot === count ? 0 : sellMsMin + draw(`${boot}`) * (sellMsMax - sellMsMin);
      const image = getOrThrow(prepareDebian());
      const life = await liveOnce({ image, entry, disk, sellMs });
      const { salesCount } = life.found;
      lost += Math.max(0, lastAck + 1 - salesCount);
      doubled += life.found.doubledCount;
      faults.push(...life.found.faults);
      const extra = salesCount - (lastAck + 1);
      if (extra > 0) inFlight += 1;
      if (extra > inFlightMax) faults.push(`${extra} sales that nobody was told of`);
      if (boot < count) tried += 1;
      say(`  boot ${boot}: ${salesCount} sales there, ${lastAck + 1} acknowledged before`);
      // What was found has been seen by the host: it must stay, as must what is acknowledged now.
      lastAck = Math.max(life.lastAck, salesCount - 1);
    }
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  rmSync(folder, { recursive: true, force: true });
  return { tried, acknowledged: lastAck + 1, lost, doubled, faults, counts: { inFlight } };
}

/** Boots, waits for what the guest found, lets it sell for `sellMs`, and cuts its power. */
async function liveOnce(options: {
  readonly image: GuestImage;
  readonly entry: string;
  readonly disk: string;
  readonly sellMs: number;
}): Promise<Life> {
  const { image, entry, disk, sellMs } = options;
  const stage = path.join(import.meta.dirname, 'guest/power-stage.sh');
  const node = process.execPath;
  const guest = await startQemu({ image, repo, node, entry, only: '', stage, disk });
  let lastAck = -1;
  const found = new Promise<SalesCount>((resolve, reject) => {
    const read = createJsonLines((raw) => {
      const message = raw as PowerMessage;
      if (message.type === 'found') resolve(message);
      else if (message.type === 'ack') lastAck = message.index;
      else reject(new Error(message.why));
    });
    guest.control.setEncoding('utf8').on('data', (text: string) => read(text));
    void guest.off.then((end) => reject(new Error(`the machine ended with ${end}`)));
  });
  found.catch(() => undefined);
  const late = new AbortController();
  const limit = pause(foundMsMax, undefined, { signal: late.signal }).then(() => {
    throw new Error(`no word from the guest: ${guest.console().slice(-800)}`);
  });
  limit.catch(() => undefined);
  const lineEnded = new Promise((resolve) => guest.control.once('close', resolve));
  let sales: SalesCount;
  try {
    sales = await Promise.race([found, limit]);
    await pause(sellMs);
  } finally {
    late.abort();
    guest.kill();
    await guest.off;
  }
  // What the guest had said before it died may still lie in our socket.
  await lineEnded;
  return { found: sales, lastAck };
}
