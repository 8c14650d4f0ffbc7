import type { Batch, BatchAnswer } from '#shared/wire/v1/journal.ts';
import { problem, type ScriptedAnswer } from '#terminal/agent/testing/scripted-answer.ts';

/** The cloud's copy of a till's journal: batches in order, without a gap, each epoch by itself. */
export function createScriptedJournal(isRevoked: () => boolean) {
  const batches: Batch[] = [];
  const heads = new Map<string, { readonly seq: number; readonly hash: string }>();
  let script: ((batch: Batch) => ScriptedAnswer | undefined) | undefined;

  return {
    batches,
    take: (batch: Batch): ScriptedAnswer => {
      const scripted = script?.(batch);
      if (scripted) return scripted;
      const head = heads.get(batch.epoch) ?? { seq: 0, hash: '0'.repeat(64) };
      if (batch.firstSeq > head.seq + 1)
        return problem(409, 'journal-gap', { expectedSeq: head.seq + 1 });
      batches.push(batch);
      const last = batch.entries.at(-1)!;
      const newHead = last.seq > head.seq ? { seq: last.seq, hash: last.hash } : head;
      heads.set(batch.epoch, newHead);
      const verdicts = batch.entries.map(({ seq }) =>
        isRevoked()
          ? { seq, verdict: 'parked' as const, code: 'terminal-revoked' }
          : { seq, verdict: 'accepted' as const },
      );
      const body: BatchAnswer = { ackedThrough: newHead.seq, headHash: newHead.hash, verdicts };
      return { status: 200, body };
    },
    /** What is answered instead; undefined for a batch: as it really is. */
    script: (next: typeof script): void => {
      script = next;
    },
    /** Every entry type that was delivered, in order, each once. */
    delivered: (): readonly string[] => {
      const seen = new Map<string, string>();
      for (const batch of batches)
        for (const entry of batch.entries) seen.set(`${batch.epoch}/${entry.seq}`, entry.type);
      return [...seen.values()];
    },
  };
}
