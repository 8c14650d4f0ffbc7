/** How a part of the night ended. */
export type Verdict =
  | 'held'
  /** This machine cannot run all of it, and it said so. */
  | 'not run here'
  | 'broken'
  | 'over its budget';

export interface PartReport {
  readonly name: string;
  readonly law: string;
  /** With its switches, as a person would type it. */
  readonly command: string;
  readonly seed: string;
  readonly budgetMinutes: number;
  readonly minutes: number;
  readonly verdict: Verdict;
  /** What it said itself, at most {@link resultLinesMax} lines. */
  readonly result: readonly string[];
}

export const resultLinesMax = 40;

/** What a part has to say for itself that has ended; `said` is all it wrote, without colours. Pure. */
export function judgePart(ended: {
  /** Undefined: a signal ended it. */
  readonly exitCode: number | undefined;
  readonly isOverBudget: boolean;
  readonly said: string;
  readonly resultLine: RegExp;
}): Pick<PartReport, 'verdict' | 'result'> {
  const lines = ended.said.split(/\r?\n/u);
  const result = lines
    .flatMap((line) => (ended.resultLine.test(line) ? [line.trim()] : []))
    .slice(-resultLinesMax);
  const verdict = (): Verdict => {
    if (ended.isOverBudget) return 'over its budget';
    // Who ends well and says nothing has proved nothing: a name that no test has, for example.
    if (ended.exitCode !== 0 || result.length === 0) return 'broken';
    return result.some((line) => line.includes('NOT RUN')) ? 'not run here' : 'held';
  };
  return { verdict: verdict(), result };
}

export const isFine = ({ verdict }: Pick<PartReport, 'verdict'>): boolean =>
  verdict === 'held' || verdict === 'not run here';
