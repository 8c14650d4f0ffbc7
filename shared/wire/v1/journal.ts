import Type, { type Static } from 'typebox';
import { entryBodyCharsMax } from '#shared/wire/v1/entries.ts';
import {
  EpochSchema,
  ErrorCodeSchema,
  HashSchema,
  HlcSchema,
  SeqSchema,
  WallMsSchema,
} from '#shared/wire/v1/common.ts';
import { CatalogueVersionSchema } from '#shared/wire/v1/goods.ts';

/**
 * POST /v1/journal/batches: the till's journal, in order, as signed batches.
 *
 * The hash of an entry is SHA-256 over the previous hash (32 raw bytes) followed by the UTF-8 of
 * "greentill/entry/1\n{epoch}\n{seq}\n{hlc}\n{wallMs}\n{type}\n{body}", where `body` is the JSON text exactly as
 * stored and sent: it travels as a string and is never serialised again. Seq 1 follows {@link genesisHash}.
 *
 * | answer | meaning |
 * |--------|---------|
 * | 200    | everything up to `ackedThrough` is durable; each entry has a verdict; a parked one is kept and judged by people |
 * | 409 journal-gap  | entries before this batch are missing; `expectedSeq` says where to resume |
 * | 409 journal-fork | the same seq was sent with another hash: the batch is quarantined, nothing dropped |
 * | 409 journal-epoch-closed | a restore said that this epoch ends before: the batch is quarantined, nothing dropped |
 * | 409 journal-quarantine-full, journal-epochs-exceeded | nothing was taken; keep it, ask again later |
 * | 401 signature-invalid, 422 journal-chain-broken, 413, 429 (Retry-After) | nothing was taken |
 */
export const batchEntriesMax = 500;
export const batchBytesMax = 512 * 1024;
export const genesisHash = '0'.repeat(64);

export const WireEntrySchema = Type.Object(
  {
    seq: SeqSchema,
    hlc: HlcSchema,
    wallMs: WallMsSchema,
    type: Type.String({ pattern: '^[a-z][a-z.-]{1,40}$' }),
    body: Type.String({ maxLength: entryBodyCharsMax }),
    hash: HashSchema,
  },
  { additionalProperties: false },
);
export type WireEntry = Static<typeof WireEntrySchema>;

export const BatchSchema = Type.Object(
  {
    epoch: EpochSchema,
    firstSeq: SeqSchema,
    prevHash: HashSchema,
    entries: Type.Array(WireEntrySchema, { minItems: 1, maxItems: batchEntriesMax }),
  },
  { additionalProperties: false },
);
export type Batch = Static<typeof BatchSchema>;

export const VerdictSchema = Type.Object({
  seq: SeqSchema,
  verdict: Type.Union([
    Type.Literal('accepted'),
    Type.Literal('duplicate'),
    Type.Literal('parked'),
  ]),
  code: Type.Optional(ErrorCodeSchema),
});

export const BatchAnswerSchema = Type.Object({
  ackedThrough: Type.Integer({ minimum: 0 }),
  headHash: HashSchema,
  verdicts: Type.Array(VerdictSchema, { maxItems: batchEntriesMax }),
});
export type BatchAnswer = Static<typeof BatchAnswerSchema>;

/** POST /v1/heartbeats, every 30 s: what the till has, so that the cloud knows what it has not received yet. */
export const ownerChangeNoMax = 1_000_000_000;

export const HeartbeatSchema = Type.Object(
  {
    epoch: EpochSchema,
    headSeq: Type.Integer({ minimum: 0 }),
    headHash: HashSchema,
    ackedSeq: Type.Integer({ minimum: 0 }),
    oldestUnsyncedMs: Type.Union([WallMsSchema, Type.Null()]),
    appVersion: Type.String({ maxLength: 32 }),
    wallMs: WallMsSchema,
    diskFreeBytes: Type.Integer({ minimum: 0 }),
    capsVersion: Type.Integer({ minimum: 0 }),
    peripherals: Type.Array(
      Type.Object({ role: Type.String({ maxLength: 16 }), state: Type.String({ maxLength: 16 }) }),
      { maxItems: 16 },
    ),
    /**
     * 16 random hex digits, new with every start of the program. A run that ended never speaks again: when two runs
     * of one terminal take turns, there are two terminals with one key.
     */
    runId: Type.Optional(EpochSchema),
    /** How often, ever, the owner's PIN was wrong until this till locked; absent: never. */
    pinLocks: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    /** When a PIN of the owner was set last where there was none, by the till's clock; absent: never. */
    firstPinAtMs: Type.Optional(WallMsSchema),
    /**
     * How often, ever, the owner of this till changed his PIN or rules: it only grows. A smaller
     * one is an older record.
     */
    ownerChangeNo: Type.Optional(Type.Integer({ minimum: 0, maximum: ownerChangeNoMax })),
  },
  { additionalProperties: false },
);
export type Heartbeat = Static<typeof HeartbeatSchema>;

export const HeartbeatAnswerSchema = Type.Object({
  serverMs: WallMsSchema,
  configVersion: Type.Integer({ minimum: 0 }),
  /** Version of the shop's catalogue of goods; absent: an older cloud, or the shop has none. */
  catalogueVersion: Type.Optional(CatalogueVersionSchema),
  /** The terminal is to change its key (POST /v1/terminals/me/key): it was asked to, or the key is old. */
  rotateKey: Type.Optional(Type.Boolean()),
  /** The largest `ownerChangeNo` that this terminal ever said; absent: it never said one. */
  ownerChangeNo: Type.Optional(Type.Integer({ minimum: 0, maximum: ownerChangeNoMax })),
});
export type HeartbeatAnswer = Static<typeof HeartbeatAnswerSchema>;

/** The bytes of an entry that its hash covers, as text (UTF-8 encode it, prefix the raw previous hash, SHA-256). */
export function entryPreimage(epoch: string, entry: Omit<WireEntry, 'hash'>): string {
  return `greentill/entry/1\n${epoch}\n${entry.seq}\n${entry.hlc}\n${entry.wallMs}\n${entry.type}\n${entry.body}`;
}
