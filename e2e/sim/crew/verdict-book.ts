import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { SeedVerdict } from './sim-worker.ts';

/**
 * The verdicts of one plan over one range of seeds, on disk: a line each, and a summary that can be
 * read at any time.
 */
export interface VerdictBook {
  readonly has: (seed: number) => boolean;
  readonly enter: (verdict: SeedVerdict) => void;
  readonly doneCount: () => number;
  readonly failedSeeds: () => readonly number[];
  readonly file: string;
}

export interface BookOptions {
  readonly folder: string;
  readonly plan: string;
  readonly steps: number;
  readonly first: number;
  readonly last: number;
  /** Monotonic, ms. */
  readonly nowMs: () => number;
}

/** Seed, word, trace hash, number of sales, first oracle: the last line of a run that was killed may be torn. */
const wholeLine = /^\d+ (?:clean|failed) \S+ \d+ /;

export const isBad = ({ violations, broken }: SeedVerdict): boolean =>
  violations.length > 0 || broken !== undefined;

/** Opens the book, and goes on where it stopped. The plan is in its name: another plan begins another book. */
export function openVerdictBook(options: BookOptions): VerdictBook {
  const { folder, plan, steps, first, last } = options;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `verdicts-${plan}-${first}-${last}-steps-${steps}.txt`);
  const known = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const whole = known.filter((line) => wholeLine.test(line)).map((line) => line.split(' '));
  const done = new Map(whole.map(([seed, word]) => [Number(seed), word === 'clean']));
  if (known.at(-1)) appendFileSync(file, '\n');
  const startedMs = options.nowMs();
  let count = 0;
  const failedSeeds = (): readonly number[] =>
    [...done].filter(([, isClean]) => !isClean).map(([seed]) => seed);
  const summarize = (): void => {
    const perSecond = count / Math.max(1, (options.nowMs() - startedMs) / 1_000);
    const failed = failedSeeds();
    const summary = {
      plan,
      seeds: `${first}..${last}`,
      steps,
      clean: done.size - failed.length,
      failed,
      of: last - first + 1,
      seedsPerSecond: Number(perSecond.toFixed(3)),
      pid: process.pid,
    };
    const path = join(folder, `progress-${plan}.json`);
    writeFileSync(`${path}.new`, `${JSON.stringify(summary, undefined, 2)}\n`);
    renameSync(`${path}.new`, path);
  };
  summarize();
  return {
    file,
    has: (seed) => done.has(seed),
    doneCount: () => done.size,
    failedSeeds,
    enter: (verdict) => {
      const { task, violations, broken, traceHash, salesCount } = verdict;
      const bad = isBad(verdict);
      const why = violations[0]?.oracle ?? (broken === undefined ? '' : 'fell over');
      const word = bad ? 'failed' : 'clean';
      appendFileSync(file, `${task.seed} ${word} ${traceHash || '-'} ${salesCount} ${why}\n`);
      done.set(task.seed, !bad);
      count += 1;
      summarize();
    },
  };
}
