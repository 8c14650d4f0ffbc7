import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';
import type { Store } from '#terminal/agent/journal/open-store.ts';
import { createListeners } from '#terminal/agent/journal/listeners.ts';

/** A group of entries on its way into the file, by the hashes that the journal would end in. */
export interface Travelling {
  readonly beforeHash: string;
  /** Equal to `beforeHash` when it has no entries. */
  readonly afterHash: string;
}

export type Fate =
  | 'stored'
  | 'absent'
  /** The disk gave up entries that it had confirmed: the journal ends before them. */
  | 'tail-lost';

export interface Halted {
  readonly type: 'store-halted';
  readonly detail: string;
}

/** What became of entries whose commit failed on the way: found by reopening the file and reading, never guessed. */
export interface EntryFate<Pending extends Travelling> {
  readonly settle: (pending: Pending, detail: string) => Result<Fate, Halted>;
  /** What was left uncertain before, if anything, and its fate now. Errors: still nobody knows. */
  readonly recover: () => Result<{ pending: Pending; fate: Fate } | undefined, Halted>;
  /** It was found out at the start: the journal ends before what it had confirmed. */
  readonly tailIsLost: () => void;
  readonly trouble: () => ErrorCode | undefined;
  readonly onTrouble: (listener: (code: ErrorCode | undefined) => void) => void;
}

/** After a failed attempt to reopen the file the next one waits so long. */
export const reopenPauseMs = 1_000;

export function createEntryFate<Pending extends Travelling>(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly headHash: (read: ReadHandle) => string;
  /** Whether the last entries follow from one another. */
  readonly isSound: (read: ReadHandle) => boolean;
}): EntryFate<Pending> {
  const { store, clock } = deps;
  const listeners = createListeners<ErrorCode | undefined>();
  let trouble: ErrorCode | undefined;
  let halted: { readonly pending: Pending; readonly triedAtMs: number } | undefined;

  const say = (code: ErrorCode): void => {
    if (code === trouble) return;
    trouble = code;
    listeners.tell(code);
  };

  const settle = (pending: Pending, detail: string): Result<Fate, Halted> => {
    if (!store.reopen().ok || !deps.isSound(store.read)) {
      halted = { pending, triedAtMs: clock.monotonicMs() };
      say('store-halted');
      return err({ type: 'store-halted', detail });
    }
    halted = undefined;
    const found = deps.headHash(store.read);
    const fate = fateOf(pending, found);
    say(fate === 'tail-lost' ? 'store-entries-lost' : 'store-disk-faulty');
    return ok(fate);
  };

  return {
    settle,
    recover: () => {
      if (!halted) return ok(undefined);
      const { pending, triedAtMs } = halted;
      const detail = 'the journal cannot be read back yet';
      if (clock.monotonicMs() - triedAtMs < reopenPauseMs)
        return err({ type: 'store-halted', detail });
      const settled = settle(pending, detail);
      return settled.ok ? ok({ pending, fate: settled.value }) : settled;
    },
    tailIsLost: () => say('store-entries-lost'),
    trouble: () => trouble,
    onTrouble: listeners.add,
  };
}

/** Pure. */
export function fateOf({ beforeHash, afterHash }: Travelling, foundHash: string): Fate {
  if (foundHash === beforeHash) return 'absent';
  return foundHash === afterHash ? 'stored' : 'tail-lost';
}
