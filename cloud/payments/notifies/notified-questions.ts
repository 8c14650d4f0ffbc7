import { sql } from 'drizzle-orm';
import { findAttempt } from '#cloud/payments/attempt-store.ts';
import { callChannel } from '#cloud/payments/call-channel.ts';
import {
  saveVerdict,
  takeDueQuestions,
  type DueQuestion,
  type NotifyVerdict,
} from '#cloud/payments/notifies/notify-store.ts';
import type { PaymentDeps } from '#cloud/payments/payment-deps.ts';

/**
 * From one question to the next while the channel gives no clear answer; after the last one people
 * look.
 */
export const questionPausesMs: readonly number[] = [60_000, 900_000, 6 * 3_600_000, 86_400_000];
const questionsPerStepMax = 16;

/**
 * A notify told of money for an attempt that had ended without: the channel is asked. When it says
 * paid, the payment machine gives the money back; when it says the opposite, the notify was older
 * than the end. Returns how many it asked.
 */
export async function askNotifiedOnce(deps: PaymentDeps): Promise<number> {
  const due = await takeDueQuestions(deps.db, {
    nowMs: deps.clock.nowMs(),
    pauseMs: questionPausesMs[0] ?? 0,
    countMax: questionsPerStepMax,
  });
  const settled = await Promise.allSettled(due.map((question) => ask(deps, question)));
  const failed = settled.find((one) => one.status === 'rejected');
  // One that cannot be asked must not hold up the others; the loop logs it, and the pause brings it
  // back.
  if (failed !== undefined) throw failed.reason;
  return due.length;
}

async function ask(deps: PaymentDeps, question: DueQuestion): Promise<void> {
  const verdict = await answerOf(deps, question);
  await deps.db.transaction((tx) => saveVerdict(tx, question, { verdict }));
}

async function answerOf(deps: PaymentDeps, question: DueQuestion): Promise<NotifyVerdict> {
  const before = await findAttempt(deps.db, question);
  const isEnded = before?.progress.status === 'failed' || before?.progress.status === 'reversed';
  if (before === undefined || !isEnded) return { type: 'taken' };
  const after = await callChannel(deps, before, { type: 'query' });
  if (after !== undefined && after.progress.status !== before.progress.status)
    return { type: 'taken' };
  if (await saysGone(deps, question)) return { type: 'no-news' };
  const pauseMs = questionPausesMs[question.asks];
  return pauseMs === undefined
    ? { type: 'finding', finding: 'not-confirmed' }
    : { type: 'asking', askAtMs: deps.clock.nowMs() + pauseMs };
}

/** Did the last verified answer say that no money of this order is there any more? */
async function saysGone({ db }: PaymentDeps, key: DueQuestion): Promise<boolean> {
  const { rows } = await db.execute<{ outcome: string | null; signature: string | null }>(sql`
    select outcome, signature from payment_call
     where operator_id = ${key.operatorId} and order_id = ${key.orderId}
       and attempt = ${key.attempt} order by call_no desc limit 1`);
  const [last] = rows;
  const isGone = last?.outcome === 'closed' || last?.outcome === 'refunded';
  return isGone && last.signature === 'valid';
}
