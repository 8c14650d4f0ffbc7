import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import { withSavepoint } from '#cloud/ledger/savepoint.ts';
import type { Db } from '#cloud/platform/db.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import {
  keyIs,
  lockInstruction,
  makeInstructions,
  type InstructionKey,
} from '#cloud/settlement/instructions/instruction-store.ts';
import { successorOf } from '#cloud/settlement/instructions/instruction-worker.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

export interface RetryAsked {
  readonly askedBy: string;
  /** Somebody else. */
  readonly agreedBy: string;
  readonly why: string;
  /** Another receiver, when the old one was what was wrong. */
  readonly payee?: string;
  readonly nowMs: number;
}

export interface RetryError {
  readonly type:
    | 'instruction-unknown'
    /** Only what failed for good is sent again; what is unknown is asked for. */
    | 'not-failed'
    /** It was retried before. */
    | 'replaced'
    /** A payout that failed is part of the agent's next statement. */
    | 'not-retried-by-hand'
    | 'same-person'
    /** What it would move was used otherwise since. */
    | 'not-covered';
}

/** Sends a failed instruction again under the next number, with the same amount. Two people, and why. */
export async function retryInstruction(
  db: Db,
  key: InstructionKey,
  asked: RetryAsked,
): Promise<Result<{ readonly instructionNo: string }, RetryError>> {
  if (asked.askedBy === asked.agreedBy) return err({ type: 'same-person' });
  const { nowMs } = asked;
  return await retriedTransaction(db, (outer) =>
    withSavepoint<{ readonly instructionNo: string }, RetryError>(outer, async (tx) => {
      const old = await lockInstruction(tx, key);
      if (old === undefined) return err({ type: 'instruction-unknown' });
      if (old.kind === 'payout') return err({ type: 'not-retried-by-hand' });
      if (old.state !== 'failed') return err({ type: 'not-failed' });
      const payee = asked.payee === undefined ? {} : { payee: asked.payee };
      const next = successorOf(old, { amountFen: old.amountFen, nowMs, ...payee });
      const { rowCount } = await tx.execute(sql`
      update channel_instruction set replaced_by = ${next.instructionNo}
       where ${keyIs(key)} and replaced_by is null`);
      if (rowCount !== 1) return err({ type: 'replaced' });
      await tx.execute(sql`
      insert into instruction_retry (operator_id, instruction_no, retried_as, asked_by, agreed_by,
        why, at_ms)
      values (${key.operatorId}, ${key.instructionNo}, ${next.instructionNo}, ${asked.askedBy},
        ${asked.agreedBy}, ${asked.why}, ${nowMs})`);
      const posted = await postJournals(tx, await makeInstructions(tx, [next], nowMs));
      // All of it is undone: nothing was replaced and nothing is held.
      if (!posted.ok) return err({ type: 'not-covered' });
      return ok({ instructionNo: next.instructionNo });
    }),
  );
}
