import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Timers } from '#drivers/core/timers.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Clock } from '#shared/time/clock.ts';
import { hlcMs, parseHlc } from '#shared/time/hlc.ts';
import { lastEntry } from '#terminal/agent/journal/entry-rows.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { getMeta, setMeta } from '#terminal/agent/journal/meta.ts';
import { judgeRoom } from '#terminal/agent/store/disk-room.ts';
import { dueTasks, judgeClock, type Kept } from '#terminal/agent/store/keeping-plan.ts';
import { pruneOnce } from '#terminal/agent/store/prune.ts';
import type { StoreTask, StoreTaskResult } from '#terminal/agent/store/store-tasks.ts';
import type { Troubles } from '#terminal/agent/troubles.ts';

/** Looks after the till's file while the shop sells: room, clock, backups, the nightly check, pruning. */
export interface StoreKeeper {
  readonly start: () => void;
  /** Lets a task in hand end. */
  readonly stop: () => Promise<void>;
}

export interface StoreKeeperDeps {
  readonly journal: Journal;
  readonly dataDir: string;
  readonly backupFolder: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly troubles: Troubles;
  /** The cloud's time; undefined before the first contact of this run. */
  readonly cloudNowMs: () => number | undefined;
  /** Does the heavy work beside the till; without it there are no backups and no nightly check. */
  readonly runTask: ((task: StoreTask) => Promise<StoreTaskResult>) | undefined;
}

export const keepPauseMs = 60_000;
/** At most so many batches a round: 20,000 entries an hour go, many times what a shop writes. */
const pruneBatchesMax = 2;

const KeptSchema = Type.Object({
  backupAtMs: Type.Optional(Type.Integer()),
  backupPosition: Type.Optional(Type.Integer()),
  checkAtMs: Type.Optional(Type.Integer()),
  damage: Type.Optional(Type.String()),
});
const keptValidator = Compile(KeptSchema);

export function createStoreKeeper(deps: StoreKeeperDeps): StoreKeeper {
  const { journal, timers, troubles } = deps;
  const watchClock = createClockWatch(deps);
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let stopped = true;

  const watch = (): void => {
    troubles.note('disk', judgeRoom(journal.diskFreeBytes()));
    troubles.note('clock', watchClock());
    journal.makeBallast();
  };
  const round = (): void => {
    if (stopped) return;
    watch();
    running = keep(deps).finally(() => {
      running = undefined;
      if (!stopped) cancel = timers.after(keepPauseMs, round);
    });
  };

  return {
    start: () => {
      stopped = false;
      troubles.note('store', journal.trouble());
      journal.onTrouble((code) => troubles.note('store', code));
      if (readKept(journal).damage !== undefined) troubles.note('store-check', 'store-damaged');
      watch();
      cancel = timers.after(keepPauseMs, round);
    },
    stop: async () => {
      stopped = true;
      cancel?.();
      await running;
    },
  };
}

/** One round: what is due, one after the other, then a little pruning. */
async function keep(deps: StoreKeeperDeps): Promise<void> {
  const { journal, clock } = deps;
  const { position } = journal.head();
  const nowMs = clock.nowMs();
  for (const task of dueTasks({ kept: readKept(journal), nowMs, position })) {
    if (!deps.runTask) break;
    const { dataDir, backupFolder: folder } = deps;
    const result = await deps.runTask(
      task === 'backup' ? { type: 'backup', dataDir, folder, nowMs } : { type: 'check', dataDir },
    );
    takeResult(deps, { task, result, position });
  }
  for (let batch = 0; batch < pruneBatchesMax; batch += 1)
    if (pruneOnce(journal, { nowMs }) === 0) return;
}

/** Notes what came of a task, for people and for the next round. A failed one is tried again in the next round. */
function takeResult(
  { journal, clock, troubles }: StoreKeeperDeps,
  done: {
    readonly task: 'backup' | 'check';
    readonly result: StoreTaskResult;
    readonly position: number;
  },
): void {
  const { task, result } = done;
  const kept = readKept(journal);
  const nowMs = clock.nowMs();
  if (task === 'backup')
    troubles.note('store-backup', result.type === 'backed-up' ? undefined : 'store-backup-failed');
  switch (result.type) {
    case 'backed-up':
      return writeKept(journal, { ...kept, backupAtMs: nowMs, backupPosition: done.position });
    case 'checked': {
      const { damage: _healed, ...well } = kept;
      troubles.note('store-check', undefined);
      return writeKept(journal, { ...well, checkAtMs: nowMs });
    }
    case 'damaged':
      troubles.note('store-check', 'store-damaged');
      return writeKept(journal, { ...kept, checkAtMs: nowMs, damage: result.detail });
    case 'failed':
      return undefined;
    default:
      return exhaustive(result);
  }
}

function readKept(journal: Journal): Kept & Static<typeof KeptSchema> {
  try {
    const value: unknown = JSON.parse(getMeta(journal.read, 'store-keeping') ?? '{}');
    return keptValidator.Check(value) ? value : {};
  } catch {
    return {};
  }
}

const writeKept = (journal: Journal, kept: Kept): void => {
  journal.append([], (tx) => setMeta(tx, 'store-keeping', JSON.stringify(kept)));
};

/** Says whether the machine's clock is wrong, and remembers how it stood to the steady clock at the start. */
function createClockWatch({ journal, clock, cloudNowMs }: StoreKeeperDeps) {
  const aheadAtStartMs = clock.nowMs() - clock.monotonicMs();
  return () => {
    const last = parseHlc(lastEntry(journal.read)?.hlc ?? '');
    return judgeClock({
      nowMs: clock.nowMs(),
      cloudMs: cloudNowMs(),
      journalMs: last === undefined ? 0 : hlcMs(last),
      jumpMs: clock.nowMs() - clock.monotonicMs() - aheadAtStartMs,
    });
  };
}
