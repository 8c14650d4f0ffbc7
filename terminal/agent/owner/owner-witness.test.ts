import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import { createOwnerDesk, type OwnerDesk } from '#terminal/agent/owner/owner-desk.ts';
import { openOwnerWitness, ownerWitnessFileName } from '#terminal/agent/owner/owner-witness.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

const pin = '730291';
const wrong = '730292';

let folder = tempFolder();
let dataDir: string;
let journal: Journal;
let owner: OwnerDesk;

const open = (): void => {
  journal = openTestJournal(dataDir).journal;
  owner = createOwnerDesk({
    journal,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    onChange: () => undefined,
    onNews: () => undefined,
    saleOnScreen: () => '',
    witness: openOwnerWitness(dataDir),
  });
};
const restart = (): void => {
  owner.stop();
  journal.close();
  open();
};
const errorOf = async (asked: Promise<{ ok: boolean; error?: unknown }>): Promise<unknown> =>
  (await asked).error;
const former = '604817';
/** The file as it is now, put back later. */
const keepCopy = (): (() => void) => {
  owner.stop();
  journal.close();
  const copy = readFileSync(join(dataDir, journalFileName));
  open();
  return () => {
    owner.stop();
    journal.close();
    for (const suffix of ['-wal', '-shm'])
      rmSync(join(dataDir, `${journalFileName}${suffix}`), { force: true });
    writeFileSync(join(dataDir, journalFileName), copy);
    open();
  };
};

beforeEach(() => {
  folder = tempFolder();
  dataDir = folder.path;
  open();
});
afterEach(() => {
  owner.stop();
  journal.close();
  folder.remove();
});

describe('an older file in the place of the journal', () => {
  it('brings no former PIN back: none is right until the cloud resets it', async () => {
    getOrThrow(await owner.setPin({ newPin: former }));
    const putBack = keepCopy();
    getOrThrow(await owner.setPin({ oldPin: former, newPin: pin }));
    putBack();
    for (const tried of [former, pin])
      expect(await errorOf(owner.unlock(tried))).toBe('owner-pin-lost');
    expect(await errorOf(owner.setPin({ oldPin: former, newPin: pin }))).toBe('owner-pin-lost');
    expect(owner.state()).toMatchObject({ isPinSet: true, triesLeft: 5 });
    expect(owner.requireUnlocked().ok).toBe(false);
    owner.followReset(1);
    getOrThrow(await owner.setPin({ newPin: pin }));
    restart();
    getOrThrow(await owner.unlock(pin));
  });

  it('opens no till that had a PIN, and gives no rule back that was taken away', async () => {
    const putBack = keepCopy();
    getOrThrow(await owner.setPin({ newPin: pin }));
    putBack();
    expect(owner.state()).toMatchObject({ isPinSet: true, guardsDrawer: true });
    expect(owner.approveDrawer(undefined).ok).toBe(false);
    expect(await errorOf(owner.setPin({ newPin: former }))).toBe('owner-pin-lost');
  });

  it('follows no reset twice: an old number does not take the lost PIN away', async () => {
    getOrThrow(await owner.setPin({ newPin: former }));
    const putBack = keepCopy();
    owner.followReset(4);
    getOrThrow(await owner.setPin({ newPin: pin }));
    putBack();
    owner.followReset(4);
    expect(owner.state().isPinSet).toBe(true);
    owner.followReset(5);
    expect(owner.state().isPinSet).toBe(false);
  });

  it('that is as new as the till knew keeps its PIN', async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    const putBack = keepCopy();
    await owner.unlock(wrong);
    putBack();
    getOrThrow(await owner.unlock(pin));
  });

  it('a torn witness is none, and is written anew', async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    writeFileSync(join(dataDir, ownerWitnessFileName), '9 9 torn');
    restart();
    getOrThrow(await owner.unlock(pin));
    expect(openOwnerWitness(dataDir).seen()).toEqual({ changeNo: 1, resetNo: 0 });
  });
});

describe('what the cloud remembers of the owner', () => {
  /** As a heartbeat does it: what the till says is kept when it is more, and told back. */
  let cloudSaw = 0;
  const beat = (): void => {
    cloudSaw = Math.max(cloudSaw, owner.news().ownerChangeNo ?? 0);
    owner.heedSeen(cloudSaw);
  };
  beforeEach(() => {
    cloudSaw = 0;
  });

  it('an old journal and an old witness that are put back together bring no former PIN back, from the next heartbeat on', async () => {
    getOrThrow(await owner.setPin({ newPin: former }));
    beat();
    const putBack = keepCopy();
    const witness = readFileSync(join(dataDir, ownerWitnessFileName));
    getOrThrow(await owner.setPin({ oldPin: former, newPin: pin }));
    beat();
    writeFileSync(join(dataDir, ownerWitnessFileName), witness);
    putBack();
    // No file tells: with the line down the former PIN is right.
    getOrThrow(await owner.unlock(former));
    beat();
    expect(await errorOf(owner.unlock(former))).toBe('owner-pin-lost');
    expect(owner.requireUnlocked().ok).toBe(false);
    restart();
    expect(await errorOf(owner.unlock(former))).toBe('owner-pin-lost');
    // Told once: the record that was not believed is the newest now.
    const { ownerChangeNo } = owner.news();
    beat();
    expect(owner.news().ownerChangeNo).toBe(ownerChangeNo);
    owner.followReset(1);
    getOrThrow(await owner.setPin({ newPin: pin }));
    beat();
    getOrThrow(await owner.unlock(pin));
  });

  it('a row that was taken out of the file, and the witness with it, makes no till without a PIN', async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    beat();
    journal.append([], (tx) => tx.run('DELETE FROM owner'));
    rmSync(join(dataDir, ownerWitnessFileName));
    restart();
    expect(owner.state().isPinSet).toBe(false);
    getOrThrow(await owner.setPin({ newPin: former }));
    getOrThrow(await owner.setPin({ oldPin: former, newPin: '918273' }));
    // A thief who changes it as often as the owner did is told by the alarm of a first PIN; with
    // fewer changes he is out.
    expect(owner.news().firstPinAtMs).toBeDefined();
    cloudSaw = 3;
    beat();
    expect(owner.approveDrawer(undefined).ok).toBe(false);
    expect(await errorOf(owner.unlock('918273'))).toBe('owner-pin-lost');
  });

  it('a cloud that knows less, or nothing yet, changes nothing', async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    owner.heedSeen(0);
    owner.heedSeen(1);
    getOrThrow(await owner.unlock(pin));
  });
});
