import type { BatchAnswer } from '#shared/wire/v1/journal.ts';
import { batchesPath, batchOf } from '../world/batch-of.ts';
import type { Planted } from './planted.ts';

/** An uplink that takes a refusal of the server for "done with these entries" and goes on with the next ones. */
export const dropOn4xx: Planted = {
  name: 'drop-on-4xx',
  bendTill: (deps) => ({
    ...deps,
    fetch: async (input, init) => {
      const answer = await deps.fetch(input, init);
      const isBatch = (input as string).endsWith(batchesPath);
      if (!isBatch || answer.status < 400 || answer.status >= 500) return answer;
      const batch = batchOf(init?.body as Uint8Array);
      const last = batch.entries.at(-1);
      const taken: BatchAnswer = {
        ackedThrough: last?.seq ?? batch.firstSeq,
        headHash: last?.hash ?? batch.prevHash,
        verdicts: batch.entries.map(({ seq }) => ({ seq, verdict: 'accepted' })),
      };
      return Response.json(taken, { headers: { date: answer.headers.get('date') ?? '' } });
    },
  }),
};
