import { isFine, type PartReport } from './verdict.ts';

/** What one night proved. */
export interface NightReport {
  /** The code that ran; with a + when files had changed since. */
  readonly commit: string;
  /** When it began, ISO 8601. */
  readonly began: string;
  readonly cores: number;
  readonly seed: number;
  readonly parts: readonly PartReport[];
  /** Parts that were wanted and that nobody has run, yet or any more. */
  readonly notReached: readonly string[];
}

export const isGreen = ({ parts, notReached }: NightReport): boolean =>
  notReached.length === 0 && parts.every(isFine);

/** The report for people. Pure. */
export function nightPage(night: NightReport): string {
  const bad = night.parts.filter((part) => !isFine(part)).map(({ name }) => name);
  return [
    `# Night of ${night.began}, commit ${night.commit}: ${isGreen(night) ? 'everything held' : 'not everything held'}`,
    '',
    `Seed ${night.seed}, ${night.cores} cores.` +
      (bad.length > 0 ? ` Look at: ${bad.join(', ')}.` : '') +
      (night.notReached.length > 0 ? ` Not run: ${night.notReached.join(', ')}.` : ''),
    '',
    '| Part | Ended | Minutes | Budget | Begins from |',
    '| --- | --- | --- | --- | --- |',
    ...night.parts.map(
      ({ name, verdict, minutes, budgetMinutes, seed }) =>
        `| [${name}](${name}.log) | ${verdict} | ${minutes} | ${budgetMinutes} | ${seed} |`,
    ),
    '',
    ...night.parts.flatMap(({ name, law, command, result }) => [
      `## ${name}`,
      '',
      `${law}.`,
      '',
      `Again: \`${command}\``,
      '',
      ...(result.length > 0 ? ['```text', ...result, '```'] : ['It said no result.']),
      '',
    ]),
  ].join('\n');
}
