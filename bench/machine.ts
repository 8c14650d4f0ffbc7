import { cpus, release, type } from 'node:os';

/** Processor, cores, operating system and Node version, for the head of a table. */
export function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  return `${model}, ${processors.length} cores, ${type()} ${release()}, Node ${process.versions.node}`;
}

/** The middle one; of an even count the lower middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}
