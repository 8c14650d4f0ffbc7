import { fitsKnownCode } from '#shared/scan/fits-known-code.ts';
import { slowDigitsMin } from '#shared/scan/slow-run.ts';

/**
 * Tells a keyboard-wedge scanner from a person by rhythm alone. Pure.
 *
 * A scanner types at least {@link burstCharsMin} characters, no two further apart than
 * {@link burstGapMsMax} and on average at most {@link burstMeanGapMsMax} apart, and ends with Enter
 * or Tab, or with {@link burstSettleMs} of silence when what it typed is a code of a known class.
 * The first character of a run is acted upon at once, because a person must not wait for his digit;
 * when a second one follows too fast, the first is taken back and the rest is held until the run
 * either ends (a scan) or falls silent (typing after all). So a burst never leaves a digit in the
 * amount, and its Enter never reaches a button.
 *
 * Ten characters and more without one pause above {@link burstGapMsMax} are a scanner's at any average: slow ones type
 * at 30 to 45 ms per key.
 *
 * Times are event time stamps in milliseconds of one monotonic clock.
 */
export const burstCharsMin = 8;
export const burstGapMsMax = 50;
export const burstMeanGapMsMax = 30;
/** The longest text a scan may have: the limit of till.scan. Longer bursts are swallowed and reported. */
export const burstCharsMax = 1024;
/** A burst of this many characters is no hand's doing, even when it is too short for a code. */
export const machineCharsMin = 3;
/** After this silence a held run ends. Longer than the gap: timers may run before queued keys. */
export const burstSettleMs = 80;
/** So many keys of a person may run into the beginning of a burst and are given back to him. */
export const onsetKeysMax = 2;
/** The pause between his last key and the scanner's first is so many times the scanner's longest. */
const onsetGapTimes = 2;

/** Stands for a key that an input method kept to itself: it was pressed, and nobody knows what it writes. */
export const eatenChar = '\uFFFD';

export interface WedgeKey<K> {
  /** The character the key writes, 'Enter', 'Tab', {@link eatenChar}, or undefined for a key that writes nothing. */
  readonly char: string | undefined;
  readonly atMs: number;
  /** What the caller wants back when the key turns out to be typed. */
  readonly key: K;
}

export interface WedgeState<K> {
  readonly run: readonly WedgeKey<K>[];
  /** Two characters came too fast: everything is held back from now on. */
  readonly suspected: boolean;
  readonly overlong: boolean;
}

export type WedgeOutput<K> =
  | { readonly type: 'typed'; readonly key: K }
  /** The key that was reported as typed belongs to a burst: undo it. */
  | { readonly type: 'retract' }
  | { readonly type: 'scan'; readonly text: string }
  /** A machine typed it, but it is no code: too short, too long, or eaten by an input method. */
  | { readonly type: 'unreadable'; readonly because: 'length' | 'input-method' };

export interface WedgeStep<K> {
  readonly state: WedgeState<K>;
  readonly outputs: readonly WedgeOutput<K>[];
}

export const quietWedge: WedgeState<never> = { run: [], suspected: false, overlong: false };

/** Takes one key. The outputs are to be acted upon in order. `fits` says whether a text is a code of a known class. */
export function pressWedgeKey<K>(
  state: WedgeState<K>,
  key: WedgeKey<K>,
  fits: (text: string) => boolean = fitsKnownCode,
): WedgeStep<K> {
  const last = state.run.at(-1);
  const follows = last !== undefined && key.atMs - last.atMs <= burstGapMsMax;
  if (key.char === 'Enter' || key.char === 'Tab') {
    return follows ? endRun(state, key, fits) : typeAfter(state, key);
  }
  if (key.char === undefined) return typeAfter(state, key);
  if (!follows) return startRun(state, key, fits);
  if (state.run.length >= burstCharsMax) {
    return { state: { run: [key], suspected: true, overlong: true }, outputs: [] };
  }
  return {
    state: { ...state, run: [...state.run, key], suspected: true },
    outputs: state.suspected ? [] : [{ type: 'retract' }],
  };
}

/** The silence after a run: a code without an end, or a person with quick fingers. */
export function settleWedge<K>(
  state: WedgeState<K>,
  fits: (text: string) => boolean = fitsKnownCode,
): WedgeStep<K> {
  return { state: quietWedge, outputs: afterSilence(state, fits) };
}

function startRun<K>(
  state: WedgeState<K>,
  key: WedgeKey<K>,
  fits: (text: string) => boolean,
): WedgeStep<K> {
  const last = state.run.at(-1);
  const silent = last !== undefined && key.atMs - last.atMs >= burstSettleMs;
  return {
    state: { run: [key], suspected: false, overlong: false },
    // The timer that should have told the silence may come after the key that ended it.
    outputs: [
      ...(silent ? afterSilence(state, fits) : giveBack(state)),
      { type: 'typed', key: key.key },
    ],
  };
}

function typeAfter<K>(state: WedgeState<K>, key: WedgeKey<K>): WedgeStep<K> {
  return { state: quietWedge, outputs: [...giveBack(state), { type: 'typed', key: key.key }] };
}

function endRun<K>(
  state: WedgeState<K>,
  end: WedgeKey<K>,
  fits: (text: string) => boolean,
): WedgeStep<K> {
  const { run } = state;
  if (!state.overlong && !isMachine(run, end.atMs)) return typeAfter(state, end);
  if (state.overlong || run.length < burstCharsMin) {
    const because = textOf(run).includes(eatenChar) ? 'input-method' : 'length';
    return { state: quietWedge, outputs: [{ type: 'unreadable', because }] };
  }
  return { state: quietWedge, outputs: scanOf(run, fits) };
}

function afterSilence<K>(
  state: WedgeState<K>,
  fits: (text: string) => boolean,
): readonly WedgeOutput<K>[] {
  const { run, overlong } = state;
  const last = run.at(-1);
  if (overlong || last === undefined || run.length < burstCharsMin) return giveBack(state);
  if (!isMachine(run, last.atMs)) return giveBack(state);
  const outputs = scanOf(run, fits);
  const scan = outputs.at(-1);
  return scan?.type === 'scan' && fits(scan.text) ? outputs : giveBack(state);
}

/** `endAtMs` is when the key that ends the run came, or its last character where silence does. */
function isMachine<K>(run: readonly WedgeKey<K>[], endAtMs: number): boolean {
  const [first] = run;
  if (first === undefined || run.length < machineCharsMin) return false;
  return run.length >= slowDigitsMin || endAtMs - first.atMs <= burstMeanGapMsMax * run.length;
}

function scanOf<K>(
  run: readonly WedgeKey<K>[],
  fits: (text: string) => boolean,
): readonly WedgeOutput<K>[] {
  const text = textOf(run);
  if (text.includes(eatenChar)) return [{ type: 'unreadable', because: 'input-method' }];
  const onset = fits(text) ? 0 : onsetOf(run, fits);
  const typed = run.slice(0, onset).map((key) => ({ type: 'typed', key: key.key }) as const);
  return [...typed, { type: 'scan', text: textOf(run.slice(onset)) }];
}

/** How many keys at the beginning were a person's: the rest is a known code, and a long pause stands before it. */
function onsetOf<K>(run: readonly WedgeKey<K>[], fits: (text: string) => boolean): number {
  const gaps = run.slice(1).map((key, index) => key.atMs - (run[index]?.atMs ?? key.atMs));
  for (let onset = 1; onset <= onsetKeysMax; onset += 1) {
    const rest = run.slice(onset);
    const pauseMs = gaps[onset - 1] ?? 0;
    const clear = pauseMs > onsetGapTimes * Math.max(...gaps.slice(onset));
    if (rest.length >= burstCharsMin && clear && fits(textOf(rest))) return onset;
  }
  return 0;
}

const textOf = <K>(run: readonly WedgeKey<K>[]): string => run.map((key) => key.char).join('');

function giveBack<K>(state: WedgeState<K>): readonly WedgeOutput<K>[] {
  if (!state.suspected) return [];
  if (state.overlong) return [{ type: 'unreadable', because: 'length' }];
  return state.run.map((key) => ({ type: 'typed', key: key.key }));
}
