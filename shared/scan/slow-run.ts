/**
 * Finds scanners that type as slowly as a person: 30 to 200 ms per key, too slow for the rhythm of
 * wedge-machine.ts. Nobody types ten digits without a pause as an amount, and every payment code is
 * longer than that.
 *
 * Times are event time stamps in milliseconds of one monotonic clock.
 */
export const slowDigitsMin = 10;
/** Ten digits within two seconds. */
export const slowGapMsMax = 200;
/** The longest text a scan may have: the limit of till.scan. */
const slowCharsMax = 1024;

export interface SlowRun {
  readonly text: string;
  readonly lastAtMs: number;
}

export const noSlowRun: SlowRun = { text: '', lastAtMs: 0 };

/**
 * Takes one key: `char` is what it writes, 'Enter', 'Tab', or undefined. `scan` is there when this
 * key ends a slow scan.
 */
export function pressSlowKey(
  run: SlowRun,
  { char, atMs }: { readonly char: string | undefined; readonly atMs: number },
): { readonly run: SlowRun; readonly scan?: string } {
  const follows = run.text !== '' && atMs - run.lastAtMs <= slowGapMsMax;
  const ends = char === 'Enter' || char === 'Tab';
  if (ends && follows && run.text.length >= slowDigitsMin)
    return { run: noSlowRun, scan: run.text };
  if (char === undefined || !/^\d$/.test(char)) return { run: noSlowRun };
  const text = follows ? `${run.text}${char}`.slice(-slowCharsMax) : char;
  return { run: { text, lastAtMs: atMs } };
}
