import type { Timers } from '#drivers/core/timers.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { batchEntriesMax, BatchAnswerSchema } from '#shared/wire/v1/journal.ts';
import { entriesAfter, entryAt } from '#terminal/agent/journal/entry-rows.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { getMetaNumber, setMeta } from '#terminal/agent/journal/meta.ts';
import { backOffMs } from '#terminal/agent/uplink/back-off.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import { addSetAside, orderOfEntry } from '#terminal/agent/uplink/set-aside.ts';
import {
  batchesInFlightMax,
  cutBatches,
  judgeRound,
  type RoundOutcome,
} from '#terminal/agent/uplink/uplink-machine.ts';

/** Sends the journal to the cloud, in order, for ever. Its clock is its own: a new sale never delays it nor waits. */
export interface Uplink {
  /** New entries, or the line came back: send now, whatever the back-off says. */
  readonly wake: () => void;
  readonly stop: () => Promise<void>;
}

export interface UplinkDeps {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly isReady: () => boolean;
}

/** Position up to which the cloud has everything. */
export const ackedPosition = (journal: Pick<Journal, 'read'>): number =>
  getMetaNumber(journal.read, 'acked-position');

export function createUplink(deps: UplinkDeps): Uplink {
  const { journal, cloud } = deps;
  let running: Promise<void> | undefined;
  let stopped = false;
  let woken = false;
  let failures = 0;
  let notBeforeMs = 0;
  let entriesMax = batchEntriesMax;
  let cancel: (() => void) | undefined;

  const drain = async (): Promise<void> => {
    for (;;) {
      if (stopped || !deps.isReady()) return;
      woken = false;
      const acked = ackedPosition(journal);
      const entries = entriesAfter(journal.read, {
        position: acked,
        limit: batchesInFlightMax * entriesMax,
      });
      const first = entries[0];
      if (!first) {
        failures = 0;
        if (woken) continue;
        return;
      }
      const before = first.seq === 1 ? undefined : entryAt(journal.read, first.position - 1)?.hash;
      const batches = cutBatches(entries, { before, entriesMax });
      const answers = await Promise.all(
        batches.map(async (batch) => ({
          batch,
          answer: await cloud.call({
            method: 'POST',
            path: '/v1/journal/batches',
            body: batch.wire,
            answer: BatchAnswerSchema,
          }),
        })),
      );
      const outcome = judgeRound(acked, answers);
      if (!settle(outcome)) return;
    }
  };

  /** Keeps what the round brought; answers whether to go on at once. */
  const settle = (outcome: RoundOutcome): boolean => {
    const { next } = outcome;
    const sinceMs = deps.clock.nowMs();
    const kept = journal.append([], (tx) => {
      setMeta(tx, 'acked-position', String(outcome.ackedPosition));
      addSetAside(tx, [
        ...outcome.parked.map((one) => ({
          orderId: orderOfEntry(tx, one),
          code: one.code,
          sinceMs,
        })),
        ...(next.type === 'epoch-refused' ? [{ orderId: '', code: next.code, sinceMs }] : []),
      ]);
    });
    if (!kept.ok) return rest(0);
    switch (next.type) {
      case 'go-on':
        failures = 0;
        return true;
      case 'epoch-refused':
        if (journal.head().epoch === next.epoch) journal.beginEpoch('salvaged');
        return true;
      case 'smaller':
        if (entriesMax === 1) return rest(0);
        entriesMax = Math.max(1, entriesMax >> 1);
        return true;
      case 'wait':
        return rest(next.atLeastMs);
    }
  };

  const rest = (atLeastMs: number): false => {
    failures += 1;
    const pauseMs = Math.max(atLeastMs, backOffMs(failures, deps.random.unit()));
    notBeforeMs = deps.clock.monotonicMs() + atLeastMs;
    cancel?.();
    cancel = deps.timers.after(pauseMs, run);
    return false;
  };

  const run = (): void => {
    if (stopped || running) return;
    running = drain().finally(() => {
      running = undefined;
    });
  };

  return {
    wake: () => {
      woken = true;
      // The back-off gives way to news; a time that the cloud asked for does not.
      if (deps.clock.monotonicMs() < notBeforeMs) return;
      cancel?.();
      run();
    },
    stop: async () => {
      stopped = true;
      cancel?.();
      await running;
    },
  };
}
