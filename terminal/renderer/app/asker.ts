/** Asks one question again whenever its answer may have changed. */
export interface Asker {
  /** The answer may be another now. */
  readonly changed: () => void;
  /** Nothing is asked or shown any more. */
  readonly stop: () => void;
}

/** The same order may change several times within one sale: a question is asked at most this often. */
export const askAgainMs = 150;

/**
 * One question at a time, and every answer is shown: a change on the way asks once more behind it. Were the answer on
 * its way thrown away instead, a stream of changes faster than the answers would keep the screen empty.
 */
export function createAsker<Answer>(deps: {
  readonly ask: () => Promise<Answer>;
  readonly show: (answer: Answer) => void;
  /** Calls `run` once after so many milliseconds, unless what it returns is called before. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** Before the first question, milliseconds. */
  readonly firstAfterMs: number;
}): Asker {
  let delayMs = deps.firstAfterMs;
  let isStale = false;
  let isAsking = false;
  let isStopped = false;
  let cancel: (() => void) | undefined;

  const ask = async (): Promise<void> => {
    cancel = undefined;
    isStale = false;
    isAsking = true;
    const answer = await deps.ask();
    isAsking = false;
    if (isStopped) return;
    deps.show(answer);
    if (isStale) wait();
  };
  const wait = (): void => {
    if (isStopped || isAsking || cancel) return;
    cancel = deps.after(delayMs, () => void ask());
    delayMs = askAgainMs;
  };
  return {
    changed: () => {
      isStale = true;
      wait();
    },
    stop: () => {
      isStopped = true;
      cancel?.();
    },
  };
}
