import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '#drivers/core/system-ports.ts';
import type { Timers } from '#drivers/core/timers.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createManualClock, type ManualClock } from '#shared/testing/manual-clock.ts';
import { openJournal, type Journal } from '#terminal/agent/journal/journal.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { createOwnerDesk, type OwnerDesk } from '#terminal/agent/owner/owner-desk.ts';
import { openOwnerWitness } from '#terminal/agent/owner/owner-witness.ts';
import type { OwnerWish } from '#terminal/ipc/owner.ts';

const pin = '730291';
const wrong = '730292';
const boxWish = { action: 'orders.decideBox', orderId: 'ord_1', boxRef: '88001' } as const;

let dataDir: string;
let clock: ManualClock;
let journal: Journal;
let owner: OwnerDesk;
let told: number;
let sale: string;
let due: { readonly atMs: number; readonly run: () => void }[];

const timers: Timers = {
  after: (delayMs, run) => {
    const one = { atMs: clock.monotonicMs() + delayMs, run };
    due.push(one);
    return () => {
      due = due.filter((other) => other !== one);
    };
  },
};
/** Lets time pass, and what is due in it happen. */
const pass = (durationMs: number): void => {
  clock.advance(durationMs);
  const now = due.filter(({ atMs }) => atMs <= clock.monotonicMs());
  due = due.filter((one) => !now.includes(one));
  now.forEach(({ run }) => run());
};
const open = (): void => {
  const store = getOrThrow(openStore(dataDir));
  journal = getOrThrow(openJournal({ store, clock, random: systemRandom, appVersion: 'test' }));
  owner = createOwnerDesk({
    journal,
    clock,
    timers,
    random: systemRandom,
    onChange: () => undefined,
    onNews: () => {
      told += 1;
    },
    saleOnScreen: () => sale,
    witness: openOwnerWitness(dataDir),
  });
};
const restart = (): void => {
  owner.stop();
  journal.close();
  due = [];
  open();
};
const errorOf = async (asked: Promise<{ ok: boolean; error?: unknown }>): Promise<unknown> =>
  (await asked).error;
const fail = async (times: number): Promise<void> => {
  for (let index = 0; index < times; index += 1) await owner.unlock(wrong);
};

const approve = async (): Promise<string> =>
  getOrThrow(await owner.approve(pin, boxWish)).approvalId;
const bytes = (): string =>
  readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && !file.name.includes('ballast'))
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
    .join('\n');

/** Parameters that the library refuses, as it does for want of memory. */
const spoil = (): void => {
  const { pin: kept } = journal.read.one<{ pin: string }>('SELECT pin FROM owner')!;
  const spoilt = JSON.stringify({ ...(JSON.parse(kept) as object), n: 32_769 });
  journal.append([], (tx) => tx.run('UPDATE owner SET pin = $spoilt', { spoilt }));
  restart();
};

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'greentill-owner-'));
  clock = createManualClock();
  told = 0;
  sale = '';
  due = [];
  open();
});
afterEach(() => {
  owner.stop();
  journal.close();
  rmSync(dataDir, { recursive: true, force: true });
});

describe('setting the PIN', () => {
  it('the first needs no old one; changing it does, and the new one holds after a restart', async () => {
    expect(owner.state().isPinSet).toBe(false);
    getOrThrow(await owner.setPin({ newPin: '604817' }));
    expect(await errorOf(owner.setPin({ newPin: pin }))).toBe('owner-pin-missing');
    expect(await errorOf(owner.setPin({ oldPin: wrong, newPin: pin }))).toBe('owner-pin-wrong');
    getOrThrow(await owner.setPin({ oldPin: '604817', newPin: pin }));
    restart();
    expect(await errorOf(owner.unlock('604817'))).toBe('owner-pin-wrong');
    getOrThrow(await owner.unlock(pin));
  });

  it('a first one is told, with its time and over a restart; another one by who knows the old is not', async () => {
    expect([owner.news(), owner.state().pinSetAtMs, told]).toEqual([{ ownerChangeNo: 0 }, null, 0]);
    const firstAtMs = clock.nowMs();
    getOrThrow(await owner.setPin({ newPin: '604817' }));
    pass(86_400_000);
    getOrThrow(await owner.setPin({ oldPin: '604817', newPin: pin }));
    expect(owner.state().pinSetAtMs).toBe(firstAtMs + 86_400_000);
    restart();
    expect(owner.news()).toEqual({ firstPinAtMs: firstAtMs, ownerChangeNo: 2 });
    expect(owner.state().pinSetAtMs).toBe(firstAtMs + 86_400_000);
    expect(told).toBe(1);
  });

  it('the one after a reset is a first one again', async () => {
    getOrThrow(await owner.setPin({ newPin: '604817' }));
    owner.followReset(1);
    expect(owner.state().pinSetAtMs).toBeNull();
    pass(1_000);
    const againAtMs = clock.nowMs();
    getOrThrow(await owner.setPin({ newPin: pin }));
    expect(owner.news()).toEqual({ firstPinAtMs: againAtMs, ownerChangeNo: 3 });
  });

  it('refuses one that is easy to guess', async () => {
    expect(await errorOf(owner.setPin({ newPin: '1234' }))).toBe('owner-pin-weak');
    expect(owner.state().isPinSet).toBe(false);
  });

  it('of two first PINs set at once, one stands and the other is told to ask for it', async () => {
    const both = await Promise.all([
      owner.setPin({ newPin: pin }),
      owner.setPin({ newPin: '604817' }),
    ]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(both.find(({ ok }) => !ok)).toMatchObject({ error: 'owner-pin-missing' });
  });

  it('a reset by the cloud takes the PIN and its locks away, once for each number', async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    await fail(5);
    owner.followReset(3);
    expect(owner.state()).toMatchObject({ isPinSet: false, triesLeft: 5, lockedUntilMs: null });
    getOrThrow(await owner.setPin({ newPin: '604817' }));
    restart();
    owner.followReset(3);
    expect(owner.state().isPinSet).toBe(true);
  });

  it('a reset during a try ends it: no approval of a PIN that is gone', async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    const asked = owner.approve(pin, { action: 'drawer.open' });
    owner.followReset(1);
    expect(await errorOf(asked)).toBe('owner-pin-wrong');
  });
});

describe('wrong tries', () => {
  beforeEach(async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
  });

  it('lock after five, not even the right PIN is taken then, and the owner is told', async () => {
    const toldBefore = told;
    await fail(4);
    expect(owner.state()).toMatchObject({ triesLeft: 1, lockedUntilMs: null });
    expect(await errorOf(owner.unlock(wrong))).toBe('owner-pin-locked');
    expect(await errorOf(owner.unlock(pin))).toBe('owner-pin-locked');
    expect(owner.state().lockedUntilMs).toBe(clock.nowMs() + 60_000);
    expect(owner.news()).toMatchObject({ pinLocks: 1 });
    expect(told).toBe(toldBefore + 1);
    pass(60_000);
    getOrThrow(await owner.unlock(pin));
  });

  it('count over a restart, and a lock begins anew with it', async () => {
    await fail(3);
    restart();
    expect(owner.state().triesLeft).toBe(2);
    await fail(2);
    pass(59_000);
    restart();
    expect(owner.state().lockedUntilMs).toBe(clock.nowMs() + 60_000);
  });

  it('a lock that was waited out is over after a restart, too', async () => {
    await fail(5);
    pass(60_000);
    restart();
    expect(owner.state()).toMatchObject({ triesLeft: 5, lockedUntilMs: null });
  });

  it('setting the clock of the computer opens no lock', async () => {
    await fail(5);
    clock.setWall(clock.nowMs() + 86_400_000);
    expect(await errorOf(owner.unlock(pin))).toBe('owner-pin-locked');
    restart();
    expect(await errorOf(owner.unlock(pin))).toBe('owner-pin-locked');
  });

  it('twenty at once are one: the others are told that one is being checked', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => owner.unlock(wrong)));
    const codes = all.map((one) => (one.ok ? 'ok' : one.error));
    expect(codes.filter((code) => code === 'owner-pin-wrong')).toHaveLength(1);
    expect(codes.filter((code) => code === 'agent-busy')).toHaveLength(19);
    expect(owner.state().triesLeft).toBe(4);
  });

  it('a plug that is pulled while one is checked gives it not back', async () => {
    const asked = owner.unlock(wrong);
    const { checking } = journal.read.one<{ checking: number }>('SELECT checking FROM owner')!;
    expect(checking).toBe(1);
    await asked;
  });

  it('the till goes on while one is checked', async () => {
    let turns = 0;
    const beat = setInterval(() => (turns += 1), 1);
    await owner.unlock(wrong);
    clearInterval(beat);
    expect(turns).toBeGreaterThan(3);
  });
});

describe('approvals', () => {
  it('without a PIN what a cashier may do is open, and what the owner alone may is not', () => {
    const approvalId = undefined;
    expect(owner.redeem(approvalId, { action: 'drawer.open' })).toEqual({
      ok: true,
      value: { by: null },
    });
    const { orderId } = boxWish;
    for (const wish of [
      { action: 'till.payPromise' },
      { action: 'orders.breakPromise', orderId },
      boxWish,
      { action: 'orders.refund', orderId, amountFen: 1 },
    ] as const)
      expect(owner.redeem(approvalId, wish)).toEqual({
        ok: false,
        error: 'owner-pin-not-set',
      });
  });

  it('are good once, for one action, for a minute', async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    const stale = { ok: false, error: 'owner-approval-stale' };
    expect(owner.redeem(undefined, boxWish)).toEqual({
      ok: false,
      error: 'owner-approval-missing',
    });
    const once = await approve();
    expect(owner.redeem(once, boxWish)).toEqual({
      ok: true,
      value: { by: 'owner' },
    });
    expect(owner.redeem(once, boxWish)).toEqual(stale);
    const other = await approve();
    expect(owner.redeem(other, { action: 'drawer.open' })).toEqual(stale);
    expect(owner.redeem(other, boxWish)).toEqual(stale);
    const old = await approve();
    pass(60_000);
    expect(owner.redeem(old, boxWish)).toEqual(stale);
    const lost = await approve();
    restart();
    expect(owner.redeem(lost, boxWish)).toEqual(stale);
  });

  it('goods on trust are approved for the sale that the owner saw, and for no other', async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    const action = 'till.payPromise';
    sale = '10 yuan';
    const asked = owner.approve(pin, { action });
    // Changed while the PIN is checked.
    sale = '200 yuan';
    const { approvalId } = getOrThrow(await asked);
    expect(owner.redeem(approvalId, { action })).toMatchObject({ error: 'owner-approval-stale' });
    const right = getOrThrow(await owner.approve(pin, { action }));
    expect(owner.redeem(right.approvalId, { action }).ok).toBe(true);
  });

  it.each<[string, OwnerWish, OwnerWish]>([
    [
      'a refund of a larger sum',
      { action: 'orders.refund', orderId: 'ord_1', amountFen: 500 },
      { action: 'orders.refund', orderId: 'ord_1', amountFen: 50_000 },
    ],
    [
      'a refund of another order',
      { action: 'orders.refund', orderId: 'ord_1', amountFen: 500 },
      { action: 'orders.refund', orderId: 'ord_2', amountFen: 500 },
    ],
    [
      'another promise that is given up',
      { action: 'orders.breakPromise', orderId: 'ord_1' },
      { action: 'orders.breakPromise', orderId: 'ord_2' },
    ],
    ['a box sale of another order', boxWish, { ...boxWish, orderId: 'ord_2' }],
    ['calling a box sale unpaid', boxWish, { ...boxWish, boxRef: null }],
  ])('are for what the owner saw: not for %s', async (_, seen, done) => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    const given = getOrThrow(await owner.approve(pin, seen));
    expect(owner.redeem(given.approvalId, done)).toMatchObject({ error: 'owner-approval-stale' });
    const again = getOrThrow(await owner.approve(pin, seen));
    expect(owner.redeem(again.approvalId, seen).ok).toBe(true);
  });

  it("the owner's time lasts five minutes, or until it is ended", async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    expect(owner.requireUnlocked()).toEqual({ ok: false, error: 'owner-locked' });
    getOrThrow(await owner.unlock(pin));
    pass(299_999);
    expect(owner.requireUnlocked().ok).toBe(true);
    pass(1);
    expect(owner.requireUnlocked().ok).toBe(false);
    getOrThrow(await owner.unlock(pin));
    owner.lock();
    expect(owner.requireUnlocked().ok).toBe(false);
  });

  it('the owner may leave the drawer to the cashier', async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    expect(owner.approveDrawer(undefined).ok).toBe(false);
    const { approvalId } = getOrThrow(await owner.approve(pin, { action: 'owner.setRules' }));
    getOrThrow(owner.setRules({ guardsDrawer: false, approvalId }));
    restart();
    expect(owner.approveDrawer(undefined)).toEqual({ ok: true, value: { by: null } });
  });
});

describe('a computer that cannot check a PIN', () => {
  it('says so, takes no try for it, and is not busy for ever', async () => {
    getOrThrow(await owner.setPin({ newPin: pin }));
    await fail(2);
    spoil();
    for (let tries = 0; tries < 7; tries += 1)
      expect(await errorOf(owner.unlock(pin))).toBe('owner-pin-unchecked');
    expect(owner.state()).toMatchObject({ triesLeft: 3, lockedUntilMs: null });
    restart();
    expect(owner.state().triesLeft).toBe(3);
    expect(await errorOf(owner.setPin({ oldPin: pin, newPin: '604817' }))).toBe(
      'owner-pin-unchecked',
    );
  });
});

describe('on the disk', () => {
  it('no PIN stands anywhere in clear, and the journal has no word of it', async () => {
    const entries = journal.head().seq;
    getOrThrow(await owner.setPin({ newPin: '28064193' }));
    await fail(2);
    getOrThrow(await owner.approve('28064193', { action: 'drawer.open' }));
    expect(bytes()).not.toContain('28064193');
    expect(bytes()).not.toContain(wrong);
    expect(journal.head().seq).toBe(entries);
    const row = journal.read.one<{ pin: string }>('SELECT pin FROM owner')!;
    expect(JSON.parse(row.pin)).toMatchObject({ n: 32_768, r: 8, p: 1 });
  });

  it('the search above finds one that is planted', () => {
    journal.append([], (tx) =>
      tx.run(`INSERT INTO meta (key, value) VALUES ('planted', $value)`, { value: '28064193' }),
    );
    expect(bytes()).toContain('28064193');
  });
});
