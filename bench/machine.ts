import { cpus, release, type } from 'node:os';

/** Processor, cores, operating system and Node version, for the head of a table. */
export function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  return `${model}, ${processors.length} cores, ${type()} ${release()}, Node ${process.versions.node}`;
}
