import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { WireEntry } from '#shared/wire/v1/journal.ts';
import type { SqlParams } from '#terminal/agent/journal/handles.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import { stampOf } from '#terminal/agent/store/backup-names.ts';
import { removeDatabase, syncFile, syncFolder } from '#terminal/agent/store/durable-files.ts';
import {
  endsOf,
  gatherFinally,
  type EpochEnd,
  type KnownEpoch,
} from '#terminal/agent/store/recovery/closing.ts';
import {
  genesis,
  mergeEpoch,
  type CloudEpoch,
  type MergedEpoch,
} from '#terminal/agent/store/recovery/merge-epoch.ts';
import { rebuildStore, type History } from '#terminal/agent/store/recovery/rebuild-store.ts';
import {
  recoverFile,
  type RecoveredEpoch,
  type RecoveredFile,
  type SideTable,
} from '#terminal/agent/store/recovery/recovered-file.ts';
import {
  finishReplacement,
  markEpochEnd,
  markReplacement,
} from '#terminal/agent/store/replacement.ts';
import { parseSetAside } from '#terminal/agent/uplink/set-aside.ts';
import { takeWriterLock } from '#terminal/agent/store/writer-lock.ts';

/**
 * The cloud's copy of this till's journal. Errors: why it gave nothing: out of reach, or what it
 * answered; a closed till is given nothing (`terminal-revoked`).
 */
export interface CloudCopy {
  readonly epochs: () => Promise<Result<readonly KnownEpoch[], ErrorCode>>;
  /** All entries of an epoch after a number, in order. */
  readonly entries: (
    epoch: string,
    afterSeq: number,
  ) => Promise<Result<readonly WireEntry[], ErrorCode>>;
  /**
   * Ends the epochs for good; not `closed` when the cloud has something that these do not have, and
   * what it has now.
   */
  readonly close: (
    ends: readonly EpochEnd[],
  ) => Promise<
    Result<{ readonly closed: boolean; readonly epochs: readonly KnownEpoch[] }, ErrorCode>
  >;
}

export interface RecoveryReport {
  readonly reason: History['reason'];
  /** The journal now. */
  readonly entriesCount: number;
  readonly epoch: string;
  /** Came from the cloud, because no file had them. */
  readonly pulledCount: number;
  readonly withCloud: boolean;
  readonly writtenAgainCount: number;
  readonly lost: readonly {
    readonly epoch: string;
    readonly fromSeq: number;
    readonly toSeq: number;
  }[];
  /** Entries that contradict their own hash: not believed. */
  readonly altered: readonly string[];
  readonly refused: readonly string[];
  readonly unreadable: readonly string[];
  /** Where the old file lies now. */
  readonly oldFilesIn: string;
}

export type RecoveryError =
  | { readonly code: 'store-locked' | 'store-failed'; readonly detail: string }
  /** Of the cloud: out of reach, or its refusal. */
  | { readonly code: ErrorCode; readonly detail: string };

export interface RecoveryDeps {
  readonly dataDir: string;
  /** Files to read, the best first: a backup, or the journal itself and then its newest backup. */
  readonly sources: readonly string[];
  readonly reason: History['reason'];
  /** Undefined: the owner decided to go on without it. */
  readonly cloud: ((meta: ReadonlyMap<string, string>) => CloudCopy | undefined) | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly appVersion: string;
}

/**
 * Makes a new journal of what files and cloud still have, under a new epoch, and puts it in the old
 * one's place; the old files are kept. Nothing is touched before the new file is whole and durable;
 * a till that goes on with the old one after all does so in a new epoch, because the cloud has
 * ended the old ones. Errors: a till runs, the cloud is out of reach or gives this till nothing,
 * the disk refused.
 */
export async function recoverStore(
  deps: RecoveryDeps,
): Promise<Result<RecoveryReport, RecoveryError>> {
  const { dataDir, clock } = deps;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = takeWriterLock(dataDir, { pid: process.pid, nowMs: clock.nowMs() });
  if ('heldBy' in lock) return err({ code: 'store-locked', detail: lock.heldBy });
  try {
    finishReplacement(dataDir, journalFileName);
    const oldFilesIn = keepOldFiles(dataDir, `old-${stampOf(clock.nowMs())}`);
    const files = deps.sources.map((path) => readCopy(path, oldFilesIn));
    const history = await gather(deps, files);
    if (!history.ok) return history;
    const rebuilt = rebuildStore(history.value, deps);
    if (!rebuilt.ok) return err({ code: 'store-failed', detail: rebuilt.error.detail });
    const report = reportOf({ deps, files, oldFilesIn }, history.value, rebuilt.value);
    writeFileSync(join(oldFilesIn, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
    markReplacement(dataDir, journalFileName);
    finishReplacement(dataDir, journalFileName);
    return ok(report);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return err({ code: 'store-failed', detail });
  } finally {
    lock.release();
  }
}

const suffixes = ['', '-wal'] as const;

/** Copies the journal with its log into a folder of its own: evidence, and what may be read without harm. */
function keepOldFiles(dataDir: string, name: string): string {
  const folder = join(dataDir, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const suffix of suffixes) {
    const from = join(dataDir, `${journalFileName}${suffix}`);
    const to = join(folder, `${journalFileName}${suffix}`);
    if (!existsSync(from)) continue;
    copyFileSync(from, to);
    syncFile(to);
  }
  syncFolder(folder);
  syncFolder(dataDir);
  return folder;
}

/** Reads a copy of a file, since reading a damaged one may write to it; the copy goes again. */
function readCopy(path: string, folder: string): RecoveredFile {
  const copy = join(folder, 'reading.db');
  removeDatabase(copy);
  for (const suffix of suffixes)
    if (existsSync(`${path}${suffix}`)) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
  try {
    return recoverFile(copy);
  } finally {
    removeDatabase(copy);
  }
}

const goOnAlone = 'add --alone to go on with the files alone';
const silent = (code: ErrorCode): RecoveryError => ({
  code,
  detail: `the cloud gave nothing of the journal; ${goOnAlone}`,
});
const withoutCloud = (code: ErrorCode): Result<History, RecoveryError> => err(silent(code));

/** Whatever the cloud is asked for comes from the till that `meta` names. */
async function gather(
  deps: RecoveryDeps,
  files: readonly RecoveredFile[],
): Promise<Result<History, RecoveryError>> {
  // The newest file that has a value is believed; a damaged one may lack what its backup has.
  const meta = metaOf(newestFirst(files));
  if (!deps.cloud) return gatherOnce(deps, { files, meta, cloud: undefined, known: [] });
  const cloud = deps.cloud(meta);
  if (!cloud) return err({ code: 'agent-not-activated', detail: noIdentity });
  const asked = await cloud.epochs();
  if (!asked.ok) return withoutCloud(asked.error);
  return gatherFinally({
    known: asked.value,
    gather: (known) => gatherOnce(deps, { files, meta, cloud, known }),
    close: (history, known) => {
      markEpochEnd(deps.dataDir);
      return cloud.close(endsOf(history, known));
    },
    failure: silent,
  });
}

async function gatherOnce(
  deps: RecoveryDeps,
  parts: {
    readonly files: readonly RecoveredFile[];
    readonly meta: ReadonlyMap<string, string>;
    readonly cloud: CloudCopy | undefined;
    readonly known: readonly KnownEpoch[];
  },
): Promise<Result<History, RecoveryError>> {
  const { files, meta, cloud, known } = parts;
  const base = files.find((file) => file.epochs.length > 0);
  const epochs: History['epochs'][number][] = [];
  for (const epoch of epochNames(files, known)) {
    const of = files.flatMap((file) => file.epochs.filter((one) => one.epoch === epoch));
    const inCloud = known.find((one) => one.epoch === epoch);
    const merged = await mergeOne(base, { epoch, of, inCloud, cloud });
    if (!merged.ok) return withoutCloud(merged.error);
    const [first] = of;
    epochs.push({
      ...merged.value,
      epoch,
      reason: first?.reason ?? 'restored',
      firstPosition: first?.firstPosition ?? Number.MAX_SAFE_INTEGER,
      ackedSeq: Math.max(
        inCloud?.headSeq ?? 0,
        ...files.flatMap((file) => file.epochs.map((one) => ackedSeqIn(one, epoch, file.meta))),
      ),
    });
  }
  const isLost = epochs.some(({ lost, altered }) => lost.length + altered.length > 0);
  return ok({
    reason: deps.reason,
    epochs,
    cut: base?.cut,
    meta: withoutOldWord(meta),
    sideRows: sideRowsOf(base, newestFirst(files)),
    exceptions: [
      ...(isLost ? (['store-entries-lost'] as const) : []),
      ...(deps.cloud ? [] : (['store-restored-alone'] as const)),
    ],
  });
}

/**
 * Values of the newest file, and of the others what it has not. Results are pulled again from where the oldest stood: a
 * result whose entry is lost is heard again, and the others change nothing.
 */
function metaOf(newest: readonly RecoveredFile[]): ReadonlyMap<string, string> {
  const cursors = newest.flatMap(({ meta }) => meta.get(cursorKey) ?? []);
  const meta = new Map(newest.toReversed().flatMap((file) => [...file.meta]));
  if (cursors.length > 0) meta.set(cursorKey, String(Math.min(...cursors.map(Number))));
  return meta;
}
const cursorKey = 'results-cursor';

/** By their last entry that can be read; where none can, or they end alike, as they were given. */
const newestFirst = (files: readonly RecoveredFile[]): readonly RecoveredFile[] =>
  files
    .map((file) => ({ file, last: lastHlc(file) }))
    .toSorted((a, b) => (a.last < b.last ? 1 : a.last > b.last ? -1 : 0))
    .map(({ file }) => file);

const lastHlc = ({ epochs }: RecoveredFile): string =>
  epochs
    .flatMap(({ entries }) => [...entries.values()].at(-1)?.hlc ?? [])
    .toSorted()
    .at(-1) ?? '';

/**
 * Sums of pruned days belong to the cut, and come from the file that it comes from. What the cloud refused is known by
 * any file. The owner's record is the newest: an older one may bring back a PIN that was given up.
 */
function sideRowsOf(
  base: RecoveredFile | undefined,
  newest: readonly RecoveredFile[],
): ReadonlyMap<SideTable, readonly SqlParams[]> {
  const all = (table: SideTable) => newest.flatMap(({ sideRows }) => sideRows.get(table) ?? []);
  const [owner] = all('owner').toSorted((a, b) => changeNoOf(b) - changeNoOf(a));
  return new Map([
    ...(base?.sideRows ?? []),
    ['owner', owner === undefined ? [] : [owner]],
    ['refused_orders', all('refused_orders')],
  ]);
}

const changeNoOf = ({ change_no: changeNo }: SqlParams): number => Number(changeNo ?? 0);

const noIdentity = `neither a file nor a key says which till this is; ${goOnAlone}`;

/** Merges one epoch. Errors: why the cloud fell silent. */
async function mergeOne(
  base: RecoveredFile | undefined,
  parts: {
    readonly epoch: string;
    readonly of: readonly RecoveredEpoch[];
    readonly inCloud: CloudEpoch | undefined;
    readonly cloud: CloudCopy | undefined;
  },
): Promise<Result<MergedEpoch, ErrorCode>> {
  const { epoch, of, inCloud, cloud } = parts;
  const cut = base?.cut;
  const isBeforeCut = cut && isOlder(base, epoch, cut.epoch);
  if (isBeforeCut) return ok({ chain: [], left: [], lost: [], altered: [], pulledCount: 0 });
  let silence: ErrorCode | undefined;
  const merged = await mergeEpoch({
    epoch,
    start: cut?.epoch === epoch ? { seq: cut.seq, hash: cut.hash } : genesis,
    files: of.map(({ entries }) => entries),
    lastSeq: Math.max(0, ...of.map(({ lastSeq }) => lastSeq)),
    cloud: inCloud,
    pull: async (afterSeq) => {
      const pulled = await cloud?.entries(epoch, afterSeq);
      if (pulled?.ok === false) silence ??= pulled.error;
      return pulled?.ok ? pulled.value : [];
    },
  });
  return silence === undefined ? ok(merged) : err(silence);
}

/** Epochs in order: as the files number them, then those that only the cloud knows. */
const epochNames = (
  files: readonly RecoveredFile[],
  known: readonly { readonly epoch: string }[],
): readonly string[] => [
  ...new Set([...files.flatMap((file) => file.epochs), ...known].map(({ epoch }) => epoch)),
];

function isOlder(file: RecoveredFile, epoch: string, than: string): boolean {
  const names = file.epochs.map((one) => one.epoch);
  const place = names.indexOf(epoch);
  return place !== -1 && place < names.indexOf(than);
}

/**
 * The last number of an epoch that its file knew as acknowledged. Positions are those of one file,
 * and mean nothing in another.
 */
function ackedSeqIn(
  epoch: RecoveredEpoch,
  name: string,
  meta: ReadonlyMap<string, string>,
): number {
  if (epoch.epoch !== name) return 0;
  const acked = Number(meta.get('acked-position') ?? '0');
  let last = 0;
  for (const [position, seq] of epoch.seqOfPosition)
    if (position <= acked) last = Math.max(last, seq);
  return last;
}

/** That an earlier restore was made without the cloud is said anew, or no longer true. */
function withoutOldWord(meta: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const others = parseSetAside(meta.get('set-aside')).filter(
    ({ code }) => code !== 'store-restored-alone',
  );
  return new Map([...meta, ['set-aside', JSON.stringify(others)]]);
}

function reportOf(
  {
    deps,
    files,
    oldFilesIn,
  }: {
    readonly deps: RecoveryDeps;
    readonly files: readonly RecoveredFile[];
    readonly oldFilesIn: string;
  },
  history: History,
  rebuilt: Pick<RecoveryReport, 'entriesCount' | 'epoch' | 'writtenAgainCount' | 'refused'>,
): RecoveryReport {
  return {
    reason: deps.reason,
    ...rebuilt,
    pulledCount: history.epochs.reduce((sum, { pulledCount }) => sum + pulledCount, 0),
    withCloud: deps.cloud !== undefined,
    lost: history.epochs.flatMap(({ epoch, lost }) => lost.map((range) => ({ epoch, ...range }))),
    altered: history.epochs.flatMap(({ epoch, altered }) =>
      altered.map(({ seq, type, body }) => `${epoch} ${seq} ${type} ${body}`),
    ),
    unreadable: files.flatMap(({ unreadable }) => unreadable),
    oldFilesIn,
  };
}
