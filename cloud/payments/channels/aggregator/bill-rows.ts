import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { fen } from '#shared/money/fen.ts';
import {
  BillFileLineSchema,
  BillFileTotalsSchema,
  type BillFileLine,
  type BillFileTotals,
} from '#cloud/channel-simulator/protocol.ts';
import { BillUnreadable, type BillRow } from '#cloud/channel/channel-bill.ts';
import { billTextLines } from '#cloud/payments/channels/wire/bill-text.ts';

const checkLine = Compile(Type.Union([BillFileLineSchema, BillFileTotalsSchema]));

/**
 * The lines of an aggregator's bill as it lies on disk, uncompressed: JSON lines, the last one the
 * sums. Memory stays bounded. Throws {@link BillUnreadable} when a line does not fit, the sums are
 * missing, or they are not those of the lines.
 */
export async function* aggregatorBillRows(path: string): AsyncIterable<BillRow> {
  const sums = { lines: 0, paidFen: 0, backFen: 0, feeFen: 0 };
  let isOver = false;
  for await (const text of billTextLines(path)) {
    if (text === '') continue;
    if (isOver) throw new BillUnreadable('lines behind the sums');
    const line = parse(text);
    if (line.type === 'totals') {
      checkTotals(line, sums);
      isOver = true;
      continue;
    }
    sums.lines += 1;
    sums[line.type === 'payment' ? 'paidFen' : 'backFen'] += line.amountFen;
    sums.feeFen += line.feeFen;
    yield rowOf(line);
  }
  if (!isOver) throw new BillUnreadable('the sums at the end are missing');
}

function parse(text: string): BillFileLine | BillFileTotals {
  const value = jsonOf(text);
  if (!checkLine.Check(value)) throw new BillUnreadable('a line that is none');
  return value;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkTotals(said: BillFileTotals, sums: Omit<BillFileTotals, 'type'>): void {
  const holds =
    said.lines === sums.lines &&
    said.paidFen === sums.paidFen &&
    said.backFen === sums.backFen &&
    said.feeFen === sums.feeFen;
  if (!holds) throw new BillUnreadable('the sums at the end are not those of the lines');
}

const kinds = { payment: 'paid', refund: 'refund', reversal: 'reversed' } as const;

const rowOf = (line: BillFileLine): BillRow => ({
  kind: line.state === 'CLOSED' ? 'closed' : kinds[line.type],
  outTradeNo: line.outTradeNo,
  outRefundNo: line.type === 'payment' ? undefined : (line.outRefundNo ?? line.outTradeNo),
  channelRef: line.transactionId,
  channelMerchantNo: line.merchantNo,
  amountFen: fen(line.amountFen),
  feeFen: fen(line.feeFen),
  atMs: line.atMs,
});
