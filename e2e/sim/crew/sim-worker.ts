import { openSimBench, type SimTask } from './sim-bench.ts';
import type { Violation } from '../oracles/oracles.ts';

/** What a worker says of a seed: the trace stays where it was, a seed is replayed by its number. */
export interface SeedVerdict {
  readonly task: SimTask;
  readonly violations: readonly Violation[];
  readonly traceHash: string;
  readonly salesCount: number;
  /** The world itself fell over: an assertion, or something that never settled. */
  readonly broken: string | undefined;
}

const closeMsMax = 10_000;

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

const tell = (verdict: SeedVerdict): void => void process.send?.(verdict);
let current: SimTask | undefined;
async function judgeAndTell(task: SimTask): Promise<void> {
  const verdict = await judge(task);
  if (current) tell(verdict);
  current = undefined;
}
process.on('message', (task: SimTask) => {
  current = task;
  void judgeAndTell(task);
});
// Something of the world broke that nobody waits for: the seed has failed, and our parent replaces us.
process.on('unhandledRejection', (reason) => {
  const broken = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  if (current) tell({ task: current, violations: [], traceHash: '', salesCount: 0, broken });
  current = undefined;
});
process.on('disconnect', () => {
  // A world that fell over may hold the session for ever.
  setTimeout(() => process.exit(1), closeMsMax).unref();
  void bench.close().then(() => process.exit(0));
});
// Ctrl-C reaches every process of the group; the parent decides when we end.
process.on('SIGINT', () => undefined);
process.send?.('ready');
