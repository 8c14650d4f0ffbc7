import type { Timers } from '#drivers/core/timers.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { Heartbeat } from '#shared/wire/v1/journal.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import {
  approvalMs,
  approvedOf,
  createApprovals,
  unlockMs,
  type Approvals,
} from '#terminal/agent/owner/approvals.ts';
import { readOwner, writeOwner, type OwnerRecord } from '#terminal/agent/owner/owner-store.ts';
import {
  isOlderThan,
  type OwnerSeen,
  type OwnerWitness,
} from '#terminal/agent/owner/owner-witness.ts';
import { hashPin, isPin, pinSaltBytes } from '#terminal/agent/owner/pin-hash.ts';
import {
  pinRefusal,
  pinTriesLeft,
  stepPinLock,
  type PinEvent,
} from '#terminal/agent/owner/pin-lock-machine.ts';
import { isWeakPin } from '#terminal/agent/owner/weak-pin.ts';
import type { OwnerAction, OwnerState, OwnerWish } from '#terminal/ipc/owner.ts';

/** Who stands behind an action that was let through. The entry that it leads to says so. */
export interface Approval {
  /** null: no PIN is set on this till, and the action is open without one. */
  readonly by: 'owner' | null;
}

/** What the entry of an approved action says of it; an action that needed nobody says nothing. */
export const approvedBy = ({ by }: Approval): { readonly approvedBy?: 'owner' } =>
  by === null ? {} : { approvedBy: by };

/** The owner's PIN (店主密码) and what it opens. See terminal/ipc/owner.ts for the words of the contract. */
export interface OwnerDesk {
  readonly state: () => OwnerState;
  /** Errors: `owner-pin-weak`, `owner-pin-missing`, those of a try, a disk's. */
  readonly setPin: (pins: {
    readonly oldPin?: string | undefined;
    readonly newPin: string;
  }) => Promise<Result<void, ErrorCode>>;
  readonly approve: (
    pin: string,
    wish: OwnerWish,
  ) => Promise<Result<{ readonly approvalId: string; readonly untilMs: number }, ErrorCode>>;
  readonly unlock: (pin: string) => Promise<Result<{ readonly untilMs: number }, ErrorCode>>;
  readonly lock: () => void;
  /** Errors: as {@link redeem}, a disk's. */
  readonly setRules: (rules: {
    readonly guardsDrawer: boolean;
    readonly approvalId?: string | undefined;
  }) => Result<void, ErrorCode>;
  /**
   * Uses an approval up, whatever becomes of the action afterwards: look first whether the action
   * can be done at all. Errors: `owner-approval-missing`, `owner-approval-stale`; without a PIN
   * `owner-pin-not-set` for what is not done without.
   */
  readonly redeem: (approvalId: string | undefined, wish: OwnerWish) => Result<Approval, ErrorCode>;
  /** For the drawer outside a sale: open when the owner chose so. Errors: as {@link redeem}. */
  readonly approveDrawer: (approvalId: string | undefined) => Result<Approval, ErrorCode>;
  /** For the pages that set the till up. Errors: `owner-locked`. */
  readonly requireUnlocked: () => Result<Approval, ErrorCode>;
  readonly isPinSet: () => boolean;
  /**
   * What the heartbeat tells the cloud, ever again: how often the PIN locked, when it was a first
   * one, how new all is.
   */
  readonly news: () => Pick<Heartbeat, 'pinLocks' | 'firstPinAtMs' | 'ownerChangeNo'>;
  /** The cloud heard of so many changes: a record with fewer is an older one, and no longer believed. */
  readonly heedSeen: (changeNo: number) => void;
  /** The cloud asks for a reset: the PIN goes, once for each number. */
  readonly followReset: (resetNo: number) => void;
  readonly stop: () => void;
}

export interface OwnerDeskDeps {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  /** Something that a window shows has changed. */
  readonly onChange: () => void;
  /** Too many wrong tries, or a PIN where there was none: the shop's owner should hear of it from the cloud. */
  readonly onNews: () => void;
  /** Names the sale on screen with its sum: an approval of goods on trust is good for what the owner saw, only. */
  readonly saleOnScreen: () => string;
  readonly witness: OwnerWitness;
}

/**
 * What the till never does on a cashier's word alone, PIN or none: value leaves the shop and
 * nothing comes in for it.
 */
const neverWithoutPin: ReadonlySet<OwnerAction> = new Set([
  'till.payPromise',
  'orders.breakPromise',
  'orders.decideBox',
  'orders.refund',
  'owner.setRules',
]);

export function createOwnerDesk(deps: OwnerDeskDeps): OwnerDesk {
  const { clock } = deps;
  const approvals = createApprovals(deps);
  const keeper = createKeeper(deps);
  const untilMs = (forMs: number): number | null =>
    forMs > 0 ? Math.trunc(clock.nowMs() + forMs) : null;

  const redeem: OwnerDesk['redeem'] = (approvalId, wish) => {
    if (!keeper.record().pin)
      return neverWithoutPin.has(wish.action) ? err('owner-pin-not-set') : ok({ by: null });
    if (approvalId === undefined) return err('owner-approval-missing');
    return approvals.take(approvalId, approvedOf(wish, deps.saleOnScreen))
      ? ok({ by: 'owner' })
      : err('owner-approval-stale');
  };

  return {
    state: () => ({
      isPinSet: keeper.record().pin !== null,
      triesLeft: pinTriesLeft(keeper.record().lock),
      lockedUntilMs: untilMs(keeper.lockedForMs()),
      unlockedUntilMs: untilMs(approvals.openForMs()),
      ...shownOf(keeper.record()),
    }),
    setPin: createPinSetter({ ...deps, keeper, approvals }),
    approve: async (pin, wish) => {
      // What is on the screen now, not what may be there when the PIN has been checked.
      const wanted = approvedOf(wish, deps.saleOnScreen);
      const tried = await keeper.tryPin(pin);
      if (!tried.ok) return tried;
      return ok({
        approvalId: approvals.give(wanted),
        untilMs: untilMs(approvalMs) ?? 0,
      });
    },
    unlock: async (pin) => {
      const tried = await keeper.tryPin(pin);
      if (!tried.ok) return tried;
      approvals.open();
      deps.onChange();
      return ok({ untilMs: untilMs(unlockMs) ?? 0 });
    },
    lock: () => {
      approvals.close();
      deps.onChange();
    },
    setRules: ({ guardsDrawer, approvalId }) => {
      const approved = redeem(approvalId, { action: 'owner.setRules' });
      if (!approved.ok) return approved;
      const kept = keeper.changeForGood({ guardsDrawer });
      deps.onChange();
      return kept;
    },
    redeem,
    approveDrawer: (approvalId) =>
      keeper.record().guardsDrawer
        ? redeem(approvalId, { action: 'drawer.open' })
        : ok({ by: null }),
    requireUnlocked: () => {
      if (!keeper.record().pin) return ok({ by: null });
      return approvals.openForMs() > 0 ? ok({ by: 'owner' }) : err('owner-locked');
    },
    isPinSet: () => keeper.record().pin !== null,
    news: () => newsOf(keeper.record()),
    ...createCloudEar({ ...deps, keeper, approvals }),
    stop: keeper.stop,
  };
}

/** What the cloud says about the owner: a PIN is forgotten, or the record is older than one that it heard of. */
function createCloudEar(deps: {
  readonly keeper: ReturnType<typeof createKeeper>;
  readonly approvals: Approvals;
  readonly onChange: () => void;
}): Pick<OwnerDesk, 'heedSeen' | 'followReset'> {
  const { keeper, approvals } = deps;
  const change: typeof keeper.changeForGood = (part, event) => {
    const kept = keeper.changeForGood(part, event);
    if (!kept.ok) return kept;
    approvals.clear();
    deps.onChange();
    return kept;
  };
  return {
    heedSeen: (changeNo) => {
      const record = keeper.record();
      const { resetNo } = record;
      if (record.changeNo < changeNo) change(lostSince(record, { changeNo, resetNo }));
    },
    followReset: (resetNo) => {
      if (resetNo <= keeper.record().resetNo) return;
      change({ pin: null, pinSetAtMs: null, resetNo }, 'renewed');
    },
  };
}

/** What of the record a window shows as it is. */
const shownOf = ({ guardsDrawer, pinSetAtMs }: OwnerRecord) => ({ guardsDrawer, pinSetAtMs });

const newsOf = ({
  lock,
  firstPinAtMs,
  changeNo: ownerChangeNo,
}: OwnerRecord): ReturnType<OwnerDesk['news']> => ({
  ownerChangeNo,
  ...(lock.lockedEver === 0 ? {} : { pinLocks: lock.lockedEver }),
  ...(firstPinAtMs === null ? {} : { firstPinAtMs }),
});

/** Sets a first PIN, or another one for who knows the old. */
const createPinSetter =
  (
    deps: Pick<OwnerDeskDeps, 'clock' | 'random' | 'onChange' | 'onNews'> & {
      readonly keeper: ReturnType<typeof createKeeper>;
      readonly approvals: Approvals;
    },
  ): OwnerDesk['setPin'] =>
  async ({ oldPin, newPin }) => {
    const { keeper, approvals } = deps;
    if (keeper.record().pin === 'lost') return err('owner-pin-lost');
    if (keeper.record().pin) {
      if (oldPin === undefined) return err('owner-pin-missing');
      const tried = await keeper.tryPin(oldPin);
      if (!tried.ok) return tried;
    }
    const before = keeper.record().pin;
    if (isWeakPin(newPin)) return err('owner-pin-weak');
    const pin = await hashPin(newPin, deps.random.bytes(pinSaltBytes));
    if (!pin.ok) return pin;
    // Two windows may set a first PIN at once: the one that was slower is told to ask for the other's.
    if (keeper.record().pin !== before) return err('owner-pin-missing');
    const pinSetAtMs = deps.clock.nowMs();
    // Nobody is asked for a first PIN: what can be done about a stranger's is that it does not stay unheard of.
    const first = before === null ? { firstPinAtMs: pinSetAtMs } : {};
    const kept = keeper.changeForGood({ pin: pin.value, pinSetAtMs, ...first }, 'renewed');
    if (!kept.ok) return kept;
    approvals.clear();
    deps.onChange();
    if (before === null) deps.onNews();
    return kept;
  };

/** Events that hold in memory even when the disk fails: they must not make tries free, nor lock for good. */
const learned: ReadonlySet<PinEvent> = new Set(['right', 'wrong', 'unchecked', 'served', 'start']);

/** The record on the disk; of one that is older than this till once had, neither PIN nor rules are believed. */
function readBelieved({ journal, witness }: OwnerDeskDeps): OwnerRecord {
  const kept = readOwner(journal.read);
  const seen = witness.seen();
  if (seen === undefined || !isOlderThan(kept, seen)) {
    witness.note(kept);
    return kept;
  }
  const believed: OwnerRecord = { ...kept, ...lostSince(kept, seen) };
  // Where the disk refuses it, the next start finds the same.
  if (writeOwner(journal, believed).ok) witness.note(believed);
  return believed;
}

/** What is left of a record that is older than what was seen. */
const lostSince = (
  kept: OwnerRecord,
  seen: OwnerSeen,
): Pick<OwnerRecord, 'pin' | 'pinSetAtMs' | 'guardsDrawer' | 'resetNo' | 'changeNo'> => ({
  pin: 'lost',
  pinSetAtMs: null,
  guardsDrawer: true,
  resetNo: Math.max(kept.resetNo, seen.resetNo),
  changeNo: Math.max(kept.changeNo, seen.changeNo) + 1,
});

/** Keeps the record on the disk, counts the tries, and lets a lock end. */
function createKeeper(deps: OwnerDeskDeps) {
  const { journal, clock } = deps;
  let record = readBelieved(deps);
  let lockedUntilMs = 0;
  let cancel: (() => void) | undefined;

  /** Errors: the disk's; nothing is changed then. */
  const change = (part: Partial<OwnerRecord>, event?: PinEvent): Result<void, ErrorCode> => {
    const lock = event === undefined ? record.lock : stepPinLock(record.lock, event);
    const next = { ...record, ...part, lock };
    const kept = writeOwner(journal, next);
    if (!kept.ok && (event === undefined || !learned.has(event))) return kept;
    const { lockedEver: lockedBefore } = record.lock;
    record = kept.ok ? next : { ...record, lock };
    watchLock();
    if (record.lock.lockedEver > lockedBefore) deps.onNews();
    return kept;
  };

  /** What only the owner or the cloud changes: an older file that takes this one's place is known by the number. */
  const changeForGood = (part: Partial<OwnerRecord>, event?: PinEvent): Result<void, ErrorCode> => {
    const kept = change({ changeNo: record.changeNo + 1, ...part }, event);
    if (kept.ok) deps.witness.note(record);
    return kept;
  };

  const watchLock = (): void => {
    cancel?.();
    cancel = undefined;
    const { lockedForMs } = record.lock;
    if (lockedForMs === 0) {
      lockedUntilMs = 0;
      return;
    }
    if (lockedUntilMs === 0) lockedUntilMs = clock.monotonicMs() + lockedForMs;
    cancel = deps.timers.after(Math.max(0, lockedUntilMs - clock.monotonicMs()), serve);
  };

  const serve = (): void => {
    cancel = undefined;
    if (clock.monotonicMs() < lockedUntilMs) return watchLock();
    change({}, 'served');
    deps.onChange();
  };

  const tryPin = async (pin: string): Promise<Result<void, ErrorCode>> => {
    const { pin: kept } = record;
    if (!kept) return err('owner-pin-not-set');
    if (kept === 'lost') return err('owner-pin-lost');
    const refusal = pinRefusal(record.lock);
    if (refusal) return err(refusal);
    // Durable before it is checked: pulling the plug gives no further tries.
    const counted = change({}, 'begin');
    if (!counted.ok) return counted;
    const checked = await isPin(pin, kept);
    // The cloud may have reset it meanwhile.
    if (record.pin !== kept) return err('owner-pin-wrong');
    change({}, !checked.ok ? 'unchecked' : checked.value ? 'right' : 'wrong');
    deps.onChange();
    if (!checked.ok) return checked;
    if (checked.value) return ok(undefined);
    return err(record.lock.lockedForMs > 0 ? 'owner-pin-locked' : 'owner-pin-wrong');
  };

  if (record.lock.checking) change({}, 'start');
  else watchLock();
  return {
    record: () => record,
    changeForGood,
    tryPin,
    lockedForMs: () =>
      record.lock.lockedForMs === 0 ? 0 : Math.max(1, lockedUntilMs - clock.monotonicMs()),
    stop: () => cancel?.(),
  };
}
