import Type, { type Static } from 'typebox';
import { EpochSchema, HashSchema, SeqSchema } from '#shared/wire/v1/common.ts';
import { WireEntrySchema } from '#shared/wire/v1/journal.ts';

/**
 * What the cloud has of a terminal's own journal, for a terminal that lost it: signed like every
 * other call, answered to the terminal whose journal it is and to nobody else.
 */
export const ownEpochsMax = 1_000;
export const ownEntriesMax = 500;

const OwnEpochsSchema = Type.Array(
  Type.Object({
    epoch: EpochSchema,
    headSeq: Type.Integer({ minimum: 0 }),
    headHash: HashSchema,
  }),
  { maxItems: ownEpochsMax },
);

/** GET /v1/journal/epochs: the epochs of this terminal in the order in which the cloud first heard of them. */
export const OwnEpochsAnswerSchema = Type.Object({ epochs: OwnEpochsSchema });
export type OwnEpochsAnswer = Static<typeof OwnEpochsAnswerSchema>;

/**
 * GET /v1/journal/entries?epoch=E&after=SEQ: the entries that follow `after`, exactly as they were sent, at most
 * {@link ownEntriesMax}; `more` when there are others. An epoch that is not known has none.
 */
export const OwnEntriesAnswerSchema = Type.Object({
  entries: Type.Array(WireEntrySchema, { maxItems: ownEntriesMax }),
  more: Type.Boolean(),
});
export type OwnEntriesAnswer = Static<typeof OwnEntriesAnswerSchema>;

/**
 * POST /v1/journal/closings: where every epoch ends, in the journal that a restore is about to put in place. Each epoch
 * that the cloud has must be named, with no less than the cloud has of it.
 */
export const ClosingRequestSchema = Type.Object(
  {
    epochs: Type.Array(
      Type.Object(
        { epoch: EpochSchema, lastSeq: SeqSchema, lastHash: HashSchema },
        { additionalProperties: false },
      ),
      { maxItems: ownEpochsMax },
    ),
  },
  { additionalProperties: false },
);
export type ClosingRequest = Static<typeof ClosingRequestSchema>;

/**
 * What the cloud has now. `closed`: it will never have anything of these epochs after their ends, whatever is still on
 * its way. Not closed: nothing was, since it has something that was not named; read it and ask again.
 */
export const ClosingAnswerSchema = Type.Object({
  closed: Type.Boolean(),
  epochs: OwnEpochsSchema,
});
export type ClosingAnswer = Static<typeof ClosingAnswerSchema>;
