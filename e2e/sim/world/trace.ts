import { createHash } from 'node:crypto';

/** What happened, in order, each with its virtual time. The same seed must give the same trace. */
export interface Trace {
  readonly note: (what: string) => void;
  /** SHA-256 over all lines, hex. */
  readonly hash: () => string;
  /** The last lines, oldest first: at most {@link linesKeptMax}. */
  readonly lines: () => readonly string[];
  readonly lineCount: () => number;
}

/** The hash covers every line; only so many are kept for people to read. */
export const linesKeptMax = 20_000;

export function createTrace(nowMs: () => number): Trace {
  const digest = createHash('sha256');
  const kept: string[] = [];
  let count = 0;
  return {
    note: (what) => {
      const line = `${nowMs()} ${what}`;
      digest.update(line).update('\n');
      count += 1;
      kept.push(line);
      if (kept.length > linesKeptMax) kept.shift();
    },
    hash: () => digest.copy().digest('hex'),
    lines: () => kept,
    lineCount: () => count,
  };
}
