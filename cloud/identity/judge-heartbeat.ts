import Type, { type Static } from 'typebox';
import type { Heartbeat } from '#shared/wire/v1/journal.ts';
import type { Finding } from '#cloud/identity/terminal-alarms.ts';

/**
 * A lane is one run of the till's program on one epoch, with the highest head it claimed. A till changes lanes forward
 * only: a run that ended and an epoch that was left never speak again.
 */
export const LaneSchema = Type.Object({
  epoch: Type.String(),
  runId: Type.String(),
  headSeq: Type.Integer(),
  headHash: Type.String(),
  /** When the head was claimed first, cloud milliseconds. */
  claimedAtMs: Type.Integer(),
});
export type Lane = Static<typeof LaneSchema>;

/** What the cloud remembers between two heartbeats of a terminal. The lane that spoke last stands last. */
export interface HeardBefore {
  readonly lanes: readonly Lane[];
  /** How often an earlier lane came back, lately. */
  readonly returns: number;
  readonly returnedAtMs: number;
}

/** What of the terminal's journal is stored. */
export interface StoredJournal {
  readonly heads: readonly {
    readonly epoch: string;
    readonly headSeq: number;
    readonly headHash: string;
    /** When the first batch of the epoch was taken. */
    readonly beganAtMs: number;
    readonly movedAtMs: number;
  }[];
  /** Stored entries at the places that the heartbeat and the lanes name. */
  readonly entries: readonly {
    readonly epoch: string;
    readonly seq: number;
    readonly hash: string;
  }[];
}

/**
 * A batch may overtake a heartbeat on the way, and one heartbeat another: it then names an older head than the cloud
 * already knows. Only a head that has stood longer than any request travels (a till gives up after 10 s) proves that
 * the till fell back; a till that did so still says it with its next heartbeat.
 */
export const overtakenMsMax = 20_000;
/** A heartbeat that lost its way may make one lane return, and the next one another: three have no innocent cause. */
export const returnsUntilClone = 3;
/** Returns further apart than this are counted anew. */
const returnsForgottenMs = 6 * 3_600_000;
const lanesMax = 12;
/** The last batch of an epoch may fail, and come again after the first of the next: a till tries each minute. */
const stragglersMsMax = 600_000;

/** What a heartbeat proves, and what is remembered of it. Pure. */
export function judgeHeartbeat(
  heartbeat: Pick<Heartbeat, 'epoch' | 'headSeq' | 'headHash' | 'runId'>,
  before: HeardBefore,
  context: { readonly stored: StoredJournal; readonly nowMs: number },
): { readonly after: HeardBefore; readonly findings: readonly Finding[] } {
  const { nowMs } = context;
  const { epoch, headSeq, runId = '' } = heartbeat;
  const index = before.lanes.findIndex((lane) => lane.epoch === epoch && lane.runId === runId);
  const isReturn = index !== -1 && index !== before.lanes.length - 1;
  const fresh = nowMs - before.returnedAtMs <= returnsForgottenMs ? before.returns : 0;
  const returns = isReturn ? fresh + 1 : fresh;
  const findings: Finding[] = [];
  if (isReturn && returns >= returnsUntilClone) {
    const detail = `an earlier run of the program spoke again, ${returns} times`;
    findings.push({ kind: 'clone', subject: epoch, detail });
  }
  const lost = lostTail(heartbeat, before.lanes, context);
  if (lost !== undefined) findings.push({ kind: 'tail-lost', subject: epoch, detail: lost });
  findings.push(...abandonedTails(epoch, before.lanes, context));
  const known = before.lanes[index];
  const lane: Lane =
    known !== undefined && known.headSeq >= headSeq
      ? known
      : { epoch, runId, headSeq, headHash: heartbeat.headHash, claimedAtMs: nowMs };
  return {
    after: {
      lanes: [...before.lanes.filter((_, at) => at !== index), lane].slice(-lanesMax),
      returns,
      returnedAtMs: isReturn ? nowMs : before.returnedAtMs,
    },
    findings,
  };
}

/** Why the heartbeat proves that its epoch lost or changed its tail; undefined when it does not. */
function lostTail(
  heartbeat: Pick<Heartbeat, 'epoch' | 'headSeq' | 'headHash'>,
  lanes: readonly Lane[],
  { stored, nowMs }: { readonly stored: StoredJournal; readonly nowMs: number },
): string | undefined {
  const { epoch, headSeq, headHash } = heartbeat;
  const stands = (sinceMs: number): boolean => nowMs - sinceMs >= overtakenMsMax;
  const head = stored.heads.find((one) => one.epoch === epoch);
  if (head !== undefined && head.headSeq > headSeq && stands(head.movedAtMs))
    return `it has ${headSeq} entries, the cloud ${head.headSeq}`;
  const hashes = new Map(
    stored.entries.filter((one) => one.epoch === epoch).map(({ seq, hash }) => [seq, hash]),
  );
  if (head !== undefined && head.headSeq > 0) hashes.set(head.headSeq, head.headHash);
  const differs = (place: { readonly headSeq: number; readonly headHash: string }): boolean =>
    (hashes.get(place.headSeq) ?? place.headHash) !== place.headHash;
  if (differs(heartbeat)) return `entry ${headSeq} is another one here`;
  const own = lanes.filter((lane) => lane.epoch === epoch);
  const fallen = own.find((lane) => lane.headSeq > headSeq && stands(lane.claimedAtMs));
  if (fallen) return `it has ${headSeq} entries and once had ${fallen.headSeq}`;
  const rewritten = own.find(
    (lane) => (lane.headSeq === headSeq && lane.headHash !== headHash) || differs(lane),
  );
  return rewritten && `entry ${rewritten.headSeq} became another one`;
}

/**
 * Epochs that were left behind with entries that never came: the oldest epoch is sent first, so once the present one
 * arrives nothing of those before is on its way.
 */
function abandonedTails(
  epoch: string,
  lanes: readonly Lane[],
  { stored, nowMs }: { readonly stored: StoredJournal; readonly nowMs: number },
): readonly Finding[] {
  const present = stored.heads.find((one) => one.epoch === epoch);
  if (present === undefined || nowMs - present.beganAtMs < stragglersMsMax) return [];
  const headSeqOf = (name: string): number =>
    stored.heads.find((one) => one.epoch === name)?.headSeq ?? 0;
  return lanes
    .filter((lane) => lane.epoch !== epoch && lane.headSeq > headSeqOf(lane.epoch))
    .map((lane) => ({
      kind: 'tail-lost' as const,
      subject: lane.epoch,
      detail: `it had ${lane.headSeq} entries, ${headSeqOf(lane.epoch)} arrived before the next epoch`,
    }));
}
