import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { ClosingRequest } from '#shared/wire/v1/own-journal.ts';
import type { ChainCut } from '#terminal/agent/store/chain-cut.ts';
import type { CloudEpoch, MergedEpoch } from '#terminal/agent/store/recovery/merge-epoch.ts';

export type KnownEpoch = CloudEpoch & { readonly epoch: string };
/** The last entry of an epoch, in the journal that is about to be put in place. */
export type EpochEnd = ClosingRequest['epochs'][number];

/**
 * Where every epoch ends: as the new file will have it, which is never before the cloud's end. What lies before the cut
 * of a pruned journal is in no file any more: there the cloud's end stands.
 */
export function endsOf(
  {
    epochs,
    cut,
  }: {
    readonly epochs: readonly (Pick<MergedEpoch, 'chain'> & { readonly epoch: string })[];
    readonly cut: ChainCut | undefined;
  },
  known: readonly KnownEpoch[],
): readonly EpochEnd[] {
  return epochs.flatMap(({ epoch, chain }) => {
    const here = chain.at(-1) ?? (cut?.epoch === epoch ? cut : undefined);
    const there = known.find((one) => one.epoch === epoch);
    if (there && there.headSeq >= (here?.seq ?? 0))
      return [{ epoch, lastSeq: there.headSeq, lastHash: there.headHash }];
    return here ? [{ epoch, lastSeq: here.seq, lastHash: here.hash }] : [];
  });
}

/**
 * A batch that was under way when the till died may come between the reading and the closing; more
 * than these cannot.
 */
export const closingsMax = 8;

/**
 * Gathers what cloud and files have and closes the epochs in the cloud where the gathered history
 * ends them, until nothing came between: then nothing can come any more. Errors: why there is no
 * history; `cloud-busy`: something came each time.
 */
export async function gatherFinally<History, Failure>(steps: {
  readonly known: readonly KnownEpoch[];
  readonly gather: (known: readonly KnownEpoch[]) => Promise<Result<History, Failure>>;
  readonly close: (
    history: History,
    known: readonly KnownEpoch[],
  ) => Promise<Result<{ closed: boolean; epochs: readonly KnownEpoch[] }, ErrorCode>>;
  readonly failure: (code: ErrorCode) => Failure;
}): Promise<Result<History, Failure>> {
  let { known } = steps;
  for (let tries = 0; tries < closingsMax; tries += 1) {
    const history = await steps.gather(known);
    if (!history.ok) return history;
    const answer = await steps.close(history.value, known);
    if (!answer.ok) return err(steps.failure(answer.error));
    if (answer.value.closed) return ok(history.value);
    known = answer.value.epochs;
  }
  return err(steps.failure('cloud-busy'));
}
