import { cpus } from 'node:os';
import path from 'node:path';
import { systemClock } from '#drivers/core/system-ports.ts';
import { commitOf } from '../commit.ts';
import { readOptions, refuseWord } from '../read-options.ts';
import type { KeptParts } from '../reliability/page.ts';
import { runNight } from './night.ts';
import { nightlyParts, nightSeedMax } from './parts.ts';
import { isGreen, type NightReport } from './report.ts';
import { commandLine } from './run-part.ts';

/**
 * npm run nightly -- [--list] [--only PART]… [--seed 1] [--out out/nightly] [--write]
 * Runs the long proofs one after the other, each within its budget, and writes what came out to
 * --out: report.md for people, report.json for programs, a log of each part. With --write it stands
 * in docs/reliability.md, too. Exit 1 when one is broken or took longer than its budget, or was not
 * reached. What this machine cannot run is said by name and is no failure. --list tells the parts
 * and runs nothing.
 */
const root = path.resolve(import.meta.dirname, '../..');
const names = nightlyParts(1).map(({ name }) => name);
const usage =
  'npm run nightly -- [--list] [--only PART]… [--seed 1] [--out FOLDER] [--write]\n' +
  `parts: ${names.join(', ')}`;
const { list, only, seed, out, write } = readOptions(usage, {
  list: { type: 'flag' },
  only: { type: 'texts' },
  seed: { type: 'whole', min: 1, max: nightSeedMax, default: 1 },
  out: { type: 'text', default: path.join('out', 'nightly') },
  write: { type: 'flag' },
});
const strangers = only.filter((name) => !names.includes(name));
if (strangers.length > 0) refuseWord(usage, `'--only ${strangers.join(', ')}' is no part`);
const parts = nightlyParts(seed).filter(({ name }) => only.length === 0 || only.includes(name));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (list) for (const part of parts) say(tell(part));
else process.exitCode = (await run()) ? 0 : 1;

function tell(part: (typeof parts)[number]): string {
  const { name, law, seed: begins, budgetMinutes } = part;
  return `${name}: ${law}\n  ${commandLine(part)}\n  ${begins}; at most ${budgetMinutes} minutes`;
}

async function run(): Promise<boolean> {
  let isStopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (isStopped = true));
  const began = new Date(systemClock.nowMs()).toISOString();
  const night = await runNight({
    parts,
    folder: root,
    out,
    say,
    about: { commit: commitOf(root), began, cores: cpus().length, seed },
    isStopped: () => isStopped,
  });
  if (write) {
    // The page knows every tier, and they know the whole house: who keeps nothing need not load it.
    const { keep } = await import('../reliability/keep.ts');
    await keep({ parts: keptOf(night) });
  }
  return isGreen(night);
}

const keptOf = ({ commit, cores, parts: ran }: NightReport): KeptParts =>
  Object.fromEntries(
    ran.map(({ name, minutes, result, seed: begins, verdict }) => [
      name,
      { verdict, commit, seed: begins, minutes, cores, result },
    ]),
  );
