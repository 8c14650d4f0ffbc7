import Type, { type Static } from 'typebox';
import { EpochSchema, HashSchema } from '#shared/wire/v1/common.ts';
import { WireEntrySchema } from '#shared/wire/v1/journal.ts';

/**
 * What the cloud has of a terminal's own journal, for a terminal that lost it: signed like every other call, answered to
 * the terminal whose journal it is and to nobody else.
 */
export const ownEpochsMax = 1_000;
export const ownEntriesMax = 500;

/** GET /v1/journal/epochs: the epochs of this terminal in the order in which the cloud first heard of them. */
export const OwnEpochsAnswerSchema = Type.Object({
  epochs: Type.Array(
    Type.Object({
      epoch: EpochSchema,
      headSeq: Type.Integer({ minimum: 0 }),
      headHash: HashSchema,
    }),
    { maxItems: ownEpochsMax },
  ),
});
export type OwnEpochsAnswer = Static<typeof OwnEpochsAnswerSchema>;

/**
 * GET /v1/journal/entries?epoch=E&after=SEQ: the entries behind `after`, exactly as they were sent, at most
 * {@link ownEntriesMax}; `more` when there are others. An epoch that is not known has none.
 */
export const OwnEntriesAnswerSchema = Type.Object({
  entries: Type.Array(WireEntrySchema, { maxItems: ownEntriesMax }),
  more: Type.Boolean(),
});
export type OwnEntriesAnswer = Static<typeof OwnEntriesAnswerSchema>;
