import { sql } from 'drizzle-orm';
import type { PaidOrder } from '#cloud/orders/paid-order.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { MerchantId, OperatorId, OrderId, TerminalId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';

/** 2026-03-02 12:00 in Shanghai. */
export const noonMs = Date.UTC(2026, 2, 2, 4);
export const dayMs = 86_400_000;

const numbered = (prefix: string, index: number): string =>
  `${prefix}_01J0${String(index).padStart(22, '0')}`;

export const operatorNo = (index: number): OperatorId => numbered('opr', index) as OperatorId;
export const merchantNo = (index: number): MerchantId => numbered('mch', index) as MerchantId;
export const orderNo = (index: number): OrderId => numbered('ord', index) as OrderId;

export interface OrderChoices {
  readonly operatorId: OperatorId;
  readonly index: number;
  readonly merchant?: number;
  readonly amountFen: number;
  readonly voucherFen?: number;
  readonly concessionBp?: number;
  readonly source?: PaidOrder['source'];
  readonly acceptedAtMs?: number;
  readonly memberId?: PaidOrder['memberId'];
  readonly claimHash?: string;
}

export function paidOrder(choices: OrderChoices): PaidOrder {
  const source = choices.source ?? 'channel';
  const acceptedAtMs = choices.acceptedAtMs ?? noonMs;
  return {
    operatorId: choices.operatorId,
    merchantId: merchantNo(choices.merchant ?? 1),
    terminalId: numbered('trm', 1) as TerminalId,
    orderId: orderNo(choices.index),
    source,
    channel: source === 'channel' ? 'wechat' : source,
    amountFen: fen(choices.amountFen),
    voucherFen: fen(choices.voucherFen ?? 0),
    netFen: fen(choices.amountFen - (choices.voucherFen ?? 0)),
    concessionBp: basisPoints(choices.concessionBp ?? 2_000),
    memberId: choices.memberId,
    claimHash: choices.claimHash,
    paidAtMs: acceptedAtMs,
    acceptedAtMs,
    businessDate: '2026-03-02',
  };
}

/** Balances by account over all books and slots, as stored (holdings are negative); zero balances are left out. */
export async function balancesOf(
  db: Pick<Db, 'execute'>,
  operatorId: OperatorId,
): Promise<Readonly<Record<string, number>>> {
  const { rows } = await db.execute(sql`
    SELECT account, sum(balance_fen) AS fen FROM ledger_balance WHERE operator_id = ${operatorId}
    GROUP BY account HAVING sum(balance_fen) <> 0 ORDER BY account`);
  return Object.fromEntries(rows.map((row) => [String(row['account']), Number(row['fen'])]));
}

/** An operator with a merchant in district 510107, so that foreign keys of other domains find their rows. */
export async function provisionMerchants(
  db: Pick<Db, 'execute'>,
  options: { readonly operatorId: OperatorId; readonly count: number },
): Promise<void> {
  const { operatorId } = options;
  await db.execute(sql`INSERT INTO operator (operator_id, name, created_at_ms)
    VALUES (${operatorId}, 'Test', 0)`);
  for (let index = 1; index <= options.count; index += 1)
    await db.execute(sql`
      INSERT INTO merchant (operator_id, merchant_id, name, concession_bp, same_day_bp, cut_over_hour,
        created_at_ms)
      VALUES (${operatorId}, ${merchantNo(index)}, 'Shop', 2000, 8000, 0, 0)`);
}

/** Contracts of all three roles for merchant 1 from 2026-01-01 on. */
export async function signThreeRoles(
  db: Pick<Db, 'execute'>,
  operatorId: OperatorId,
): Promise<void> {
  await db.execute(
    sql`INSERT INTO merchant_territory VALUES (${operatorId}, ${merchantNo(1)}, '510107')`,
  );
  const roles = [
    ['marketer', merchantNo(1)],
    ['region', '510107'],
    ['province', '51'],
  ] as const;
  for (const [role, scope] of roles) {
    await db.execute(sql`INSERT INTO agent VALUES (${operatorId}, ${`agt_${role}`}, ${role}, 0)`);
    await db.execute(sql`INSERT INTO agent_contract VALUES
      (${operatorId}, ${`ctr_${role}`}, ${`agt_${role}`}, ${role}, ${scope}, '2026-01-01', NULL)`);
  }
}
