import { sql, type SQL } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { NewInstruction } from '#cloud/settlement/instructions/instruction.ts';
import type { MerchantId, OperatorId, PersonId } from '#shared/ids/ids.ts';

/** What anybody who may read the lists sees of an account. */
export interface ShownPayee {
  /** Whole of a company, masked of a person. */
  readonly name: string;
  readonly bank: string;
  readonly lastFour: string;
}

/** An account as it is listed: the highest number counts. Times in ms. */
export interface ListedPayee extends ShownPayee {
  readonly payeeNo: number;
  readonly why: string;
  readonly proposedBy: string;
  readonly agreedBy: string;
  readonly madeAtMs: number;
}

export const payeesListedMax = 50;

interface Shop {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
}

/** A name of so few characters may be a person's: only its first one is shown. */
const personNameMax = 4;

export const shownName = (name: string): string => {
  const signs = Array.from(name);
  return signs.length > personNameMax ? name : `${signs[0] ?? ''}${'*'.repeat(signs.length - 1)}`;
};

/**
 * Two people have agreed where a shop is paid from now on. What is addressed already stays as it
 * is; what waits and was addressed to nobody, because there was no account, is addressed to the
 * first one. Answers its number, and how many open instructions stay with an older account;
 * undefined: no such shop.
 */
export async function addPayee(
  tx: Tx,
  payee: Shop &
    ShownPayee & {
      readonly sealed: string;
      readonly why: string;
      readonly proposedBy: PersonId;
      readonly agreedBy: PersonId;
      readonly nowMs: number;
    },
): Promise<{ readonly payeeNo: number; readonly stayingCount: number } | undefined> {
  const { operatorId, merchantId, nowMs } = payee;
  const shop = sql`operator_id = ${operatorId} and merchant_id = ${merchantId}`;
  const { rowCount } = await tx.execute(sql`select from merchant where ${shop} for update`);
  if (rowCount === 0) return undefined;
  const { rows } = await tx.execute<{ no: number }>(sql`
    insert into shop_payee (operator_id, merchant_id, payee_no, sealed, name_shown, bank, last_four,
      why, proposed_by, agreed_by, made_at_ms)
    select ${operatorId}, ${merchantId}, coalesce(max(payee_no), 0) + 1, ${payee.sealed},
           ${payee.name}, ${payee.bank}, ${payee.lastFour}, ${payee.why}, ${payee.proposedBy},
           ${payee.agreedBy}, ${nowMs}
      from shop_payee where ${shop} returning payee_no as no`);
  const payeeNo = rows[0]?.no ?? 1;
  if (payeeNo === 1)
    await address(tx, sql`${shop} and ${isPeoples} and state = 'ready'`, { operatorId, nowMs });
  const { rows: staying } = await tx.execute<{ count: number }>(sql`
    select count(*)::integer as count from channel_instruction join payout_payee
     using (operator_id, instruction_no, merchant_id)
     where ${shop} and state = 'ready' and payee_no < ${payeeNo}`);
  return { payeeNo, stayingCount: staying[0]?.count ?? 0 };
}

/** Money to a shop that people move. */
const isPeoples = sql`by_hand and kind in ('subsidy', 'subsidy-payout')`;

/** Does it bring money to a shop by people's hands? */
export const goesToPayee = ({
  kind,
  isByHand,
}: Pick<NewInstruction, 'kind' | 'isByHand'>): boolean =>
  isByHand === true && (kind === 'subsidy' || kind === 'subsidy-payout');

/**
 * New instructions that people carry out are addressed to the account that their shop has now, and
 * never to another one.
 */
export async function addressToPayees(
  tx: Tx,
  instructions: readonly NewInstruction[],
  nowMs: number,
): Promise<void> {
  const [first, ...rest] = instructions.filter(goesToPayee);
  if (first === undefined) return;
  const numbers = [first, ...rest].map(({ instructionNo }) => instructionNo);
  const those = sql`instruction_no = any(${sql.param(numbers)}::text[])`;
  await address(tx, those, { operatorId: first.operatorId, nowMs });
}

/** Addresses what is addressed to nobody to the newest account of its shop, if there is one. */
export async function address(
  tx: Tx,
  which: SQL,
  { operatorId, nowMs }: { readonly operatorId: OperatorId; readonly nowMs: number },
): Promise<void> {
  await tx.execute(sql`
    insert into payout_payee (operator_id, instruction_no, merchant_id, payee_no, addressed_at_ms)
    select operator_id, instruction_no, merchant_id, p.payee_no, ${nowMs}::bigint
      from (select operator_id, instruction_no, merchant_id from channel_instruction
             where operator_id = ${operatorId} and ${which}) i
     cross join lateral (select max(s.payee_no) as payee_no from shop_payee s
       where s.operator_id = i.operator_id and s.merchant_id = i.merchant_id) p
     where p.payee_no is not null
    on conflict do nothing`);
}

/** Where an instruction is addressed to, and where its shop is paid by now; undefined: nobody. */
export async function addressOf(
  tx: Tx,
  key: { readonly operatorId: OperatorId; readonly instructionNo: string },
): Promise<
  | {
      readonly merchantId: MerchantId;
      readonly payeeNo: number;
      readonly newestNo: number;
      readonly sealed: string;
    }
  | undefined
> {
  const { rows } = await tx.execute<{
    merchant_id: MerchantId;
    payee_no: number;
    newest_no: number;
    sealed: string;
  }>(sql`
    select a.merchant_id, a.payee_no, p.sealed,
           (select max(n.payee_no) from shop_payee n where n.operator_id = a.operator_id
               and n.merchant_id = a.merchant_id) as newest_no
      from payout_payee a join shop_payee p using (operator_id, merchant_id, payee_no)
     where a.operator_id = ${key.operatorId} and a.instruction_no = ${key.instructionNo}`);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { merchant_id: merchantId, payee_no: payeeNo, newest_no: newestNo, sealed } = row;
  return { merchantId, payeeNo, newestNo, sealed };
}

/** The accounts of a shop, the one that counts first, at most {@link payeesListedMax}. */
export async function listPayees(db: Db, shop: Shop): Promise<readonly ListedPayee[]> {
  const { rows } = await db.execute<ListedPayee & Record<string, unknown>>(sql`
    select payee_no as "payeeNo", name_shown as name, bank, last_four as "lastFour", why,
           proposed_by as "proposedBy", agreed_by as "agreedBy", made_at_ms as "madeAtMs"
      from shop_payee where operator_id = ${shop.operatorId} and merchant_id = ${shop.merchantId}
     order by payee_no desc limit ${payeesListedMax}`);
  return rows;
}
