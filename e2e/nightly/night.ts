import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Part } from './parts.ts';
import { nightPage, type NightReport } from './report.ts';
import { runPart } from './run-part.ts';

/**
 * Runs the parts one after the other and writes report.json, report.md and a log of each into `out`. The report is
 * rewritten after every part: a night that was cut off tells what it had proved.
 */
export async function runNight(options: {
  readonly parts: readonly Part[];
  /** Where the commands run. */
  readonly folder: string;
  readonly out: string;
  readonly about: Pick<NightReport, 'commit' | 'began' | 'cores' | 'seed'>;
  readonly say: (text: string) => void;
  readonly isStopped: () => boolean;
}): Promise<NightReport> {
  const { parts, folder, out, about, say } = options;
  let night: NightReport = { ...about, parts: [], notReached: parts.map(({ name }) => name) };
  mkdirSync(out, { recursive: true });
  const keep = (): void => {
    writeFileSync(path.join(out, 'report.json'), `${JSON.stringify(night, undefined, 2)}\n`);
    writeFileSync(path.join(out, 'report.md'), nightPage(night));
  };
  keep();
  for (const part of parts) {
    if (options.isStopped()) break;
    const { name, budgetMinutes, seed } = part;
    say(`${name}: at most ${budgetMinutes} minutes, ${seed}`);
    const report = await runPart(part, { folder, logFile: path.join(out, `${name}.log`) });
    night = {
      ...night,
      parts: [...night.parts, report],
      notReached: night.notReached.filter((one) => one !== name),
    };
    keep();
    say(`  ${report.verdict} after ${report.minutes} minutes`);
    for (const line of report.result) say(`  ${line}`);
  }
  return night;
}
