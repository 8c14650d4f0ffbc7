import { assert } from '#shared/result/assert.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';

/**
 * How many wrong PINs are taken, and when none is. Pure. Five wrong ones lock for a minute, each further five for twice
 * as long, at most a quarter of an hour; a right one forgets all of it. 480 guesses a day at most, of 10,000 and more.
 */
export interface PinLock {
  /** Wrong tries since the last lock or the last right one, 0..4. */
  readonly wrongCount: number;
  /** A try is being checked. Counted before it is: a power cut in the middle must not give it back. */
  readonly checking: boolean;
  /** Locks since the last right one. */
  readonly lockCount: number;
  /** Length of the lock that runs, milliseconds; 0: none runs. */
  readonly lockedForMs: number;
  /** Locks since the till was made: it only grows, and the cloud tells the owner of each. */
  readonly lockedEver: number;
}

export type PinEvent =
  /** A PIN was typed. Refused while locked and while another one is being checked. */
  | 'begin'
  | 'right'
  | 'wrong'
  /** The computer could not check it: it tells nobody whether it was right, and costs no try. */
  | 'unchecked'
  /** The time of the lock is over. */
  | 'served'
  /** The program starts: a lock starts over, for nobody knows how long the till was off; a try in hand was wrong. */
  | 'start'
  /** A new PIN, or none: the tries at the old one say nothing. */
  | 'renewed';

export const pinTriesMax = 5;
export const lockMsMin = 60_000;
export const lockMsMax = 900_000;

export const openPinLock: PinLock = {
  wrongCount: 0,
  checking: false,
  lockCount: 0,
  lockedForMs: 0,
  lockedEver: 0,
};

export const pinTriesLeft = (lock: PinLock): number =>
  lock.lockedForMs > 0 ? 0 : pinTriesMax - lock.wrongCount;

/** Why no PIN is taken now; undefined: one is. */
export const pinRefusal = (lock: PinLock): 'owner-pin-locked' | 'agent-busy' | undefined => {
  if (lock.lockedForMs > 0) return 'owner-pin-locked';
  return lock.checking ? 'agent-busy' : undefined;
};

export function stepPinLock(lock: PinLock, event: PinEvent): PinLock {
  switch (event) {
    case 'begin':
      assert(pinRefusal(lock) === undefined, () => 'a PIN is tried while none is taken');
      return { ...lock, checking: true };
    case 'right':
    case 'renewed':
      return { ...openPinLock, lockedEver: lock.lockedEver };
    case 'wrong':
      return afterWrong(lock);
    case 'unchecked':
      return { ...lock, checking: false };
    case 'served':
      return { ...lock, lockedForMs: 0 };
    case 'start':
      return lock.checking ? afterWrong(lock) : lock;
    default:
      return exhaustive(event);
  }
}

function afterWrong(lock: PinLock): PinLock {
  const wrongCount = lock.wrongCount + 1;
  if (wrongCount < pinTriesMax) return { ...lock, wrongCount, checking: false };
  return {
    wrongCount: 0,
    checking: false,
    lockCount: lock.lockCount + 1,
    lockedForMs: Math.min(lockMsMin * 2 ** lock.lockCount, lockMsMax),
    lockedEver: lock.lockedEver + 1,
  };
}
