import type { Tx } from '#cloud/platform/db.ts';
import { lockBook } from '#cloud/points/points-config-store.ts';
import type { Steps } from '#cloud/release/chunks/steps.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** Where a caller looks for a chunk. */
export interface LaneClaim {
  /** Chunks from this one on come first: lanes that work far from each other do not meet in the indexes. */
  readonly fromChunk: number;
  /** Also wait for a chunk that somebody works on. */
  readonly wait: boolean;
}

/** Chunks that are worked through, in any order and by any number of callers. */
export interface ChunkWork<Step extends string> {
  readonly operatorId: OperatorId;
  /** Told after each. */
  readonly step: Step;
  /** How many there are in all, and how many are left. */
  count(tx: Tx): Promise<{ readonly chunkCount: number; readonly leftInState: number }>;
  /** Takes one; false when there is none to take. */
  takeOne(tx: Tx, claim: LaneClaim): Promise<boolean>;
}

/** Works through the chunks in lanes, then waits for those that another caller has in hand. */
export async function workThroughChunks<Step extends string>(
  steps: Steps<Step>,
  work: ChunkWork<Step>,
): Promise<void> {
  const once = async (claim: LaneClaim) => {
    const startedAtMs = steps.nowMs();
    const done = await steps.chunk(async (tx) => {
      // Shared with everybody who moves points: nobody waits for the chunk as a whole.
      await lockBook(tx, work.operatorId, 'share');
      return work.takeOne(tx, claim);
    });
    if (!done) return false;
    const workedMs = steps.nowMs() - startedAtMs;
    await steps.observe(work.step);
    await steps.rest(workedMs);
    return true;
  };
  const left = () => steps.step((tx) => work.count(tx));
  const { chunkCount } = await left();
  const lane = async (_: unknown, index: number) => {
    const fromChunk = Math.trunc((chunkCount / steps.lanes) * index);
    while (await once({ fromChunk, wait: false }));
  };
  await Promise.all(Array.from({ length: steps.lanes }, lane));
  while ((await left()).leftInState > 0) await once({ fromChunk: 0, wait: true });
}
