import { slowDigitsMin } from './slow-run.ts';

/**
 * Tells a keyboard-wedge scanner from a person by rhythm alone.
 *
 * A scanner types at least {@link burstCharsMin} characters, no two further apart than {@link burstGapMsMax} and on
 * average at most {@link burstMeanGapMsMax} apart, and ends with Enter. The first character of a run is acted upon at
 * once, because a person must not wait for his digit; when a second one follows too fast, the first is taken back and
 * the rest is held until the run either ends in Enter (a scan) or falls silent (typing after all). So a burst never
 * leaves a digit in the amount, and its Enter never reaches a button.
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
/** After this silence a held run is given back as typing. Longer than the gap: timers may run before queued keys. */
export const burstSettleMs = 120;

export interface WedgeKey<K> {
  /** The character the key writes, 'Enter', or undefined for a key that writes nothing. */
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
  /** A machine typed it, but it is too short or too long to be a code. */
  | { readonly type: 'unreadable' };

export interface WedgeStep<K> {
  readonly state: WedgeState<K>;
  readonly outputs: readonly WedgeOutput<K>[];
}

export const quietWedge: WedgeState<never> = { run: [], suspected: false, overlong: false };

/** Takes one key. The outputs are to be acted upon in order. */
export function pressWedgeKey<K>(state: WedgeState<K>, key: WedgeKey<K>): WedgeStep<K> {
  const last = state.run.at(-1);
  const follows = last !== undefined && key.atMs - last.atMs <= burstGapMsMax;
  if (key.char === 'Enter') return follows ? endRun(state, key) : typeAfter(state, key);
  if (key.char === undefined) return typeAfter(state, key);
  if (!follows) return startRun(state, key);
  if (state.run.length >= burstCharsMax) {
    return { state: { run: [key], suspected: true, overlong: true }, outputs: [] };
  }
  return {
    state: { ...state, run: [...state.run, key], suspected: true },
    outputs: state.suspected ? [] : [{ type: 'retract' }],
  };
}

/** The silence after a run: what was held was typed by a person with quick fingers. */
export function settleWedge<K>(state: WedgeState<K>): WedgeStep<K> {
  return { state: quietWedge, outputs: giveBack(state) };
}

function startRun<K>(state: WedgeState<K>, key: WedgeKey<K>): WedgeStep<K> {
  return {
    state: { run: [key], suspected: false, overlong: false },
    outputs: [...giveBack(state), { type: 'typed', key: key.key }],
  };
}

function typeAfter<K>(state: WedgeState<K>, key: WedgeKey<K>): WedgeStep<K> {
  return { state: quietWedge, outputs: [...giveBack(state), { type: 'typed', key: key.key }] };
}

function endRun<K>(state: WedgeState<K>, enter: WedgeKey<K>): WedgeStep<K> {
  const [first] = state.run;
  const count = state.run.length;
  const machine =
    first !== undefined &&
    count >= machineCharsMin &&
    (count >= slowDigitsMin || enter.atMs - first.atMs <= burstMeanGapMsMax * count);
  if (!machine && !state.overlong) return typeAfter(state, enter);
  const text = state.run.map((key) => key.char).join('');
  const readable = !state.overlong && count >= burstCharsMin;
  return {
    state: quietWedge,
    outputs: [readable ? { type: 'scan', text } : { type: 'unreadable' }],
  };
}

function giveBack<K>(state: WedgeState<K>): readonly WedgeOutput<K>[] {
  if (!state.suspected) return [];
  if (state.overlong) return [{ type: 'unreadable' }];
  return state.run.map((key) => ({ type: 'typed', key: key.key }));
}
