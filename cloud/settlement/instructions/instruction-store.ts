import { sql, type SQL } from 'drizzle-orm';
import {
  endInstruction,
  registerInstructions,
  type DefiniteAnswer,
  type InstructionError,
} from '#cloud/ledger/instruction.ts';
import type { Journal } from '#cloud/ledger/posting.ts';
import type { CallEvidence } from '#cloud/channel/channel-exchange.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import {
  instructionRules,
  type InstructionKind,
  type InstructionState,
  type NewInstruction,
} from '#cloud/settlement/instructions/instruction.ts';
import type { InstructionProgress } from '#cloud/settlement/instructions/instruction-machine.ts';
import { addressToPayees } from '#cloud/settlement/instructions/payees/shop-payees.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { fen, type Fen } from '#shared/money/fen.ts';
import { ok, type Result } from '#shared/result/result.ts';

/** An instruction as it is kept. Times in ms. */
export interface KeptInstruction {
  readonly operatorId: OperatorId;
  readonly instructionNo: string;
  readonly merchantId: MerchantId | null;
  readonly kind: InstructionKind;
  readonly channel: string;
  readonly amountFen: Fen;
  readonly orderId: OrderId | undefined;
  readonly channelMerchantNo: string;
  readonly outTradeNo: string;
  readonly channelRef: string;
  readonly payee: string;
  readonly payeeName: string | undefined;
  readonly ofInstructionNo: string;
  readonly state: InstructionState;
  readonly nextStep: 'send' | 'query';
  readonly sends: number;
  readonly fruitlessTries: number;
  readonly refusedCode: string | undefined;
  readonly code: string | undefined;
  readonly createdAtMs: number;
  readonly freezeLapsesAtMs: number | undefined;
  /** No channel can be told: people move it (decide-instruction.ts). */
  readonly isByHand: boolean;
  readonly replacedBy: string | undefined;
  readonly sentAtMs: number | undefined;
}

export interface InstructionKey {
  readonly operatorId: OperatorId;
  readonly instructionNo: string;
}

export const keyIs = (key: InstructionKey): SQL =>
  sql`operator_id = ${key.operatorId} and instruction_no = ${key.instructionNo}`;

/**
 * Writes new instructions and answers the journals that hold their amounts. The caller posts them in the same
 * transaction: an instruction, its decision and its hold exist together or not at all.
 */
export async function makeInstructions(
  tx: Tx,
  instructions: readonly NewInstruction[],
  nowMs: number,
): Promise<readonly Journal[]> {
  if (instructions.length === 0) return [];
  const rows = instructions.map((one) => ({
    operator_id: one.operatorId,
    instruction_no: one.instructionNo,
    merchant_id: subjectOf(one)?.merchantId ?? null,
    kind: one.kind,
    step: instructionRules[one.kind].step,
    channel: one.channel,
    amount_fen: one.amountFen,
    order_id: one.order?.orderId ?? null,
    channel_merchant_no: one.order?.channelMerchantNo ?? null,
    out_trade_no: subjectOf(one)?.outTradeNo ?? null,
    channel_ref: one.order?.channelRef ?? null,
    payee: one.payee ?? null,
    payee_name: one.payeeName ?? null,
    of_instruction_no: one.ofInstructionNo ?? null,
    state: 'ready',
    next_step: 'send',
    next_at_ms: one.notBeforeMs,
    lease_until_ms: 0,
    sends: 0,
    fruitless_tries: 0,
    created_at_ms: nowMs,
    freeze_lapses_at_ms: one.freezeLapsesAtMs ?? null,
    by_hand: one.isByHand ?? false,
    code: one.code ?? null,
  }));
  await tx.execute(sql`
    insert into channel_instruction
    select * from jsonb_populate_recordset(null::channel_instruction, ${JSON.stringify(rows)}::jsonb)`);
  await addressToPayees(tx, instructions, nowMs);
  const held = instructions.flatMap((one) => {
    const { moves } = instructionRules[one.kind];
    return moves === undefined ? [] : [{ one, moves }];
  });
  if (held.length === 0) return [];
  return registerInstructions(
    tx,
    held.map(({ one, moves }) => ({
      operatorId: one.operatorId,
      merchantId: subjectOf(one)?.merchantId ?? null,
      key: one.instructionNo,
      kind: moves.ledgerKind,
      from: moves.from,
      to: moves.to,
      amountFen: one.amountFen,
      heldAtMs: nowMs,
    })),
  );
}

/** Ends an instruction in the books as its channel, or two people, said. What moves no money is not there. */
export async function endInBooks(
  tx: Tx,
  { kind, operatorId, merchantId, instructionNo: key }: KeptInstruction,
  end: { readonly answer: DefiniteAnswer; readonly endedAtMs: number },
): Promise<Result<void, InstructionError>> {
  if (instructionRules[kind].moves === undefined) return ok(undefined);
  const ended = await endInstruction(tx, { operatorId, merchantId, key }, end);
  return ended.ok ? ok(undefined) : ended;
}

const subjectOf = ({ order, shopDay }: NewInstruction): NewInstruction['shopDay'] =>
  order ?? shopDay;

const columns = sql`operator_id, instruction_no, merchant_id, kind, channel, amount_fen, order_id,
  channel_merchant_no, out_trade_no, channel_ref, payee, payee_name, of_instruction_no, state,
  next_step, sends, fruitless_tries, refused_code, code, created_at_ms, freeze_lapses_at_ms,
  by_hand, replaced_by, sent_at_ms`;

/**
 * Takes what is due, the longest due first, for `leaseMs`. Of one order an instruction waits while an earlier one or a
 * refund is open; the release of the rest waits for people when an earlier one failed and was not replaced, because it
 * would give the merchant what is the platform's. A return waits for nothing but what it takes back: a refund may be
 * waiting for it.
 */
export async function leaseDueInstructions(
  db: Db,
  query: {
    readonly operatorId: OperatorId;
    readonly nowMs: number;
    readonly leaseMs: number;
    readonly countMax: number;
  },
): Promise<readonly KeptInstruction[]> {
  const { operatorId, nowMs, leaseMs, countMax } = query;
  const { rows } = await db.execute<Row>(sql`
    update channel_instruction set lease_until_ms = ${nowMs + leaseMs}, hurried_at_ms = null
    where operator_id = ${operatorId} and instruction_no in (
      select instruction_no from channel_instruction i
       where operator_id = ${operatorId} and next_at_ms <= ${nowMs} and lease_until_ms <= ${nowMs}
         and not by_hand
         and (state = 'open' or order_id is null or case when of_instruction_no is not null then
           not exists (select from channel_instruction s where s.operator_id = i.operator_id
             and s.instruction_no = i.of_instruction_no and s.state in ('ready', 'open'))
         else not (exists (select from channel_instruction e where e.operator_id = i.operator_id
             and e.order_id = i.order_id and not e.by_hand and e.step < i.step and e.instruction_no <> i.instruction_no
             and (e.state in ('ready', 'open') or (i.kind = 'release' and e.state = 'failed'
                  and e.kind not in ('subsidy', 'subsidy-cancel') and e.replaced_by is null)))
           or exists (select from order_refund r where r.operator_id = i.operator_id
             and r.merchant_id = i.merchant_id and r.order_id = i.order_id
             and r.status in ('refunding', 'booking'))) end)
       order by next_at_ms limit ${countMax} for update skip locked)
    returning ${columns}`);
  return rows.map(toInstruction);
}

/** Why an instruction ended that two people gave up, the channel having said nothing. */
export const voidByPeople = 'void-by-people';

export interface HurriedInstruction {
  readonly isOpen: boolean;
  readonly isEndedByPeople: boolean;
  readonly merchantId: MerchantId | undefined;
}

/** The channel told of this instruction unasked: an open one is asked about at once. Undefined: no such number. */
export async function hurryInstruction(
  tx: Tx,
  { nowMs, ...key }: InstructionKey & { readonly nowMs: number },
): Promise<HurriedInstruction | undefined> {
  const { rows } = await tx.execute<{
    state: string;
    code: string | null;
    merchant_id: MerchantId | null;
  }>(sql`
    update channel_instruction
       set next_at_ms = case when state = 'open' then least(next_at_ms, ${nowMs}) else next_at_ms end,
           hurried_at_ms = ${nowMs}
     where ${keyIs(key)} returning state, code, merchant_id`);
  const [row] = rows;
  return (
    row && {
      isOpen: row.state === 'open',
      isEndedByPeople: row.state === 'failed' && row.code === voidByPeople,
      merchantId: row.merchant_id ?? undefined,
    }
  );
}

/** Reads an instruction and holds its row until the transaction ends. */
export async function lockInstruction(
  tx: Tx,
  key: InstructionKey,
): Promise<KeptInstruction | undefined> {
  const { rows } = await tx.execute<Row>(
    sql`select ${columns} from channel_instruction where ${keyIs(key)} for update`,
  );
  return rows[0] === undefined ? undefined : toInstruction(rows[0]);
}

export type InstructionCallKind = 'send' | 'query' | 'add-receiver';

/** Writes that a call is about to be made; answers its number. */
export async function recordInstructionCall(
  tx: Tx,
  key: InstructionKey,
  call: { readonly kind: InstructionCallKind; readonly nowMs: number },
): Promise<number> {
  const { rows } = await tx.execute<{ call_no: number }>(sql`
    insert into channel_instruction_call (operator_id, instruction_no, call_no, kind, sent_at_ms)
    select ${key.operatorId}, ${key.instructionNo}, coalesce(max(call_no), 0) + 1, ${call.kind},
           ${call.nowMs}
      from channel_instruction_call where ${keyIs(key)}
    returning call_no`);
  return Number(rows[0]?.call_no);
}

export async function recordInstructionAnswer(
  tx: Tx,
  key: InstructionKey & { readonly callNo: number },
  answer: { readonly evidence: CallEvidence; readonly outcome: string; readonly nowMs: number },
): Promise<void> {
  const { evidence } = answer;
  await tx.execute(sql`
    update channel_instruction_call set answered_at_ms = ${answer.nowMs},
      request_digest = ${evidence.requestDigest}, http_status = ${evidence.httpStatus},
      raw_answer = ${evidence.rawAnswer}, signature = ${evidence.signature},
      outcome = ${answer.outcome}
    where ${keyIs(key)} and call_no = ${key.callNo}`);
}

/** From now on a request may have left: whoever finds it after a crash asks before anything else. */
export async function markSending(
  tx: Tx,
  key: InstructionKey,
  send: { readonly askStep: 'send' | 'query'; readonly askAtMs: number; readonly nowMs: number },
): Promise<void> {
  await tx.execute(sql`
    update channel_instruction set state = 'open', sends = sends + 1, next_step = ${send.askStep},
      next_at_ms = ${send.askAtMs}, sent_at_ms = coalesce(sent_at_ms, ${send.nowMs})
    where ${keyIs(key)}`);
}

export async function saveInstruction(
  tx: Tx,
  key: InstructionKey,
  { progress, nowMs }: { readonly progress: InstructionProgress; readonly nowMs: number },
): Promise<void> {
  const { state, next } = progress;
  await tx.execute(sql`
    update channel_instruction set state = ${state}, fruitless_tries = ${progress.fruitlessTries},
      refused_code = ${progress.refusedCode ?? null}, code = ${progress.code ?? null},
      ref = ${progress.ref ?? null}, next_step = ${next?.step ?? null},
      next_at_ms = ${next?.step === 'query' ? sql`least(${next.atMs}::bigint, hurried_at_ms)` : (next?.atMs ?? null)},
      lease_until_ms = 0,
      ended_at_ms = ${state === 'open' ? null : nowMs}
    where ${keyIs(key)}`);
}

/** Puts off an instruction of which no byte has left. */
export async function putOff(
  tx: Tx,
  key: InstructionKey,
  wait: { readonly untilMs: number; readonly code: string },
): Promise<void> {
  await tx.execute(sql`
    update channel_instruction set next_at_ms = ${wait.untilMs}, lease_until_ms = 0,
      fruitless_tries = fruitless_tries + 1, code = ${wait.code}
    where ${keyIs(key)} and state = 'ready'`);
}

/** Ends an instruction of which no byte has left. */
export async function endUnsent(
  tx: Tx,
  key: InstructionKey,
  end: {
    readonly state: 'failed' | 'cancelled';
    readonly code: string;
    readonly replacedBy: string | undefined;
    readonly nowMs: number;
  },
): Promise<void> {
  await tx.execute(sql`
    update channel_instruction set state = ${end.state}, code = ${end.code}, next_step = null,
      next_at_ms = null, lease_until_ms = 0, ended_at_ms = ${end.nowMs},
      replaced_by = ${end.replacedBy ?? null}
    where ${keyIs(key)} and state = 'ready'`);
}

interface Row extends Record<string, unknown> {
  operator_id: OperatorId;
  instruction_no: string;
  merchant_id: MerchantId | null;
  kind: InstructionKind;
  channel: string;
  amount_fen: number;
  order_id: OrderId | null;
  channel_merchant_no: string | null;
  out_trade_no: string | null;
  channel_ref: string | null;
  payee: string | null;
  payee_name: string | null;
  of_instruction_no: string | null;
  state: InstructionState;
  next_step: 'send' | 'query' | null;
  sends: number;
  fruitless_tries: number;
  refused_code: string | null;
  code: string | null;
  created_at_ms: number;
  freeze_lapses_at_ms: number | null;
  by_hand: boolean;
  replaced_by: string | null;
  sent_at_ms: number | null;
}

const toInstruction = (row: Row): KeptInstruction => ({
  operatorId: row.operator_id,
  instructionNo: row.instruction_no,
  merchantId: row.merchant_id,
  kind: row.kind,
  channel: row.channel,
  amountFen: fen(row.amount_fen),
  orderId: row.order_id ?? undefined,
  channelMerchantNo: row.channel_merchant_no ?? '',
  outTradeNo: row.out_trade_no ?? '',
  channelRef: row.channel_ref ?? '',
  payee: row.payee ?? '',
  payeeName: row.payee_name ?? undefined,
  ofInstructionNo: row.of_instruction_no ?? '',
  state: row.state,
  nextStep: row.next_step ?? 'query',
  sends: row.sends,
  fruitlessTries: row.fruitless_tries,
  refusedCode: row.refused_code ?? undefined,
  code: row.code ?? undefined,
  createdAtMs: row.created_at_ms,
  freezeLapsesAtMs: row.freeze_lapses_at_ms ?? undefined,
  isByHand: row.by_hand,
  replacedBy: row.replaced_by ?? undefined,
  sentAtMs: row.sent_at_ms ?? undefined,
});
