import { sql } from 'drizzle-orm';
import { postJournals } from '#cloud/ledger/post.ts';
import { withSavepoint } from '#cloud/ledger/savepoint.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { hasLeft, lapseProposals } from '#cloud/persons/proposal-life.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import {
  decisionRefusal,
  type DecisionHow,
  type DecisionRefusal,
} from '#cloud/settlement/instructions/decision-rules.ts';
import {
  endInBooks,
  keyIs,
  lockInstruction,
  makeInstructions,
  saveInstruction,
  voidByPeople,
  type InstructionKey,
  type KeptInstruction,
} from '#cloud/settlement/instructions/instruction-store.ts';
import {
  amountToday,
  cancelOf,
  replaceUnsent,
  successorOf,
} from '#cloud/settlement/instructions/replace-unsent.ts';
import { goesToPayee } from '#cloud/settlement/instructions/payees/shop-payees.ts';
import {
  payeeRefusal,
  type PayeeRefusal,
} from '#cloud/settlement/instructions/payees/tell-payee.ts';
import type { PersonId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

export interface DecisionWanted {
  readonly how: DecisionHow;
  /** 10..500 characters: what was seen, and where. */
  readonly evidence: string;
  /** moved: the number under which the money went. */
  readonly ref?: string | undefined;
  /** retry: another receiver, when the old one was what was wrong. */
  readonly payee?: string | undefined;
  readonly by: PersonId;
  readonly nowMs: number;
}

export type DecisionError =
  | DecisionRefusal
  | PayeeRefusal
  | 'instruction-unknown'
  /** It goes to the account that the shop has, which is changed by an act of its own and stored sealed. */
  | 'payee-is-the-shops'
  /** Nothing is proposed, or something is already. */
  | 'nothing-proposed'
  | 'already-proposed'
  | 'same-person'
  /** Nobody agreed in time (persons/proposal-life.ts). */
  | 'person-act-lapsed'
  /** Whoever proposed it has left: withdraw it and propose it anew. */
  | 'proposer-left'
  /** What it would move was used otherwise since. */
  | 'not-covered'
  /** Refunds took a part since: the new amount stands in the list, under a new number. */
  | 'amount-changed';

/** One person says how an instruction is to end; nothing moves before another one confirms. */
export async function proposeDecision(
  db: Db,
  key: InstructionKey,
  wanted: DecisionWanted,
): Promise<Result<{ readonly proposalNo: number }, DecisionError>> {
  return await retriedTransaction(db, async (tx) => {
    const now = await lockInstruction(tx, key);
    if (now === undefined) return err('instruction-unknown');
    const refusal =
      decisionRefusal(now, wanted.how, wanted.nowMs) ?? (await payeeRefusal(tx, now, wanted.how));
    if (refusal !== undefined) return err(refusal);
    if (wanted.payee !== undefined && goesToPayee(now)) return err('payee-is-the-shops');
    await lapse(tx, key, wanted.nowMs);
    if ((await openProposal(tx, key)) !== undefined) return err('already-proposed');
    const { rows } = await tx.execute<{ proposal_no: number }>(sql`
      insert into instruction_decision (operator_id, instruction_no, proposal_no, how, evidence, ref,
        payee, proposed_by, proposed_at_ms, state)
      select ${key.operatorId}, ${key.instructionNo}, coalesce(max(proposal_no), 0) + 1,
             ${wanted.how}, ${wanted.evidence}, ${wanted.ref ?? null}, ${wanted.payee ?? null},
             ${wanted.by}, ${wanted.nowMs}, 'proposed'
        from instruction_decision where ${keyIs(key)}
      returning proposal_no`);
    return ok({ proposalNo: rows[0]?.proposal_no ?? 1 });
  });
}

interface Ending {
  readonly by: PersonId;
  readonly note: string;
  readonly nowMs: number;
}

/** Either thinks again. */
export async function withdrawDecision(
  db: Db,
  key: InstructionKey,
  ending: Ending,
): Promise<Result<void, 'nothing-proposed' | 'person-act-lapsed'>> {
  return await retriedTransaction(db, async (tx) => {
    await lockInstruction(tx, key);
    if (await lapse(tx, key, ending.nowMs)) return err('person-act-lapsed');
    if ((await openProposal(tx, key)) === undefined) return err('nothing-proposed');
    await endProposal(tx, key, { ...ending, state: 'withdrawn' });
    return ok(undefined);
  });
}

/**
 * What nobody agreed to in time has ended by itself. Is that what the newest word is? The caller
 * holds the instruction.
 */
async function lapse(tx: Tx, key: InstructionKey, nowMs: number): Promise<boolean> {
  await lapseProposals(tx, { table: 'instruction_decision', which: keyIs(key), nowMs });
  const { rows } = await tx.execute<{ state: string }>(sql`
    select state from instruction_decision where ${keyIs(key)} order by proposal_no desc limit 1`);
  return rows[0]?.state === 'lapsed';
}

/**
 * Another person agrees: the instruction and its amount in the books end in this transaction, once.
 * Answers the number that stands for it from now on: a new one after a retry and after a failed one
 * was moved by hand.
 */
export async function confirmDecision(
  db: Db,
  key: InstructionKey,
  ending: Ending,
): Promise<Result<{ readonly instructionNo: string }, DecisionError>> {
  return await retriedTransaction(db, async (outer) => {
    const now = await lockInstruction(outer, key);
    if (now === undefined) return err('instruction-unknown');
    if (await lapse(outer, key, ending.nowMs)) return err('person-act-lapsed');
    const proposal = await openProposal(outer, key);
    if (proposal === undefined) return err('nothing-proposed');
    if (proposal.proposed_by === ending.by) return err('same-person');
    if (await hasLeft(outer, proposal.proposed_by, key.operatorId)) return err('proposer-left');
    const refusal =
      decisionRefusal(now, proposal.how, ending.nowMs) ??
      (await payeeRefusal(outer, now, proposal.how));
    if (refusal !== undefined) return err(refusal);
    const wantedFen = await amountToday(outer, now);
    if (now.state === 'ready' && wantedFen !== now.amountFen) {
      await endProposal(outer, key, { ...ending, state: 'withdrawn' });
      await replaceUnsent(outer, now, { wantedFen, ...ending });
      return err('amount-changed');
    }
    // All of it is undone when the books refuse: nothing was replaced and nothing is held.
    return await withSavepoint<{ readonly instructionNo: string }, DecisionError>(
      outer,
      async (tx) => {
        await endProposal(tx, key, { ...ending, state: 'confirmed' });
        return await carryOut(tx, now, { ...proposal, wantedFen, nowMs: ending.nowMs });
      },
    );
  });
}

interface Proposal extends Record<string, unknown> {
  readonly how: DecisionHow;
  readonly ref: string | null;
  readonly payee: string | null;
  readonly proposed_by: PersonId;
}

async function openProposal(tx: Tx, key: InstructionKey): Promise<Proposal | undefined> {
  const { rows } = await tx.execute<Proposal>(sql`
    select how, ref, payee, proposed_by from instruction_decision
     where ${keyIs(key)} and state = 'proposed' for update`);
  return rows[0];
}

const endProposal = (
  tx: Tx,
  key: InstructionKey,
  ending: Ending & { readonly state: 'confirmed' | 'withdrawn' },
): Promise<unknown> =>
  tx.execute(sql`
    update instruction_decision set state = ${ending.state}, ended_by = ${ending.by},
      ended_at_ms = ${ending.nowMs}, ended_note = ${ending.note}
     where ${keyIs(key)} and state = 'proposed'`);

/** `wantedFen`: what refunds have left of its amount. */
type Decided = Proposal & { readonly wantedFen: number; readonly nowMs: number };

async function carryOut(
  tx: Tx,
  now: KeptInstruction,
  decided: Decided,
): Promise<Result<{ readonly instructionNo: string }, DecisionError>> {
  const { how, nowMs } = decided;
  const stands = how === 'void' || now.state !== 'failed' ? ok(now) : await again(tx, now, decided);
  if (!stands.ok) return stands;
  const { instructionNo } = stands.value;
  if (how !== 'retry') await end(tx, stands.value, { ref: decided.ref ?? undefined, nowMs });
  return ok({ instructionNo });
}

/** The failed one's successor holds what is left of the amount. */
async function again(
  tx: Tx,
  old: KeptInstruction,
  { how, payee, wantedFen, nowMs }: Decided,
): Promise<Result<KeptInstruction, DecisionError>> {
  const change = { amountFen: fen(Math.max(0, wantedFen)), nowMs, isByHand: how === 'moved' };
  const next =
    wantedFen > 0 || old.kind === 'subsidy-cancel'
      ? successorOf(old, { ...change, ...(payee === null ? {} : { payee }) })
      : how === 'retry'
        ? await cancelOf(tx, old, nowMs)
        : undefined;
  if (next === undefined) return err('not-covered');
  const { rowCount } = await tx.execute(sql`
    update channel_instruction set replaced_by = ${next.instructionNo}
     where ${keyIs(old)} and replaced_by is null`);
  assert(rowCount === 1, () => `${old.instructionNo} was replaced under a lock`);
  const posted = await postJournals(tx, await makeInstructions(tx, [next], nowMs));
  if (!posted.ok) return err('not-covered');
  const made = await lockInstruction(tx, next);
  assert(made !== undefined, () => `${next.instructionNo} is gone`);
  return ok(made);
}

async function end(
  tx: Tx,
  now: KeptInstruction,
  { ref, nowMs }: { readonly ref: string | undefined; readonly nowMs: number },
): Promise<void> {
  const { sends, fruitlessTries } = now;
  const code = voidByPeople;
  const progress =
    ref === undefined
      ? ({ state: 'failed', sends, fruitlessTries, code } as const)
      : ({ state: 'done', sends, fruitlessTries, ref, code: 'moved-by-people' } as const);
  await saveInstruction(tx, now, { progress, nowMs });
  const answer =
    ref === undefined
      ? ({ type: 'failed', code } as const)
      : ({ type: 'succeeded', channelRef: ref } as const);
  const ended = await endInBooks(tx, now, { answer, endedAtMs: nowMs });
  assert(ended.ok, () => `the books refused ${now.instructionNo}: ${JSON.stringify(ended)}`);
}
