import type { Channel } from '#cloud/channel/channel.ts';
import type { MovedOutcome } from '#cloud/channel/channel-money.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { Logger } from '#cloud/platform/logger.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import {
  learnInstruction,
  type InstructionOutcome,
  type InstructionProgress,
} from '#cloud/settlement/instructions/instruction-machine.ts';
import {
  beginLeaving,
  leaseLeaving,
  markLeaving,
  saveLeaving,
  unwantedReceivers,
  type KeptReceiver,
} from '#cloud/settlement/instructions/receiver-store.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Clock } from '#shared/time/clock.ts';

interface ReceiverDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly operatorId: OperatorId;
  readonly channels: ReadonlyMap<string, Channel>;
}

/** Receivers one step begins to remove, and asks about. */
const receiversPerStepMax = 16;
/** Longer than any call may take: after that the worker that took a removal is presumed dead. */
const removalLeaseMs = 60_000;
/** Nobody waits for it. */
const idleMs = 60_000;

/** Takes receivers off at the channels whose shares have come to an end. Any number of nodes may run it. */
export const startReceiverWorker = (deps: ReceiverDeps): WorkerLoop =>
  startWorkerLoop({
    name: 'split-receivers',
    idleMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: () => removeReceiversOnce(deps),
  });

/**
 * Begins with receivers that nobody's shares go to any more, and takes the next step of every
 * removal that is due. Only the channel's own word ends one; until then the same request is sent
 * again, which is the question as well: there is no query of receivers. Returns how many it asked
 * about.
 */
export async function removeReceiversOnce(deps: ReceiverDeps): Promise<number> {
  const { db, clock, operatorId } = deps;
  const countMax = receiversPerStepMax;
  for (const key of await unwantedReceivers(db, { operatorId, countMax }))
    if (deps.channels.get(key.channel)?.splits !== undefined)
      await retriedTransaction(db, (tx) =>
        beginLeaving(tx, key, { from: 'bound', nowMs: clock.nowMs() }),
      );
  const lease = { nowMs: clock.nowMs(), leaseMs: removalLeaseMs, countMax };
  const due = await leaseLeaving(db, { operatorId, ...lease });
  const settled = await Promise.allSettled(due.map((one) => remove(deps, one)));
  const failed = settled.find((one) => one.status === 'rejected');
  // One that cannot be stored must not hold up the others; the lease brings it back.
  if (failed !== undefined) throw failed.reason;
  return due.length;
}

async function remove(deps: ReceiverDeps, receiver: KeptReceiver): Promise<void> {
  const desk = deps.channels.get(receiver.channel)?.splits;
  if (desk === undefined) return;
  const { channelMerchantNo, account, round } = receiver;
  const callNo = await retriedTransaction(deps.db, (tx) =>
    markLeaving(tx, receiver, deps.clock.nowMs()),
  );
  if (callNo === undefined) return;
  const relation = { channelMerchantNo, type: 'merchant', account, round } as const;
  const { outcome, evidence } = await desk.removeReceiver(relation);
  const nowMs = deps.clock.nowMs();
  const before: InstructionProgress = {
    state: 'open',
    sends: receiver.sends + 1,
    fruitlessTries: receiver.fruitlessTries,
    ...(receiver.refusedCode === undefined ? {} : { refusedCode: receiver.refusedCode }),
  };
  const heard = { from: 'send', outcome: wordOf(outcome), nowMs } as const;
  const progress = learnInstruction(before, { ...heard, hasQuery: false, mayRepeat: true });
  const word = 'code' in outcome ? `${outcome.type} ${outcome.code}` : outcome.type;
  await retriedTransaction(deps.db, (tx) =>
    saveLeaving(tx, receiver, { callNo, evidence, outcome: word, progress, nowMs }),
  );
  if (progress.state === 'failed')
    deps.logger.error(
      { channel: receiver.channel, channelMerchantNo, code: progress.code },
      'a channel refused for good to take a receiver off',
    );
}

/** That there is no such relation is what was wanted, whoever ended it. */
function wordOf(outcome: MovedOutcome): InstructionOutcome {
  switch (outcome.type) {
    case 'done':
      return { type: 'moved', ref: outcome.ref };
    case 'not-known':
      return { type: 'moved', ref: outcome.code };
    case 'declined':
      return { type: 'refused', code: outcome.code };
    case 'processing':
      return { type: 'processing' };
    case 'unknown':
      return outcome;
    default:
      return exhaustive(outcome);
  }
}
