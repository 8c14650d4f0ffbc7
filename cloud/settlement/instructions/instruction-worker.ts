import { sql } from 'drizzle-orm';
import type { Channel } from '#cloud/channel/channel.ts';
import { agentOfPayout } from '#cloud/commissions/commission-payouts.ts';
import { openPayeeVault, type PayeeVault } from '#cloud/commissions/payee-vault.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { Logger } from '#cloud/platform/logger.ts';
import { startWorkerLoop, type WorkerLoop } from '#cloud/platform/worker-loop.ts';
import {
  askChannel,
  hasQuery,
  mayRepeat,
  type Asked,
} from '#cloud/settlement/instructions/ask-channel.ts';
import {
  askAgainMs,
  learnInstruction,
  type InstructionProgress,
} from '#cloud/settlement/instructions/instruction-machine.ts';
import {
  endInBooks,
  endUnsent,
  leaseDueInstructions,
  lockInstruction,
  markSending,
  putOff,
  recordInstructionAnswer,
  recordInstructionCall,
  saveInstruction,
  type KeptInstruction,
} from '#cloud/settlement/instructions/instruction-store.ts';
import { amountToday, replaceUnsent } from '#cloud/settlement/instructions/replace-unsent.ts';
import { ensureReceiver } from '#cloud/settlement/instructions/split-receivers.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';

export interface InstructionDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly operatorId: OperatorId;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly payees: PayeeVault;
}

/** Instructions one worker takes at a time. */
export const instructionsPerStepMax = 16;
const idleMs = 1_000;
/** Longer than any call may take: after that the worker that took an instruction is presumed dead. */
export const instructionLeaseMs = 60_000;

/** Sends instructions after the commit that made them, and asks until each is definite. Any number of nodes may run it. */
export const startInstructionWorker = (
  parts: Omit<InstructionDeps, 'payees'> & Pick<CloudDeps, 'config' | 'random'>,
): WorkerLoop => {
  const deps = { ...parts, payees: openPayeeVault(parts) };
  return startWorkerLoop({
    name: 'instructions',
    idleMs,
    logger: deps.logger,
    scope: { type: 'operator', operatorId: deps.operatorId },
    step: () => runInstructionsOnce(deps),
  });
};

/** Takes the next step of every instruction that is due now, at most {@link instructionsPerStepMax}. Returns how many. */
export async function runInstructionsOnce(deps: InstructionDeps): Promise<number> {
  const due = await leaseDueInstructions(deps.db, {
    operatorId: deps.operatorId,
    nowMs: deps.clock.nowMs(),
    leaseMs: instructionLeaseMs,
    countMax: instructionsPerStepMax,
  });
  const settled = await Promise.allSettled(due.map((one) => takeInstructionStep(deps, one)));
  const failed = settled.find((one) => one.status === 'rejected');
  // One instruction that cannot be stored must not hold up the others; the lease brings it back.
  if (failed !== undefined) throw failed.reason;
  return due.length;
}

/** The next step of one instruction that this worker has leased. */
export async function takeInstructionStep(
  deps: InstructionDeps,
  instruction: KeptInstruction,
): Promise<void> {
  const channel = deps.channels.get(instruction.channel);
  if (channel === undefined) {
    deps.logger.error(
      { channel: instruction.channel, instructionNo: instruction.instructionNo },
      'no adapter for a channel that holds money to be settled',
    );
    return;
  }
  if (instruction.state === 'ready' && instruction.kind === 'concession') {
    const bound = await ensureReceiver(deps, channel, instruction);
    if (bound.type === 'refused') return fail(deps, instruction, `receiver-${bound.code}`);
    if (bound.type === 'unknown') {
      const { fruitlessTries } = instruction;
      const waitMs = askAgainMs[Math.min(fruitlessTries, askAgainMs.length - 1)] ?? 0;
      const untilMs = deps.clock.nowMs() + waitMs;
      const wait = { untilMs, code: `receiver-${bound.code}` };
      await deps.db.transaction((tx) => putOff(tx, instruction, wait));
      return;
    }
  }
  const step = instruction.state === 'ready' ? 'send' : instruction.nextStep;
  const addressed = await withPayee(deps, instruction);
  if (addressed === undefined) return fail(deps, instruction, 'payee-unreadable');
  const callNo = await prepare(deps, instruction, step);
  if (callNo === undefined) return;
  const asked = await askChannel(channel, addressed, step);
  if (asked === undefined) {
    deps.logger.error(
      { instructionNo: instruction.instructionNo },
      'the channel lacks the ability',
    );
    return;
  }
  await conclude(deps, instruction, { step, callNo, asked });
}

/** A payout's receiver is stored sealed and opened for the call alone. Undefined: nobody can read it. */
async function withPayee(
  { db, payees, logger }: InstructionDeps,
  instruction: KeptInstruction,
): Promise<KeptInstruction | undefined> {
  if (instruction.kind !== 'payout') return instruction;
  const agentId = await agentOfPayout(db, instruction);
  const opened = agentId === undefined ? undefined : payees.open(instruction.payee, agentId);
  if (opened?.ok !== true) {
    logger.error({ instructionNo: instruction.instructionNo }, 'a payee that cannot be read');
    return undefined;
  }
  const { account: payee, name: payeeName } = opened.value;
  return { ...instruction, payee, payeeName };
}

/** Writes that the bytes may leave now. Undefined when they must not: it is not due any more, or not with this amount. */
async function prepare(
  deps: InstructionDeps,
  instruction: KeptInstruction,
  step: 'send' | 'query',
): Promise<number | undefined> {
  return await retriedTransaction(deps.db, async (tx) => {
    const nowMs = deps.clock.nowMs();
    const isHeldUp = await isRefunding(tx, instruction);
    const now = await lockInstruction(tx, instruction);
    if (now === undefined || now.state !== instruction.state || now.sends !== instruction.sends)
      return undefined;
    if (now.state === 'ready') {
      if (isHeldUp) return undefined;
      if (await isPointless(tx, now)) {
        await replaceUnsent(tx, now, { wantedFen: 0, nowMs });
        return undefined;
      }
      const wantedFen = await amountToday(tx, now);
      if (wantedFen !== now.amountFen) {
        await replaceUnsent(tx, now, { wantedFen, nowMs });
        return undefined;
      }
    }
    if (step === 'send') {
      const askStep = hasQuery(now) ? 'query' : 'send';
      await markSending(tx, now, { askStep, askAtMs: nowMs + instructionLeaseMs, nowMs });
    }
    return await recordInstructionCall(tx, now, { kind: step, nowMs });
  });
}

/**
 * Was a refund of the order asked for since this was taken? Both hold the line, so whoever comes second sees the other:
 * a share never leaves beside a refund that counts on it being there.
 */
async function isRefunding(tx: Tx, instruction: KeptInstruction): Promise<boolean> {
  const { operatorId, merchantId, orderId, state, ofInstructionNo } = instruction;
  if (state !== 'ready' || orderId === undefined || ofInstructionNo !== '') return false;
  await tx.execute(sql`
    select from settlement_line where operator_id = ${operatorId} and merchant_id = ${merchantId}
       and order_id = ${orderId} for share`);
  const { rows } = await tx.execute(sql`
    select from order_refund where operator_id = ${operatorId} and merchant_id = ${merchantId}
       and order_id = ${orderId} and status in ('refunding', 'booking')`);
  return rows.length > 0;
}

/** A return of what the channel refused to give in the end: nothing is there to come back. */
async function isPointless(tx: Tx, instruction: KeptInstruction): Promise<boolean> {
  const { operatorId, ofInstructionNo } = instruction;
  if (ofInstructionNo === '') return false;
  const { rows } = await tx.execute(sql`
    select from channel_instruction where operator_id = ${operatorId}
       and instruction_no = ${ofInstructionNo} and state in ('failed', 'cancelled')`);
  return rows.length > 0;
}

/** Ends an instruction of which no byte has left, by a refusal that came before it. */
async function fail(
  deps: InstructionDeps,
  instruction: KeptInstruction,
  code: string,
): Promise<void> {
  await retriedTransaction(deps.db, async (tx) => {
    const nowMs = deps.clock.nowMs();
    const now = await lockInstruction(tx, instruction);
    if (now?.state !== 'ready') return;
    await endUnsent(tx, now, { state: 'failed', code, replacedBy: undefined, nowMs });
    await endInLedger(tx, now, { progress: { ...progressOf(now), state: 'failed', code }, nowMs });
  });
}

async function conclude(
  deps: InstructionDeps,
  instruction: KeptInstruction,
  call: { readonly step: 'send' | 'query'; readonly callNo: number; readonly asked: Asked },
): Promise<void> {
  const { outcome, evidence } = call.asked;
  const progress = await retriedTransaction(deps.db, async (tx) => {
    const nowMs = deps.clock.nowMs();
    const key = { ...instruction, callNo: call.callNo };
    const now = await lockInstruction(tx, instruction);
    await recordInstructionAnswer(tx, key, {
      evidence,
      outcome: 'code' in outcome ? `${outcome.type} ${outcome.code}` : outcome.type,
      nowMs,
    });
    // Another worker heard a definite answer while this one waited: what is over stays over.
    if (now?.state !== 'open') {
      if (now?.state === 'failed' && outcome.type === 'moved')
        deps.logger.error(
          { instructionNo: now.instructionNo, code: now.code },
          'the channel moved what was given up: it may be paid twice',
        );
      return undefined;
    }
    const learned = learnInstruction(progressOf(now), {
      from: call.step,
      outcome,
      nowMs,
      hasQuery: hasQuery(now),
      mayRepeat: mayRepeat(now),
    });
    await saveInstruction(tx, now, { progress: learned, nowMs });
    await endInLedger(tx, now, { progress: learned, nowMs });
    return learned;
  });
  if (progress?.state === 'failed')
    deps.logger.error(
      { instructionNo: instruction.instructionNo, kind: instruction.kind, code: progress.code },
      'a channel refused an instruction for good',
    );
}

const progressOf = (now: KeptInstruction): InstructionProgress => ({
  state: 'open',
  sends: now.sends,
  fruitlessTries: now.fruitlessTries,
  ...(now.refusedCode === undefined ? {} : { refusedCode: now.refusedCode }),
  ...(now.code === undefined ? {} : { code: now.code }),
});

const evidenceCharsMax = 200;
/** The books want a word in any case. */
const evidenceText = (word = '-'): string => word.slice(0, evidenceCharsMax) || '-';

/** A refund that waits for this share to be definite goes on at once: somebody stands at the counter. */
async function wakeRefund(
  tx: Tx,
  { kind, operatorId, merchantId, orderId }: KeptInstruction,
  nowMs: number,
): Promise<void> {
  if ((kind !== 'split-return' && kind !== 'same-day') || orderId === undefined) return;
  await tx.execute(sql`
    update order_refund set next_at_ms = ${nowMs}, lease_until_ms = 0
     where operator_id = ${operatorId} and merchant_id = ${merchantId} and order_id = ${orderId}
       and status = 'refunding' and code = 'refund-waits-for-share' and next_at_ms > ${nowMs}`);
}

async function endInLedger(
  tx: Tx,
  instruction: KeptInstruction,
  { progress, nowMs }: { readonly progress: InstructionProgress; readonly nowMs: number },
): Promise<void> {
  if (progress.state === 'open') return;
  await wakeRefund(tx, instruction, nowMs);
  const answer =
    progress.state === 'done'
      ? ({ type: 'succeeded', channelRef: evidenceText(progress.ref) } as const)
      : ({ type: 'failed', code: evidenceText(progress.code) } as const);
  const end = { answer, endedAtMs: nowMs };
  getOrThrow(await endInBooks(tx, instruction, end));
}
