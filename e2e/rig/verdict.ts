import type { CheckResult } from './protocol.ts';

/** A check that must fail: a rig on which it passes would let everything pass. */
export const plantedName = 'planted: a receipt that nobody printed is missed';

export interface Verdict {
  readonly passed: number;
  /** One line per thing that is wrong; empty when the rig is green. */
  readonly faults: readonly string[];
}

/** Green only when every planned check was reported exactly once, the planted one failed and all others held. */
export function judge(planned: readonly string[], results: readonly CheckResult[]): Verdict {
  const faults: string[] = [];
  if (planned.length === 0) faults.push('the guest never told its checks');
  if (planned.length > 0 && !planned.includes(plantedName)) faults.push('nothing was planted');
  for (const name of planned) {
    const reports = results.filter((result) => result.name === name);
    if (reports.length !== 1) faults.push(`${name}: reported ${reports.length} times`);
  }
  for (const result of results) {
    if (!planned.includes(result.name)) faults.push(`${result.name}: was not planned`);
    if (result.name === plantedName && result.ok) faults.push(`${result.name}: it passed`);
    if (result.name !== plantedName && !result.ok) faults.push(`${result.name}: ${result.note}`);
  }
  return { passed: results.filter((result) => isAsExpected(result)).length, faults };
}

const isAsExpected = ({ name, ok }: CheckResult): boolean => ok !== (name === plantedName);

/** A row of the table: "ok      812 ms  ftdi: listed  0403:6001". */
export function rowOf(result: CheckResult): string {
  const word = isAsExpected(result) ? 'ok  ' : 'FAIL';
  const duration = `${Math.round(result.durationMs)} ms`.padStart(9);
  return `${word} ${duration}  ${result.name}${result.note === '' ? '' : `: ${result.note}`}`;
}
