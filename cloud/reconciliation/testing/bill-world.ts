import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Pool } from 'pg';
import type { OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';
import { shanghaiTimeOf } from '#cloud/payments/channels/wire/shanghai-time.ts';
import type { BreakClass } from '#cloud/reconciliation/breaks/break-machine.ts';

/** A made-up day of one operator: so many charges of 50 shops, and a bill that lies about some of them. */
export interface BillWorld {
  readonly operatorId: OperatorId;
  readonly date: string;
  readonly charges: number;
  /** Of so many charges in a row each class of difference has one. At least 100. */
  readonly every: number;
  /** Moves which charges those are, and all sums. */
  readonly seed: number;
}

/** Classes that the bill brings in, each at a place of its own. */
const lies = [
  'bank-miss',
  'short-by-amount',
  'long-by-amount',
  'long-by-status',
  'fee-mismatch',
  'double',
  'platform-miss',
  'short-by-status',
  'refund-miss',
] as const satisfies readonly BreakClass[];
type Lie = (typeof lies)[number];

const shops = 50;
const feeBp = 60;

const placeOf = (world: BillWorld, lie: Lie): number =>
  (world.seed * 31 + lies.indexOf(lie) * 7) % world.every;
const lieAt = (world: BillWorld, n: number): Lie | undefined =>
  lies.find((lie) => n % world.every === placeOf(world, lie));
const amountOf = (world: BillWorld, n: number): number => 100 + ((n * 7_919 + world.seed) % 50_000);
const isRefunded = (world: BillWorld, n: number): boolean => {
  const lie = lieAt(world, n);
  return lie === 'refund-miss' || (lie === undefined && n % shops === 0);
};
const feeOf = (amountFen: number): number => Math.floor((amountFen * feeBp + 5_000) / 10_000);

const tradeNo = (n: number): string => `T${String(n).padStart(28, '0')}`;

/** What reconciliation must find: class and number of each, sorted. */
export function expectedBreaks(world: BillWorld): readonly string[] {
  const found: string[] = [];
  for (let n = 1; n <= world.charges; n += 1) {
    const lie = lieAt(world, n);
    if (lie === undefined) continue;
    if (lie === 'refund-miss') found.push(`${lie} ${tradeNo(n)}T1`);
    else if (lie === 'platform-miss') found.push(`${lie} X${tradeNo(n)}`);
    else found.push(`${lie} ${tradeNo(n)}`);
  }
  return found.toSorted();
}

/** Writes what the cloud knows: charges, refunds, journals. By the owner, in bulk, as a day of sales would leave it. */
export async function plantWorld(pool: Pool, world: BillWorld): Promise<void> {
  const { operatorId, charges, every, seed } = world;
  const startMs = dayStartMs(world.date);
  const day = `n as (select n, 'mch_' || lpad((n % ${shops})::text, 26, '0') as m,
      'ord_' || lpad(n::text, 26, '0') as o, 'T' || lpad(n::text, 28, '0') as t,
      100 + (n * 7919 + ${seed}) % 50000 as fen,
      n % ${every} = ${placeOf(world, 'short-by-status')} as failed,
      n % ${every} = ${placeOf(world, 'refund-miss')} or (n % ${shops} = 0
        and n % ${every} not in (${lies.map((lie) => placeOf(world, lie)).join(', ')})) as refunded,
      ${startMs} + n * (86000000 / ${charges}.0)::numeric as at
    from generate_series(1, ${charges}::bigint) n)`;
  await pool.query(`insert into merchant_channel (operator_id, merchant_id, channel, channel_merchant_no,
      wallets, priority, per_txn_max_fen, day_quota_fen, fee_bp)
    select '${operatorId}', 'mch_' || lpad(m::text, 26, '0'), 'wechat', '19000' || m, '{wechat}', 1, 5000000,
      1000000000000, ${feeBp} from generate_series(0, ${shops - 1}) m on conflict do nothing`);
  await pool.query(`with ${day} insert into payment_attempt (operator_id, order_id, attempt, kind, merchant_id,
      terminal_id, channel, channel_merchant_no, out_trade_no, wallet, amount_fen, voucher_fen, concession_bp,
      business_date, cashier, opened_at_ms, content_hash, route, quota_date, status, in_flight,
      submitted_at_ms, cancel_wanted, found_paid, fruitless_tries, lease_until_ms, channel_ref, paid_at_ms,
      settled_at_ms, book_state)
    select '${operatorId}', o, 1, 'charge', m, 'trm_1', 'wechat', '19000' || n % ${shops}, t, 'wechat', fen, 0, 1000,
      '${world.date}', 'x', at::bigint, 'x', '{}', '${world.date}', case when failed then 'failed' else 'paid' end, false,
      at::bigint, false, false, 0, 0, case when not failed then 'R' || n end,
      case when not failed then at::bigint end, at::bigint, case when failed then 'none' else 'booked' end from n`);
  await pool.query(`with ${day} insert into order_refund (operator_id, merchant_id, order_id, refund_no, terminal_id,
      how, amount_fen, cash_fen, voucher_fen, cashier, reason, business_date, asked_at_ms, status, attempt,
      out_refund_no, ledger_date, done_at_ms)
    select '${operatorId}', m, o, 1, 'trm_1', 'channel', fen, fen, 0, 'x', 'x', '${world.date}', at::bigint, 'done', 1,
      t || 'T1', '${world.date}', at::bigint from n where refunded`);
  await pool.query(`with ${day} insert into ledger_txn (operator_id, book, idem_key, kind, event_at_ms, content_hash)
    select '${operatorId}', m, 'sale:' || o, 'channel-sale', at::bigint, repeat('0', 64) from n where not failed
    union all select '${operatorId}', m, 'refund:' || o || ':1', 'refund', at::bigint, repeat('0', 64)
      from n where refunded`);
  await pool.query(`with ${day} insert into ledger_entry (operator_id, txn_no, leg, book, account, amount_fen)
    select operator_id, txn_no, leg, book, account,
           fen * case when kind = 'refund' then -sign else sign end
      from ledger_txn join n on o = split_part(idem_key, ':', 2)
      cross join (values (0, 'channel_clearing', -1), (1, 'merchant_payable', 1)) as legs (leg, account, sign)
     where operator_id = '${operatorId}' and kind in ('channel-sale', 'refund')`);
}

const columns =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const totals =
  '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
const linesPerWrite = 2_000;

interface Line {
  readonly n: number;
  readonly outTradeNo: string;
  readonly channelRef: string;
  readonly state: 'SUCCESS' | 'CLOSED' | 'REFUND';
  readonly amountFen: number;
  readonly feeFen: number;
}

/** The lines of one charge, with its lie. */
function linesOf(world: BillWorld, n: number): readonly Line[] {
  const lie = lieAt(world, n);
  const amountFen = amountOf(world, n);
  const outTradeNo = tradeNo(n);
  const channelRef = `42${String(n).padStart(26, '0')}`;
  const honest: Line = {
    n,
    outTradeNo,
    channelRef,
    state: 'SUCCESS',
    amountFen,
    feeFen: feeOf(amountFen),
  };
  const refund: Line = { ...honest, state: 'REFUND', feeFen: -feeOf(amountFen) };
  switch (lie) {
    case undefined:
      return isRefunded(world, n) ? [honest, refund] : [honest];
    case 'bank-miss':
      return [];
    case 'short-by-amount':
      return [{ ...honest, amountFen: amountFen + 7 }];
    case 'long-by-amount':
      return [{ ...honest, amountFen: amountFen - 3 }];
    case 'long-by-status':
      return [{ ...honest, state: 'CLOSED' }];
    case 'fee-mismatch':
      return [{ ...honest, feeFen: honest.feeFen + 1 }];
    case 'double':
      return [honest, { ...honest, channelRef: `43${channelRef.slice(2)}` }];
    case 'platform-miss':
      return [honest, { ...honest, outTradeNo: `X${outTradeNo}` }];
    case 'short-by-status':
    case 'refund-miss':
      return [honest];
  }
}

/** Writes the bill as WeChat does (uncompressed). Returns how many lines it has. */
export async function writeBill(world: BillWorld, path: string): Promise<number> {
  const file = createWriteStream(path);
  const sums = { count: 0, paidFen: 0, backFen: 0, feeFen: 0 };
  const startMs = dayStartMs(world.date);
  let lines = [`\uFEFF${columns}`];
  const flush = async () => {
    if (!file.write(`${lines.join('\r\n')}\r\n`)) await once(file, 'drain');
    lines = [];
  };
  for (let n = 1; n <= world.charges; n += 1) {
    for (const line of linesOf(world, n)) {
      const isBack = line.state === 'REFUND';
      sums.count += 1;
      sums[isBack ? 'backFen' : 'paidFen'] += line.amountFen;
      sums.feeFen += line.feeFen;
      lines.push(textOf(line, startMs + Math.floor((n * 86_000_000) / world.charges)));
    }
    if (lines.length >= linesPerWrite) await flush();
  }
  const foot = [yuan(sums.paidFen), yuan(sums.backFen), '0.00', yuan(sums.feeFen)];
  lines.push(totals, row([String(sums.count), ...foot, foot[0] ?? '', foot[1] ?? '']));
  await flush();
  file.end();
  await once(file, 'close');
  return sums.count;
}

const yuan = (amountFen: number): string => formatYuan(fen(amountFen)).replaceAll(',', '');
const row = (cells: readonly string[]): string => cells.map((cell) => `\`${cell}`).join(',');

function textOf(line: Line, atMs: number): string {
  const isBack = line.state === 'REFUND';
  const paid = isBack ? '0.00' : yuan(line.amountFen);
  const back = isBack ? yuan(line.amountFen) : '0.00';
  return row([
    shanghaiTimeOf(atMs),
    'wxsandbox',
    '1900000000',
    `19000${line.n % shops}`,
    '',
    line.channelRef,
    line.outTradeNo,
    'oSandboxPayer',
    'MICROPAY',
    line.state,
    'OTHERS',
    'CNY',
    paid,
    '0.00',
    isBack ? `50${line.channelRef.slice(2)}` : '0',
    isBack ? `${line.outTradeNo}T1` : '0',
    back,
    '0.00',
    isBack ? 'ORIGINAL' : '',
    isBack ? 'SUCCESS' : '',
    '门店消费',
    '',
    yuan(line.feeFen),
    '0.60%',
    paid,
    back,
    '',
  ]);
}
