import { openSimBench, type SimTask } from './sim-bench.ts';
import type { Violation } from './oracles.ts';

/** What a worker says of a seed: the trace stays where it was, a seed is replayed by its number. */
export interface SeedVerdict {
  readonly task: SimTask;
  readonly violations: readonly Violation[];
  readonly traceHash: string;
  readonly salesCount: number;
  /** The world itself fell over: an assertion, or something that never settled. */
  readonly broken: string | undefined;
}

/** A process that runs the seeds it is sent, one after the other, until its parent is gone. */
const bench = await openSimBench();

async function judge(task: SimTask): Promise<SeedVerdict> {
  try {
    const { violations, traceHash, sales } = await bench.run(task);
    return { task, violations, traceHash, salesCount: sales.length, broken: undefined };
  } catch (error) {
    const broken = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { task, violations: [], traceHash: '', salesCount: 0, broken };
  }
}

process.on('message', (task: SimTask) => {
  void judge(task).then((verdict) => process.send?.(verdict));
});
process.on('disconnect', () => void bench.close().then(() => process.exit(0)));
// Ctrl-C reaches every process of the group; the parent decides when we end.
process.on('SIGINT', () => undefined);
process.send?.('ready');
