import type { Timers } from '#drivers/core/timers.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { batchEntriesMax, BatchAnswerSchema } from '#shared/wire/v1/journal.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { getMetaNumber, setMeta } from '#terminal/agent/journal/meta.ts';
import { backOffMs } from '#terminal/agent/uplink/back-off.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import { cutBatch, type OutgoingBatch } from '#terminal/agent/uplink/cut-batch.ts';
import { addSetAside, orderOfEntry } from '#terminal/agent/uplink/set-aside.ts';
import { giveUpEpoch } from '#terminal/agent/uplink/undelivered.ts';
import {
  batchesInFlightMax,
  judgeRound,
  planAfter,
  type RoundOutcome,
  type SentBatch,
} from '#terminal/agent/uplink/uplink-machine.ts';

/** Sends the journal to the cloud, in order, for ever. Its clock is its own: a new sale never delays it nor waits. */
export interface Uplink {
  /** New entries: send now, whatever the back-off says, unless the cloud named a time. */
  readonly wake: () => void;
  /** The line came back: what failed before says nothing about now, so the back-off starts over. */
  readonly lineUp: () => void;
  /** What the cloud refused before may be taken now: send at once, even if it was to wait. */
  readonly retryNow: () => void;
  readonly stop: () => Promise<void>;
}

export interface UplinkDeps {
  readonly journal: Journal;
  readonly cloud: CloudClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly isReady: () => boolean;
  /** The cloud refuses what comes next, with this code; undefined when it takes entries again. */
  readonly onTrouble: (code: ErrorCode | undefined) => void;
}

/** Position up to which the uplink is done. */
export const ackedPosition = (journal: Pick<Journal, 'read'>): number =>
  getMetaNumber(journal.read, 'acked-position');

export function createUplink(deps: UplinkDeps): Uplink {
  const pause = createRetryPause(deps);
  let running: Promise<void> | undefined;
  let stopped = false;
  let woken = false;
  let entriesMax = batchEntriesMax;

  const drain = async (): Promise<void> => {
    const window = createSendWindow(deps);
    for (;;) {
      if (stopped || !deps.isReady()) {
        // Returns without a pause, so that a wake-up cannot fall between the look and the end.
        if (window.isEmpty()) return;
        await window.abandon();
        continue;
      }
      woken = false;
      window.fill(entriesMax);
      if (window.isEmpty()) {
        pause.reset();
        if (woken) continue;
        return;
      }
      const answers = await window.answered();
      const outcome = judgeRound(ackedPosition(deps.journal), answers);
      // What travels behind a batch that was not wholly taken was cut for a cloud that has it: it is cut again.
      if (outcome.next.type !== 'go-on' || outcome.ackedPosition !== lastPositionOf(answers))
        await window.abandon();
      if (!keepOutcome(deps, outcome)) return pause.begin(0, run);
      const plan = planAfter(outcome, entriesMax);
      entriesMax = plan.entriesMax;
      if (plan.trouble) deps.onTrouble(plan.trouble.code);
      if (plan.pauseMs !== undefined) return pause.begin(plan.pauseMs, run);
      if (outcome.next.type !== 'smaller') pause.reset();
    }
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
      if (pause.isOrdered()) return;
      pause.cancel();
      run();
    },
    lineUp: () => {
      woken = true;
      pause.forgetFailures();
      if (pause.isOrdered()) return;
      pause.cancel();
      run();
    },
    retryNow: () => {
      woken = true;
      pause.reset();
      run();
    },
    stop: async () => {
      stopped = true;
      pause.cancel();
      await running;
    },
  };
}

type Answered = Parameters<typeof judgeRound>[1][number];

interface InFlight {
  readonly batch: SentBatch;
  readonly answering: Promise<Answered>;
  answered?: Answered;
}

const lastPositionOf = (answers: readonly Answered[]): number | undefined =>
  answers.at(-1)?.batch.lastPosition;

/**
 * The batches on their way, at most {@link batchesInFlightMax}, in journal order: as soon as the oldest is answered
 * the next one leaves, so that till and cloud work at the same time.
 */
function createSendWindow({ journal, cloud }: UplinkDeps) {
  let inFlight: readonly InFlight[] = [];
  const send = async (batch: OutgoingBatch): Promise<Answered> => ({
    batch,
    answer: await cloud.call({
      method: 'POST',
      path: '/v1/journal/batches',
      bodyJson: batch.json,
      answer: BatchAnswerSchema,
    }),
  });
  const push = (batch: OutgoingBatch): void => {
    const travelling: InFlight = { batch, answering: send(batch) };
    void travelling.answering.then((answered) => (travelling.answered = answered));
    inFlight = [...inFlight, travelling];
  };
  return {
    isEmpty: (): boolean => inFlight.length === 0,
    /** Sends what comes next in the journal until the window is full. */
    fill: (entriesMax: number): void => {
      while (inFlight.length < batchesInFlightMax) {
        const position = inFlight.at(-1)?.batch.lastPosition ?? ackedPosition(journal);
        const batch = cutBatch(journal.read, { position, entriesMax });
        if (!batch) return;
        push(batch);
      }
    },
    /** Takes the oldest batch out when its answer is there, with those right behind it that are answered too. */
    answered: async (): Promise<readonly Answered[]> => {
      await inFlight[0]?.answering;
      const waiting = inFlight.findIndex((one) => one.answered === undefined);
      const count = waiting === -1 ? inFlight.length : waiting;
      const answers = inFlight.slice(0, count).flatMap((one) => one.answered ?? []);
      inFlight = inFlight.slice(count);
      return answers;
    },
    /** Waits for what travels and does not look at it: it is sent again, and the cloud knows what it has. */
    abandon: async (): Promise<void> => {
      await Promise.all(inFlight.map((one) => one.answering));
      inFlight = [];
    },
  };
}

/** Writes down what the round brought. False when the disk refused: the same round comes again later. */
function keepOutcome({ journal, clock }: UplinkDeps, outcome: RoundOutcome): boolean {
  const { next } = outcome;
  const sinceMs = clock.nowMs();
  const refused = next.type === 'epoch-refused' ? next : undefined;
  // The new epoch first: a stop in between repeats the refusal, it never lets a sale fall into the refused part.
  if (refused?.epoch === journal.head().epoch && !journal.beginEpoch('salvaged').ok) return false;
  return journal.append([], (tx) => {
    setMeta(tx, 'acked-position', String(outcome.ackedPosition));
    addSetAside(
      tx,
      outcome.parked.map((one) => ({ orderId: orderOfEntry(tx, one), code: one.code, sinceMs })),
    );
    if (!refused) return;
    addSetAside(tx, [{ orderId: '', code: refused.code, sinceMs }]);
    giveUpEpoch(tx, { ...refused, sinceMs });
  }).ok;
}

/** The time until the next try: grows with failures, gives way to news unless the cloud named it. */
function createRetryPause({
  clock,
  random,
  timers,
}: Pick<UplinkDeps, 'clock' | 'random' | 'timers'>) {
  let failures = 0;
  let notBeforeMs = 0;
  let cancel: (() => void) | undefined;
  return {
    begin: (atLeastMs: number, run: () => void): void => {
      failures += 1;
      notBeforeMs = clock.monotonicMs() + atLeastMs;
      cancel?.();
      cancel = timers.after(Math.max(atLeastMs, backOffMs(failures, random.unit())), run);
    },
    /** Is this a pause that the cloud asked for, or that a refusal demands? */
    isOrdered: (): boolean => clock.monotonicMs() < notBeforeMs,
    cancel: (): void => cancel?.(),
    forgetFailures: (): void => {
      failures = 0;
    },
    reset: (): void => {
      failures = 0;
      notBeforeMs = 0;
      cancel?.();
    },
  };
}
