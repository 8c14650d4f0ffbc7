import { sql, type SQL } from 'drizzle-orm';
import type { CallEvidence } from '#cloud/channel/channel-exchange.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { InstructionProgress } from '#cloud/settlement/instructions/instruction-machine.ts';
import type { OperatorId } from '#shared/ids/ids.ts';

/** An account that may get shares of a merchant's orders at a channel. */
export interface ReceiverKey {
  readonly operatorId: OperatorId;
  readonly channel: string;
  readonly channelMerchantNo: string;
  readonly account: string;
}

/** `leaving`: a removal may have left. `gone`: it is certain. `refused`: by a final refusal; people look. */
export type ReceiverState = 'bound' | 'leaving' | 'gone' | 'refused';

export interface KeptReceiver extends ReceiverKey {
  readonly state: ReceiverState;
  /** How often it was removed, or was to be, 0.. */
  readonly round: number;
  /** Of this removal. */
  readonly sends: number;
  readonly fruitlessTries: number;
  readonly refusedCode: string | undefined;
  readonly code: string | undefined;
}

const keyIs = (key: ReceiverKey): SQL => sql`operator_id = ${key.operatorId}
  and channel = ${key.channel} and channel_merchant_no = ${key.channelMerchantNo}
  and account = ${key.account}`;

/** Reads a receiver; nobody begins to remove him before the transaction ends. */
export async function readReceiver(tx: Tx, key: ReceiverKey): Promise<KeptReceiver | undefined> {
  const { rows } = await tx.execute<Row>(
    sql`select ${columns} from split_receiver where ${keyIs(key)} for share`,
  );
  return rows[0] === undefined ? undefined : toReceiver(rows[0]);
}

/** The channel has been told of him. */
export async function bindReceiver(tx: Tx, key: ReceiverKey): Promise<void> {
  await tx.execute(sql`
    insert into split_receiver (operator_id, channel, channel_merchant_no, account)
    values (${key.operatorId}, ${key.channel}, ${key.channelMerchantNo}, ${key.account})
    on conflict (operator_id, channel, channel_merchant_no, account) do update set state = 'bound',
      sends = 0, fruitless_tries = 0, refused_code = null, code = null, leaving_since_ms = null,
      ended_at_ms = null`);
}

/**
 * Nobody's shares go there any more: the operator settles otherwise or by another account of his,
 * or the shop charges there no more and none of its sales is held. What is instructed, or failed
 * and may be sent again by people, is a share that still goes there.
 */
const isUnwanted = sql`
  not exists (select from channel_instruction i
    where i.operator_id = s.operator_id and i.channel = s.channel and i.kind = 'concession'
      and i.channel_merchant_no = s.channel_merchant_no and i.payee = s.account
      and (i.state in ('ready', 'open') or i.state = 'failed' and i.replaced_by is null))
  and not exists (select from channel_settlement c
    where c.operator_id = s.operator_id and c.channel = s.channel and c.splits
      and c.platform_account = s.account
      and exists (select from merchant_channel m
        where m.operator_id = s.operator_id and m.channel = s.channel
          and m.channel_merchant_no = s.channel_merchant_no
          and (m.enabled or exists (select from settlement_line l
            where l.operator_id = m.operator_id and l.merchant_id = m.merchant_id
              and l.state = 'held' and l.source = 'channel'))))`;

/** Bound receivers that nobody's shares go to any more, at most `countMax`. */
export async function unwantedReceivers(
  db: Db,
  query: { readonly operatorId: OperatorId; readonly countMax: number },
): Promise<readonly ReceiverKey[]> {
  const { rows } = await db.execute<Row>(sql`
    select ${columns} from split_receiver s
     where operator_id = ${query.operatorId} and state = 'bound' and ${isUnwanted}
     limit ${query.countMax}`);
  return rows.map(toReceiver);
}

/**
 * Begins to remove a receiver, if he is bound (`from`) and still unwanted once nobody can bind him
 * or be told that he is bound. False when not.
 */
export async function beginLeaving(
  tx: Tx,
  key: ReceiverKey,
  { from, nowMs }: { readonly from: 'bound' | 'refused'; readonly nowMs: number },
): Promise<boolean> {
  const { rows } = await tx.execute<{ state: string }>(
    sql`select state from split_receiver where ${keyIs(key)} for update`,
  );
  if (rows[0]?.state !== from) return false;
  // A statement of its own: it sees what was instructed before the lock was had.
  const { rowCount } = await tx.execute(sql`
    update split_receiver s set state = 'leaving', round = round + 1, sends = 0,
      fruitless_tries = 0, refused_code = null, code = null, next_at_ms = ${nowMs},
      lease_until_ms = 0, leaving_since_ms = ${nowMs}, ended_at_ms = null
    where ${keyIs(key)} and ${isUnwanted}`);
  return rowCount === 1;
}

/** Takes removals whose next step is due, the longest due first, for `leaseMs`. */
export async function leaseLeaving(
  db: Db,
  query: {
    readonly operatorId: OperatorId;
    readonly nowMs: number;
    readonly leaseMs: number;
    readonly countMax: number;
  },
): Promise<readonly KeptReceiver[]> {
  const { operatorId, nowMs, leaseMs, countMax } = query;
  const { rows } = await db.execute<Row>(sql`
    update split_receiver set lease_until_ms = ${nowMs + leaseMs}
     where operator_id = ${operatorId} and (channel, channel_merchant_no, account) in (
       select channel, channel_merchant_no, account from split_receiver
        where operator_id = ${operatorId} and next_at_ms <= ${nowMs} and lease_until_ms <= ${nowMs}
        order by next_at_ms limit ${countMax} for update skip locked)
    returning ${columns}`);
  return rows.map(toReceiver);
}

/** From now on the request may have left. Answers the call's number; undefined when another worker was there. */
export async function markLeaving(
  tx: Tx,
  receiver: KeptReceiver,
  nowMs: number,
): Promise<number | undefined> {
  const { rowCount } = await tx.execute(sql`
    update split_receiver set sends = sends + 1
     where ${keyIs(receiver)} and state = 'leaving' and sends = ${receiver.sends}`);
  if (rowCount !== 1) return undefined;
  const { rows } = await tx.execute<{ call_no: number }>(sql`
    insert into split_receiver_call (operator_id, channel, channel_merchant_no, account, call_no,
      sent_at_ms)
    select ${receiver.operatorId}, ${receiver.channel}, ${receiver.channelMerchantNo},
           ${receiver.account}, coalesce(max(call_no), 0) + 1, ${nowMs}
      from split_receiver_call where ${keyIs(receiver)}
    returning call_no`);
  return Number(rows[0]?.call_no);
}

/** What was heard, and what follows. What another worker heard meanwhile stays. */
export async function saveLeaving(
  tx: Tx,
  receiver: KeptReceiver,
  heard: {
    readonly callNo: number;
    readonly evidence: CallEvidence;
    readonly outcome: string;
    readonly progress: InstructionProgress;
    readonly nowMs: number;
  },
): Promise<void> {
  const { evidence, progress, nowMs } = heard;
  await tx.execute(sql`
    update split_receiver_call set answered_at_ms = ${nowMs},
      request_digest = ${evidence.requestDigest}, http_status = ${evidence.httpStatus},
      raw_answer = ${evidence.rawAnswer}, signature = ${evidence.signature},
      outcome = ${heard.outcome}
    where ${keyIs(receiver)} and call_no = ${heard.callNo}`);
  const state = stateOf[progress.state];
  await tx.execute(sql`
    update split_receiver set state = ${state}, fruitless_tries = ${progress.fruitlessTries},
      refused_code = ${progress.refusedCode ?? null}, code = ${progress.code ?? null},
      next_at_ms = ${progress.next?.atMs ?? null}, lease_until_ms = 0,
      ended_at_ms = ${state === 'leaving' ? null : nowMs}
    where ${keyIs(receiver)} and state = 'leaving' and sends = ${progress.sends}`);
}

const stateOf = { open: 'leaving', done: 'gone', failed: 'refused' } as const satisfies Record<
  InstructionProgress['state'],
  ReceiverState
>;

const columns = sql`operator_id, channel, channel_merchant_no, account, state, round, sends,
  fruitless_tries, refused_code, code`;

interface Row extends Record<string, unknown> {
  operator_id: OperatorId;
  channel: string;
  channel_merchant_no: string;
  account: string;
  state: ReceiverState;
  round: number;
  sends: number;
  fruitless_tries: number;
  refused_code: string | null;
  code: string | null;
}

const toReceiver = (row: Row): KeptReceiver => ({
  operatorId: row.operator_id,
  channel: row.channel,
  channelMerchantNo: row.channel_merchant_no,
  account: row.account,
  state: row.state,
  round: row.round,
  sends: row.sends,
  fruitlessTries: row.fruitless_tries,
  refusedCode: row.refused_code ?? undefined,
  code: row.code ?? undefined,
});
