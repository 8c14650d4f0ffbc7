import { sql } from 'drizzle-orm';
import { postJournals, type LedgerError } from '#cloud/ledger/post.ts';
import { bookOf, type AccountName, type Journal } from '#cloud/ledger/posting.ts';
import { withSavepoint } from '#cloud/ledger/savepoint.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** Which instruction; its key is the caller's own, 1..150 characters, unique in the book. */
export interface InstructionId {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId | null;
  readonly key: string;
}

/** Money that a channel is told to move: out of `from`, and into `to` when it did. */
export interface Instruction extends InstructionId {
  readonly kind: 'split' | 'payout' | 'subsidy';
  readonly from: AccountName;
  readonly to: AccountName;
  /** Above 0. */
  readonly amountFen: Fen;
  readonly heldAtMs: number;
}

/**
 * What a channel said for certain. There is no third case: silence, a timeout or an answer that is not understood ends
 * nothing, the amount stays held and somebody asks again.
 */
export type DefiniteAnswer =
  | { readonly type: 'succeeded'; readonly channelRef: string }
  /** A code of the channel's list of final failures. */
  | { readonly type: 'failed'; readonly code: string };

export type InstructionError =
  | LedgerError
  | { readonly type: 'instruction-unknown' }
  /** It was held with another content. */
  | { readonly type: 'instruction-differs' }
  /** It ended already, and the other way: one of two answers is wrong, and people look. */
  | { readonly type: 'instruction-ended-otherwise'; readonly outcome: 'posted' | 'voided' };

/** True: this call did it. False: it was done before, with the same content. */
type Done = { readonly isNew: boolean };

/**
 * Holds the amount before the instruction leaves: from `from` into `instruction_pending`. A guarded
 * account that has not enough refuses. Errors: instruction-differs, those of {@link postJournals}.
 */
export async function holdInstruction(
  tx: Tx,
  instruction: Instruction,
): Promise<Result<Done, InstructionError>> {
  const { operatorId, key, kind, from, to, amountFen, heldAtMs } = instruction;
  return withSavepoint<Done, InstructionError>(tx, async (inner) => {
    const { rowCount } = await inner.execute(sql`
      insert into ledger_instruction (operator_id, book, instruction_key, kind, from_account,
        to_account, amount_fen, held_at_ms)
      values (${operatorId}, ${bookOf(instruction)}, ${key}, ${kind}, ${from}, ${to}, ${amountFen},
        ${heldAtMs}) on conflict do nothing`);
    if (rowCount !== 1) {
      const known = await readInstruction(inner, instruction);
      const same =
        known?.kind === kind &&
        known.from === from &&
        known.to === to &&
        known.amountFen === amountFen;
      return same ? ok({ isNew: false }) : err({ type: 'instruction-differs' });
    }
    const posted = await postJournals(inner, [holdJournal(instruction)]);
    return posted.ok ? ok({ isNew: true }) : posted;
  });
}

/**
 * Writes down many new instructions at once and answers the journals that hold their amounts: the
 * caller posts them in the same transaction, together with what the decision itself books, so that
 * the books are locked once. Every one must be new.
 */
export async function registerInstructions(
  tx: Tx,
  instructions: readonly Instruction[],
): Promise<readonly Journal[]> {
  if (instructions.length === 0) return [];
  const rows = instructions.map((each) => ({
    operator_id: each.operatorId,
    book: bookOf(each),
    instruction_key: each.key,
    kind: each.kind,
    from_account: each.from,
    to_account: each.to,
    amount_fen: each.amountFen,
    held_at_ms: each.heldAtMs,
  }));
  await tx.execute(sql`
    insert into ledger_instruction
    select * from jsonb_populate_recordset(null::ledger_instruction, ${JSON.stringify(rows)}::jsonb)`);
  return instructions.map(holdJournal);
}

const holdJournal = (instruction: Instruction): Journal =>
  journalOf(instruction, {
    phase: 'hold',
    atMs: instruction.heldAtMs,
    from: instruction.from,
    to: 'instruction_pending',
    amountFen: instruction.amountFen,
  });

/**
 * Ends an instruction by a definite answer: posts the amount into its target, or voids it back where it came from. The
 * same answer again changes nothing. Errors: instruction-unknown, instruction-ended-otherwise, those of
 * {@link postJournals}.
 */
export async function endInstruction(
  tx: Tx,
  id: InstructionId,
  end: { readonly answer: DefiniteAnswer; readonly endedAtMs: number },
): Promise<Result<Done, InstructionError>> {
  const { answer, endedAtMs } = end;
  const outcome = answer.type === 'succeeded' ? 'posted' : 'voided';
  const evidence = answer.type === 'succeeded' ? answer.channelRef : answer.code;
  const instruction = await readInstruction(tx, id);
  if (instruction === undefined) return err({ type: 'instruction-unknown' });
  return withSavepoint<Done, InstructionError>(tx, async (inner) => {
    // Whoever comes second waits here for the first to commit: the key admits one end.
    const { rowCount } = await inner.execute(sql`
      insert into ledger_instruction_end (operator_id, book, instruction_key, outcome, evidence, ended_at_ms)
      values (${id.operatorId}, ${bookOf(id)}, ${id.key}, ${outcome}, ${evidence}, ${endedAtMs})
      on conflict do nothing`);
    if (rowCount !== 1) {
      const before = await outcomeOf(inner, id);
      return before === outcome
        ? ok({ isNew: false })
        : err({ type: 'instruction-ended-otherwise', outcome: before });
    }
    // Both ends have one key in the books as well: the ledger by itself refuses the second.
    const posted = await postJournals(inner, [
      journalOf(instruction, {
        phase: 'end',
        atMs: endedAtMs,
        from: 'instruction_pending',
        to: outcome === 'posted' ? instruction.to : instruction.from,
        amountFen: instruction.amountFen,
      }),
    ]);
    return posted.ok ? ok({ isNew: true }) : posted;
  });
}

function journalOf(
  { operatorId, merchantId, key, kind }: Instruction,
  move: {
    readonly phase: 'hold' | 'end';
    readonly atMs: number;
    readonly from: AccountName;
    readonly to: AccountName;
    readonly amountFen: Fen;
  },
): Journal {
  return {
    operatorId,
    merchantId,
    idemKey: `instruction-${move.phase}:${key}`,
    kind: `${kind}-${move.phase}`,
    eventAtMs: move.atMs,
    legs: [
      { account: move.from, amountFen: fen(-move.amountFen) },
      { account: move.to, amountFen: move.amountFen },
    ],
  };
}

const instructionsReadMax = 500;

interface Row extends Record<string, unknown> {
  book: string;
  instruction_key: string;
  kind: Instruction['kind'];
  from_account: AccountName;
  to_account: AccountName;
  amount_fen: number;
  held_at_ms: number;
}

const toInstruction = (operatorId: OperatorId, row: Row): Instruction => ({
  operatorId,
  merchantId: row.book === '' ? null : (row.book as MerchantId),
  key: row.instruction_key,
  kind: row.kind,
  from: row.from_account,
  to: row.to_account,
  amountFen: fen(row.amount_fen),
  heldAtMs: row.held_at_ms,
});

async function readInstruction(tx: Tx, id: InstructionId): Promise<Instruction | undefined> {
  const { rows } = await tx.execute<Row>(sql`
    select book, instruction_key, kind, from_account, to_account, amount_fen, held_at_ms
      from ledger_instruction
     where operator_id = ${id.operatorId} and book = ${bookOf(id)} and instruction_key = ${id.key}`);
  return rows[0] === undefined ? undefined : toInstruction(id.operatorId, rows[0]);
}

async function outcomeOf(tx: Tx, id: InstructionId): Promise<'posted' | 'voided'> {
  const { rows } = await tx.execute<{ outcome: 'posted' | 'voided' }>(sql`
    select outcome from ledger_instruction_end
     where operator_id = ${id.operatorId} and book = ${bookOf(id)} and instruction_key = ${id.key}`);
  return rows[0]!.outcome;
}

/** Instructions without an end, the oldest first: whoever sent them asks for each again, or people do. */
export async function openInstructions(
  db: Db | Tx,
  query: { readonly operatorId: OperatorId; readonly heldBeforeMs: number },
): Promise<readonly Instruction[]> {
  const { rows } = await db.execute<Row>(sql`
    select i.book, i.instruction_key, i.kind, i.from_account, i.to_account, i.amount_fen, i.held_at_ms
      from ledger_instruction i
      left join ledger_instruction_end e using (operator_id, book, instruction_key)
     where i.operator_id = ${query.operatorId} and i.held_at_ms < ${query.heldBeforeMs}
       and e.outcome is null
     order by i.held_at_ms, i.instruction_key limit ${instructionsReadMax}`);
  return rows.map((row) => toInstruction(query.operatorId, row));
}
