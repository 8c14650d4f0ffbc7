import type { IntakePressure } from '#cloud/journal/projection/intake-pressure.ts';
import {
  projectionLimits,
  projectOnce,
  projectStreams,
  type ProjectionDeps,
} from '#cloud/journal/projection/project-journal.ts';
import {
  advanceStreams,
  lockStreams,
  noteFailure,
  parkRefusals,
  projectionLag,
  readEntries,
  saveEntries,
  type LockedStream,
} from '#cloud/journal/projection/projection-store.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { isTransient } from '#cloud/platform/database-error.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';

const idleMs = 200;
/** From this many failures on, a stream goes one entry at a time, so that one bad entry stands alone. */
const failuresUntilSingle = 2;
/** And then the entry that still throws is parked: it must not block the journal for ever. */
const failuresUntilParked = 6;
const restBaseMs = 250;
const restMsMax = 60_000;

/** Keeps orders and effects up with the inbox. Wake it when a batch was taken; it stands back under `pressure`. */
export function startProjection(
  deps: ProjectionDeps & { readonly pressure: IntakePressure },
): WorkerLoop {
  return startWorkerLoop({
    name: 'projection',
    idleMs,
    logger: deps.logger,
    scope: { type: 'across', work: 'projection' },
    step: async () => (deps.pressure.isHigh() ? 0 : projectStep(deps)),
  });
}

/** One step of the worker: all waiting streams together; when that throws, each alone. Returns entries consumed. */
export async function projectStep(deps: ProjectionDeps): Promise<number> {
  try {
    const consumed = await projectOnce(deps);
    deps.metrics.projectionLagEntries.set(consumed === 0 ? 0 : await projectionLag(deps.db));
    return consumed;
  } catch (error) {
    if (isTransient(error)) throw error;
    deps.logger.error({ err: error }, 'projection step failed; trying each journal alone');
  }
  const nowMs = deps.clock.nowMs();
  const limit = projectionLimits.streamsMax;
  const streams = await deps.db.transaction((tx) => lockStreams(tx, { limit, nowMs }));
  let consumed = 0;
  for (const stream of streams) consumed += await projectAlone(deps, stream);
  return consumed;
}

async function projectAlone(deps: ProjectionDeps, waiting: LockedStream): Promise<number> {
  const { terminalId, failures } = waiting;
  const single = failures >= failuresUntilSingle;
  const entriesMax = single ? 1 : projectionLimits.entriesMax;
  try {
    return await withStream(deps, waiting, (tx, stream) =>
      projectStreams({ deps, tx, streams: [stream], entriesMax }),
    );
  } catch (error) {
    if (isTransient(error)) throw error;
    deps.logger.error({ err: error, terminalId, failures }, 'a journal could not be projected');
    if (single && failures >= failuresUntilParked) {
      return withStream(deps, waiting, (tx, stream) => parkNext({ deps, tx, stream, error }));
    }
    const restMs = Math.min(restMsMax, restBaseMs * 2 ** failures);
    await noteFailure(deps.db, waiting, { retryAtMs: deps.clock.nowMs() + restMs });
    return 0;
  }
}

/** Runs `work` with the stream locked and its cursor read anew; 0 when another node has it now. */
async function withStream(
  deps: ProjectionDeps,
  waiting: LockedStream,
  work: (tx: Tx, stream: LockedStream) => Promise<number>,
): Promise<number> {
  return deps.db.transaction(async (tx) => {
    const nowMs = deps.clock.nowMs();
    const [stream] = await lockStreams(tx, { limit: 1, nowMs, only: waiting });
    return stream === undefined ? 0 : work(tx, stream);
  });
}

const detailCharsMax = 200;

/** Parks the next entry of a stream unfolded and goes past it. */
async function parkNext(options: {
  readonly deps: ProjectionDeps;
  readonly tx: Tx;
  readonly stream: LockedStream;
  readonly error: unknown;
}): Promise<number> {
  const { deps, tx, stream } = options;
  const code = 'entry-not-bookable' as const;
  const detail = String(options.error).slice(0, detailCharsMax);
  const read = await readEntries(tx, [stream], 1);
  await parkRefusals(
    tx,
    read.map((entry) => ({ entry, code, detail })),
    deps.clock.nowMs(),
  );
  await saveEntries(tx, read);
  await advanceStreams(tx, read);
  deps.metrics.journalParked.inc({ code });
  return read.length;
}
