import type { ErrorCode } from '#shared/errors/catalogue.ts';
import {
  pinDigitsMin,
  type OwnerState,
  type OwnerWish as ApprovalWish,
} from '#terminal/ipc/owner.ts';
import type { TerminalLink } from '../link/terminal-link.ts';
import { createPinPad, type PinPad } from './pin-pad.ts';

/** What the owner is asked for: one action, the settings for a while, or a PIN that is new. */
export type OwnerWish =
  | {
      readonly type: 'approve';
      readonly action: ApprovalWish['action'];
      readonly for: ApprovalWish;
    }
  | { readonly type: 'unlock' }
  | { readonly type: 'set-pin' };

/** Which PIN the sheet waits for. */
export type PinStep = 'pin' | 'old' | 'new' | 'again';

/** The sheet as it is drawn. No digit of a PIN is in it. */
export interface Sheet {
  readonly wish: OwnerWish;
  readonly step: PinStep;
  readonly digitCount: number;
  readonly isAsking: boolean;
  /** Why the last try was refused; `pins-differ` is the sheet's own. */
  readonly said: ErrorCode | 'pins-differ' | null;
  /** null until the agent has said how things stand. */
  readonly owner: OwnerState | null;
}

/** Asks the owner for the PIN, one wish at a time, and tells those who wait. */
export interface OwnerGate {
  /** The approval's id; null when the owner did not give it. */
  readonly approve: (wish: ApprovalWish) => Promise<string | null>;
  readonly unlock: () => Promise<boolean>;
  /** Sets a first PIN, or changes it. */
  readonly setPin: () => Promise<boolean>;
  /** Ends the owner's time, if it was opened here. */
  readonly lock: () => void;
  readonly press: (digit: string) => void;
  readonly erase: () => void;
  readonly clear: () => void;
  readonly enter: () => void;
  readonly cancel: () => void;
  /** Asks the agent again how things stand. */
  readonly refresh: () => Promise<void>;
  readonly getSheet: () => Sheet | null;
  readonly subscribe: (listener: () => void) => () => void;
}

export function createOwnerGate(link: Pick<TerminalLink, 'call'>): OwnerGate {
  const board = createBoard(link);
  const { open, close, change, readState } = board;
  const { enter, edit } = createEntry(link, board);
  let isUnlocked = false;
  return {
    approve: (wish) => open({ type: 'approve', action: wish.action, for: wish }),
    unlock: async () => {
      isUnlocked = (await open({ type: 'unlock' })) !== null;
      return isUnlocked;
    },
    setPin: async () => (await open({ type: 'set-pin' })) !== null,
    lock: () => {
      if (isUnlocked) void link.call('owner.lock', {});
      isUnlocked = false;
    },
    press: (digit) => edit((pad) => pad.press(digit)),
    erase: () => edit((pad) => pad.erase()),
    clear: () => edit((pad) => pad.clear()),
    enter,
    cancel: () => close(null),
    refresh: async () => {
      const owner = await readState();
      change({ owner, said: null });
    },
    getSheet: board.sheet,
    subscribe: board.subscribe,
  };
}

/** The sheet on the screen, the digits behind it, and who waits for its end. */
function createBoard(link: Pick<TerminalLink, 'call'>) {
  const pads: Readonly<Record<PinStep, PinPad>> = {
    pin: createPinPad(),
    old: createPinPad(),
    new: createPinPad(),
    again: createPinPad(),
  };
  const listeners = new Set<() => void>();
  let sheet: Sheet | null = null;
  let answer: ((approvalId: string | null) => void) | undefined;

  const show = (next: Sheet | null): void => {
    sheet = next;
    for (const listener of listeners) listener();
  };
  const change = (part: Partial<Sheet>): void => {
    if (sheet) show({ ...sheet, ...part });
  };
  const close = (approvalId: string | null): void => {
    for (const pad of Object.values(pads)) pad.clear();
    const tell = answer;
    answer = undefined;
    show(null);
    tell?.(approvalId);
  };
  const readState = async (): Promise<OwnerState | null> => {
    const state = await link.call('owner.state', {});
    return state.ok ? state.value : null;
  };
  /** Says how things stand, and which of the PINs comes first, on the sheet that was opened for `wish`. */
  const tellState = async (wish: OwnerWish): Promise<void> => {
    const owner = await readState();
    if (sheet?.wish !== wish) return;
    const first = { step: owner?.isPinSet === true ? 'old' : 'new', isAsking: false } as const;
    change({ owner, ...(wish.type === 'set-pin' && first) });
  };
  const open = (wish: OwnerWish): Promise<string | null> => {
    close(null);
    show({
      wish,
      step: wish.type === 'set-pin' ? 'new' : 'pin',
      digitCount: 0,
      // Which PIN comes first is not known yet. Otherwise it is: an owner in haste loses no digit to the wait.
      isAsking: wish.type === 'set-pin',
      said: null,
      owner: null,
    });
    void tellState(wish);
    return new Promise<string | null>((resolve) => {
      answer = resolve;
    });
  };
  return {
    pads,
    change,
    close,
    readState,
    open,
    sheet: () => sheet,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** What the keys of the sheet do. */
function createEntry(link: Pick<TerminalLink, 'call'>, board: ReturnType<typeof createBoard>) {
  const { pads, change, close, readState } = board;
  /** Asks the agent; what it answers counts only while the same sheet is open. */
  const tryPin = async (ask: () => Promise<Tried>, stepAfter: PinStep): Promise<void> => {
    const sheet = board.sheet();
    if (!sheet) return;
    const { wish } = sheet;
    change({ isAsking: true, said: null, digitCount: 0 });
    const tried = await ask();
    if (board.sheet()?.wish !== wish) return;
    if (tried.approvalId !== undefined) return close(tried.approvalId);
    const owner = await readState();
    if (board.sheet()?.wish !== wish) return;
    for (const pad of Object.values(pads)) pad.clear();
    change({ isAsking: false, said: tried.refused, owner, step: stepAfter, digitCount: 0 });
  };

  const enter = (): void => {
    const sheet = board.sheet();
    if (!sheet || sheet.isAsking || isLocked(sheet)) return;
    const { wish, step } = sheet;
    if (wish.type === 'set-pin') return enterNew(step);
    const pin = pads.pin.take();
    if (pin !== undefined) void tryPin(() => askFor(link, wish, pin), 'pin');
  };
  /** A new PIN is typed twice; the old one is asked for first, where there is one. */
  const enterNew = (step: PinStep): void => {
    if (step !== 'again') {
      if (isLongEnough(pads[step]))
        change({ step: step === 'old' ? 'new' : 'again', digitCount: 0, said: null });
      return;
    }
    const [oldPin, newPin, again] = [pads.old.take(), pads.new.take(), pads.again.take()];
    if (newPin === undefined) return;
    const first = board.sheet()?.owner?.isPinSet === true ? 'old' : 'new';
    if (newPin !== again) {
      pads.again.clear();
      return change({ step: first, digitCount: 0, said: 'pins-differ' });
    }
    const pins = { newPin, ...(oldPin === undefined ? {} : { oldPin }) };
    void tryPin(() => askToSet(link, pins), first);
  };
  const edit = (how: (pad: PinPad) => void): void => {
    const sheet = board.sheet();
    if (!sheet || sheet.isAsking || isLocked(sheet)) return;
    const pad = pads[sheet.step];
    how(pad);
    change({ digitCount: pad.count(), said: null });
  };
  return { enter, edit };
}

type Tried =
  | { readonly approvalId: string; readonly refused?: undefined }
  | { readonly approvalId?: undefined; readonly refused: ErrorCode };

const isLocked = ({ owner }: Sheet): boolean => owner !== null && owner.lockedUntilMs !== null;

const isLongEnough = (pad: PinPad): boolean => pad.count() >= pinDigitsMin;

async function askFor(
  link: Pick<TerminalLink, 'call'>,
  wish: Extract<OwnerWish, { type: 'approve' | 'unlock' }>,
  pin: string,
): Promise<Tried> {
  if (wish.type === 'unlock') {
    const opened = await link.call('owner.unlock', { pin });
    return opened.ok ? { approvalId: '' } : { refused: opened.error.code };
  }
  const approved = await link.call('owner.approve', { pin, ...wish.for });
  return approved.ok ? { approvalId: approved.value.approvalId } : { refused: approved.error.code };
}

async function askToSet(
  link: Pick<TerminalLink, 'call'>,
  pins: { readonly oldPin?: string; readonly newPin: string },
): Promise<Tried> {
  const set = await link.call('owner.setPin', pins);
  return set.ok ? { approvalId: '' } : { refused: set.error.code };
}
