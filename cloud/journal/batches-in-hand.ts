import type { Batch } from '#shared/wire/v1/journal.ts';

/**
 * The batches that this process is taking now. Two of one terminal travel at once; the second is taken as soon as the
 * first is stored, instead of finding a gap, reading the head and trying again. A batch that another process has in
 * hand is not known here: then the gap is seen in the database and waited for.
 */
export interface BatchesInHand {
  /** Says that `batch` is being taken; call what it answers when it is done, however it ended. */
  begin(terminalId: string, batch: Batch): () => void;
  /** Resolves when the batch right before this one is done; undefined: it is not in hand. */
  before(terminalId: string, batch: Batch): Promise<void> | undefined;
}

const doNothing = (): void => {};

const keyOf = (terminalId: string, epoch: string, seq: number): string =>
  `${terminalId} ${epoch} ${seq}`;

export function createBatchesInHand(): BatchesInHand {
  /** By the entry that follows each. Bounded by the gate: at most two of one terminal are inside. */
  const byNext = new Map<string, Promise<void>>();
  return {
    begin(terminalId, batch) {
      const key = keyOf(terminalId, batch.epoch, batch.firstSeq + batch.entries.length);
      let finish = doNothing;
      const done = new Promise<void>((resolve) => {
        finish = resolve;
      });
      byNext.set(key, done);
      return () => {
        if (byNext.get(key) === done) byNext.delete(key);
        finish();
      };
    },
    before: (terminalId, { epoch, firstSeq }) => byNext.get(keyOf(terminalId, epoch, firstSeq)),
  };
}
