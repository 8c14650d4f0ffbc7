import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  lockMsMax,
  lockMsMin,
  openPinLock,
  pinRefusal,
  pinTriesLeft,
  pinTriesMax,
  stepPinLock,
  type PinLock,
} from '#terminal/agent/owner/pin-lock-machine.ts';

type Deed = 'wrong' | 'right' | 'wait' | 'restart' | 'plug-pulled' | 'renewed';
const deeds = fc.array(
  fc.constantFrom<Deed>(
    'wrong',
    'wrong',
    'wrong',
    'right',
    'wait',
    'restart',
    'plug-pulled',
    'renewed',
  ),
  { maxLength: 120 },
);

/** One deed of a person at the till; what is not possible at this moment is skipped. */
function after(lock: PinLock, deed: Deed): PinLock {
  const isShut = pinRefusal(lock) !== undefined;
  switch (deed) {
    case 'wait':
      return lock.lockedForMs > 0 ? stepPinLock(lock, 'served') : lock;
    case 'restart':
      return stepPinLock(lock, 'start');
    case 'renewed':
      return stepPinLock(lock, 'renewed');
    case 'plug-pulled':
      return isShut ? lock : stepPinLock(stepPinLock(lock, 'begin'), 'start');
    default:
      return isShut ? lock : stepPinLock(stepPinLock(lock, 'begin'), deed);
  }
}

describe('the lock of the PIN', () => {
  it('takes five wrong tries, then none: for a minute, and twice as long each time up to a quarter of an hour', () => {
    let lock = openPinLock;
    const waits = Array.from({ length: 7 }, () => {
      for (let tries = 0; tries < pinTriesMax; tries += 1) {
        expect(pinTriesLeft(lock)).toBe(pinTriesMax - tries);
        lock = after(lock, 'wrong');
      }
      const { lockedForMs } = lock;
      expect(pinRefusal(lock)).toBe('owner-pin-locked');
      lock = stepPinLock(lock, 'served');
      return lockedForMs;
    });
    expect(waits).toEqual([60_000, 120_000, 240_000, 480_000, 900_000, 900_000, 900_000]);
  });

  it('forgets its tries after a right one, and never how often it locked', () => {
    let lock = openPinLock;
    for (let tries = 0; tries < pinTriesMax; tries += 1) lock = after(lock, 'wrong');
    lock = after(stepPinLock(lock, 'served'), 'right');
    expect(lock).toEqual({ ...openPinLock, lockedEver: 1 });
  });

  it('refuses a second try while one is being checked, and a defect that begins one is loud', () => {
    const checking = stepPinLock(openPinLock, 'begin');
    expect(pinRefusal(checking)).toBe('agent-busy');
    expect(() => stepPinLock(checking, 'begin')).toThrow(/none is taken/);
  });

  it('whatever a person does, tries between two right ones cost their waits: restarts and pulled plugs give none back', () => {
    fc.assert(
      fc.property(deeds, (all) => {
        let lock = openPinLock;
        let wrongs = 0;
        let waits = 0;
        for (const deed of all) {
          const before = lock;
          lock = after(lock, deed);
          const isTry = pinRefusal(before) === undefined;
          if (deed === 'renewed' || (deed === 'right' && isTry)) [wrongs, waits] = [0, 0];
          else if (isTry && (deed === 'wrong' || deed === 'plug-pulled')) wrongs += 1;
          if (deed === 'wait' && before.lockedForMs > 0) waits += 1;
          const locks = waits + (lock.lockedForMs > 0 ? 1 : 0);
          expect(locks).toBe(Math.trunc(wrongs / pinTriesMax));
          expect(lock.wrongCount).toBe(wrongs % pinTriesMax);
          expect(lock.lockedEver).toBeGreaterThanOrEqual(before.lockedEver);
          if (lock.lockedForMs > 0) {
            expect(lock.lockedForMs).toBeGreaterThanOrEqual(lockMsMin);
            expect(lock.lockedForMs).toBeLessThanOrEqual(lockMsMax);
            expect(pinTriesLeft(lock)).toBe(0);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a restart never shortens a lock', () => {
    fc.assert(
      fc.property(deeds, (all) => {
        const lock = all.reduce(after, openPinLock);
        expect(stepPinLock(lock, 'start').lockedForMs).toBe(lock.lockedForMs);
      }),
    );
  });
});
