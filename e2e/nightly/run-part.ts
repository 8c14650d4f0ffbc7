import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Part } from './parts.ts';
import { judgePart, type PartReport } from './verdict.ts';

/** After being asked to end; then it is killed with all that it started. */
const endMsMax = 20_000;
const msPerMinute = 60_000;

/** Runs one part to its end or to its budget, all it says in `logFile`. */
export async function runPart(
  part: Part,
  { folder, logFile }: { readonly folder: string; readonly logFile: string },
): Promise<PartReport> {
  const startedMs = performance.now();
  const log = openSync(logFile, 'w');
  const { exitCode, isOverBudget } = await runGroup(part, { folder, log });
  closeSync(log);
  const said = stripVTControlCharacters(readFileSync(logFile, 'utf8'));
  const minutes = (performance.now() - startedMs) / msPerMinute;
  const { name, law, seed, budgetMinutes, result: resultLine } = part;
  return {
    name,
    law,
    command: commandLine(part),
    seed,
    budgetMinutes,
    minutes: Number(minutes.toFixed(1)),
    ...judgePart({ exitCode, isOverBudget, said, resultLine }),
  };
}

/** As a person would type it. */
export const commandLine = ({ command, env = {} }: Pick<Part, 'command' | 'env'>): string =>
  [...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...command]
    .filter((word) => word !== '--silent')
    .join(' ');

interface Ended {
  readonly exitCode: number | undefined;
  readonly isOverBudget: boolean;
}

/** A group of its own, so that an end of the part is an end of the databases and browsers that it started. */
function runGroup(
  { command: [program, ...words], env, budgetMinutes }: Part,
  { folder, log }: { readonly folder: string; readonly log: number },
): Promise<Ended> {
  const child = spawn(program, words, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
    detached: true,
  });
  const strike = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // All of it has ended.
    }
  };
  let isOverBudget = false;
  let last: NodeJS.Timeout | undefined;
  const end = (): void => {
    strike('SIGTERM');
    last ??= setTimeout(() => strike('SIGKILL'), endMsMax);
  };
  const budget = setTimeout(() => {
    isOverBudget = true;
    end();
  }, budgetMinutes * msPerMinute);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  return new Promise((resolve) => {
    const ended = (exitCode: number | undefined): void => {
      clearTimeout(budget);
      clearTimeout(last);
      strike('SIGKILL');
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end);
      resolve({ exitCode, isOverBudget });
    };
    child.once('error', () => ended(undefined));
    child.once('exit', (code) => ended(code ?? undefined));
  });
}
