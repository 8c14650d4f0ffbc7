import { sql } from 'drizzle-orm';
import { filled, type Db, type Statement, type Tx } from '#cloud/platform/db.ts';
import { memberNode, noteRelations } from '#cloud/relations/relation-store.ts';
import type { PartyNode } from '#cloud/relations/relation-graph.ts';
import type { MemberId, OperatorId, OrderId } from '#shared/ids/ids.ts';

/** Wallets of one member that are listed; who has more pays for a crowd. */
export const payerLinksMax = 50;

/** A wallet that a payment came from. */
export interface SeenPayer {
  readonly operatorId: OperatorId;
  readonly channel: string;
  /** Keyed hash of the payer's id at that channel, 64 hex; the id itself is stored nowhere. */
  readonly payerHash: string;
  readonly nowMs: number;
}

const payerNode = (payerHash: string): PartyNode => `payer:${payerHash}`;

/**
 * Joins a payment and a member: a wallet that was linked names its member, and nobody types
 * anything. A member who showed his code at the till goes before the wallet's owner: a friend may
 * pay for him. That both stood behind one payment is noted as a relation. His wallet is linked by
 * the code only if he wants that (`remembers_payers`); one that somebody else has by the claim of a
 * receipt becomes nobody's then, until one of the two says so again.
 * Answers whose the sale is; undefined when nobody knows.
 */
export async function joinPayer(
  tx: Tx,
  sale: SeenPayer & { readonly memberId: MemberId | undefined },
): Promise<MemberId | undefined> {
  const linked = await memberOfPayer(tx, sale);
  const { memberId } = sale;
  if (memberId === undefined || memberId === linked) return linked;
  if (await remembersPayers(tx, sale.operatorId, memberId)) {
    if (linked === undefined) await insertLink(tx, { ...sale, memberId, source: 'code' });
    else await endClaimedLink(tx, sale);
  }
  await notePayer(tx, { ...sale, memberId, source: 'charge' });
  return memberId;
}

/** Whose a wallet is that was linked and not unlinked since. Values: operator, keyed hash of the payer. */
export const linkedPayer: Statement = {
  name: 'linked-payer',
  text: `select member_id from payer_link
    where operator_id = $1 and payer_hash = $2 and unlinked_at_ms is null`,
};

async function memberOfPayer(
  db: Db | Tx,
  { operatorId, payerHash }: Pick<SeenPayer, 'operatorId' | 'payerHash'>,
): Promise<MemberId | undefined> {
  const { rows } = await db.execute<{ member_id: MemberId }>(
    filled(linkedPayer, [operatorId, payerHash]),
  );
  return rows[0]?.member_id;
}

async function remembersPayers(
  tx: Tx,
  operatorId: OperatorId,
  memberId: MemberId,
): Promise<boolean> {
  const { rows } = await tx.execute<{ yes: boolean }>(sql`
    select remembers_payers as yes from member
     where operator_id = ${operatorId} and member_id = ${memberId}`);
  return rows[0]?.yes ?? false;
}

/** Whoever finds a receipt can claim it, and a code is shown by its owner: of the two the claim proves less. */
const endClaimedLink = (tx: Tx, { operatorId, payerHash, nowMs }: SeenPayer): Promise<unknown> =>
  tx.execute(sql`
    update payer_link set unlinked_at_ms = ${nowMs}, unlinked_by = 'code-of-another'
     where operator_id = ${operatorId} and payer_hash = ${payerHash} and source = 'claim'
       and unlinked_at_ms is null`);

export type PayerOfOrder = 'linked' | 'of-another-member' | 'unknown';

/**
 * Links the wallet that paid an order to the member who claimed its receipt: from then on its
 * payments are his. A wallet that is another member's stays with that one. `unknown`: cash, or the
 * channel did not say who paid.
 */
export async function linkPayerOfOrder(
  tx: Tx,
  claim: {
    readonly operatorId: OperatorId;
    readonly orderId: OrderId;
    readonly memberId: MemberId;
    readonly nowMs: number;
  },
): Promise<PayerOfOrder> {
  const { operatorId, orderId, memberId, nowMs } = claim;
  const { rows } = await tx.execute<{ channel: string; payer_hash: string }>(sql`
    select channel, payer_hash from payment_attempt
     where operator_id = ${operatorId} and order_id = ${orderId} and status = 'paid'
       and payer_hash is not null limit 1`);
  const paid = rows[0];
  if (paid === undefined) return 'unknown';
  const seen = { operatorId, channel: paid.channel, payerHash: paid.payer_hash, nowMs };
  await insertLink(tx, { ...seen, memberId, source: 'claim' });
  await notePayer(tx, { ...seen, memberId, source: 'claim' });
  return (await memberOfPayer(tx, seen)) === memberId ? 'linked' : 'of-another-member';
}

type OwnedPayer = SeenPayer & { readonly memberId: MemberId };

const insertLink = (
  tx: Tx,
  link: OwnedPayer & { readonly source: 'claim' | 'code' },
): Promise<unknown> =>
  tx.execute(sql`
    insert into payer_link (operator_id, payer_hash, channel, member_id, source, linked_at_ms)
    values (${link.operatorId}, ${link.payerHash}, ${link.channel}, ${link.memberId}, ${link.source},
            ${link.nowMs})
    on conflict do nothing`);

const notePayer = (
  tx: Tx,
  seen: OwnedPayer & { readonly source: 'claim' | 'charge' },
): Promise<unknown> =>
  noteRelations(tx, {
    operatorId: seen.operatorId,
    edges: [{ from: memberNode(seen.memberId), to: payerNode(seen.payerHash), relation: 'payer' }],
    source: seen.source,
    nowMs: seen.nowMs,
  });

export interface PayerLink {
  /** The first eight signs of the hash: enough to tell one's own wallets apart, too few to find anybody's. */
  readonly payer: string;
  readonly channel: string;
  readonly source: 'claim' | 'code';
  readonly linkedAtMs: number;
}

/** The wallets that are a member's, oldest first. */
export async function listPayerLinks(
  db: Db | Tx,
  member: { readonly operatorId: OperatorId; readonly memberId: MemberId },
): Promise<readonly PayerLink[]> {
  const { rows } = await db.execute<{
    payer: string;
    channel: string;
    source: 'claim' | 'code';
    linked_at_ms: number;
  }>(sql`
    select left(payer_hash, 8) as payer, channel, source, linked_at_ms from payer_link
     where operator_id = ${member.operatorId} and member_id = ${member.memberId}
       and unlinked_at_ms is null order by linked_at_ms, payer_hash limit ${payerLinksMax}`);
  return rows.map(({ linked_at_ms: linkedAtMs, ...rest }) => ({ ...rest, linkedAtMs }));
}

/**
 * Ends links, one (`payer`, as it is listed) or all: the next payment from such a wallet is
 * nobody's until its holder says so again. Points that it brought stay. Answers how many ended.
 */
export async function unlinkPayers(
  tx: Tx,
  unlink: {
    readonly operatorId: OperatorId;
    readonly memberId: MemberId;
    readonly payer?: string | undefined;
    readonly by: string;
    readonly nowMs: number;
  },
): Promise<{ readonly unlinked: number }> {
  const result = await tx.execute(sql`
    update payer_link set unlinked_at_ms = ${unlink.nowMs}, unlinked_by = ${unlink.by}
     where operator_id = ${unlink.operatorId} and member_id = ${unlink.memberId}
       and unlinked_at_ms is null
       and left(payer_hash, 8) = coalesce(${unlink.payer ?? null}::text, left(payer_hash, 8))`);
  return { unlinked: result.rowCount ?? 0 };
}

/** Whether wallets that a member shows his code with are remembered. False when there is no such member. */
export async function rememberPayers(
  db: Db | Tx,
  wish: {
    readonly operatorId: OperatorId;
    readonly memberId: MemberId;
    readonly remembers: boolean;
  },
): Promise<boolean> {
  const result = await db.execute(sql`
    update member set remembers_payers = ${wish.remembers}
     where operator_id = ${wish.operatorId} and member_id = ${wish.memberId}`);
  return result.rowCount === 1;
}
