import { fen, type Fen } from '#shared/money/fen.ts';
import { billBytesMax, BillUnreadable, type BillRow } from '#cloud/channel/channel-bill.ts';
import { cellOf, checkColumns } from '#cloud/payments/channels/unionpay/bill-columns.ts';
import { shanghaiInstantOfDigits } from '#cloud/payments/channels/wire/shanghai-time.ts';
import { openZip, type ZipEntry, type ZipFile } from '#cloud/payments/channels/wire/zip-file.ts';

/** Longest line, in bytes; a true one has 630. */
export const billLineBytesMax = 4_096;

/** INN, the day YYMMDD, two digits, ZM_ and the merchant. ZME_ files hold disputes and are not read. */
const detailName = /^INN([0-9]{2})([0-9]{2})[0-9]{4}ZM_[0-9A-Za-z]{1,15}$/;

/**
 * The lines of UnionPay's detail file of settled transactions, as it lies on disk: the zip out of
 * `fileContent`, or the same zip out of the back office. Memory stays bounded. There are no sums
 * under the lines: what makes the file whole is the signature of the answer that brought it, and
 * the checksum in the zip. Throws {@link BillUnreadable} when a line cannot be read.
 */
export async function* unionpayBillRows(path: string): AsyncIterable<BillRow> {
  const zip = await openZip(path, billBytesMax);
  if (!zip.ok) throw new BillUnreadable(zip.error.type);
  try {
    const { entry, settled } = detailOf(zip.value);
    for await (const line of linesOf(zip.value.read(entry))) {
      if (line.trim() === '') continue;
      checkColumns(line);
      yield rowOf(line, settled);
    }
  } finally {
    await zip.value.close();
  }
}

/** The year and month by which the lines' times, which have no year, are understood. */
interface Settled {
  readonly year: number;
  readonly month: string;
}

function detailOf(zip: ZipFile): { readonly entry: ZipEntry; readonly settled: Settled } {
  const found = zip.entries.flatMap((entry) => {
    const [, year, month] = detailName.exec(entry.name.toString('latin1')) ?? [];
    if (year === undefined || month === undefined) return [];
    return [{ entry, settled: { year: 2_000 + Number(year), month } }];
  });
  const [detail] = found;
  if (detail === undefined || found.length > 1)
    throw new BillUnreadable('not one file of settled transactions');
  return detail;
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  // Columns are counted in bytes: so one character for each, and no GBK is decoded.
  const decoder = new TextDecoder('latin1');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of [...lines, rest])
      if (line.length > billLineBytesMax) throw new BillUnreadable('a line that is too long');
    for (const line of lines) yield line.replace(/\r$/, '');
  }
  if (rest !== '') yield rest.replace(/\r$/, '');
}

function rowOf(line: string, settled: Settled): BillRow {
  const orderId = cellOf(line, 'orderId');
  const settledFen = signedFen(cellOf(line, 'settleAmt'));
  const type = cellOf(line, 'txnType');
  const isPayment = type === '01' || (!isBackType(type) && settledFen >= 0);
  if (settledFen !== 0 && settledFen > 0 !== isPayment)
    throw new BillUnreadable('a line whose money went the other way');
  const feeFen = signedFen(cellOf(line, 'fee'));
  return {
    kind: settledFen === 0 ? 'closed' : isPayment ? 'paid' : type === '04' ? 'refund' : 'reversed',
    // A line that names no order is about its own number: no order of ours, so people see it.
    outTradeNo: isPayment ? orderId : cellOf(line, 'origOrderId') || orderId,
    outRefundNo: isPayment ? undefined : orderId,
    channelRef: cellOf(line, 'queryId'),
    channelMerchantNo: cellOf(line, 'merId'),
    amountFen: amountOf(cellOf(line, 'txnAmt')),
    feeFen: fen(feeFen === 0 ? 0 : -feeFen),
    atMs: instantOf(cellOf(line, 'traceTime'), settled),
  };
}

/** Refund, void, reversal. Other types are none of ours: whether they pay or take is told by their money. */
const isBackType = (type: string): boolean => type === '04' || type === '31' || type === '99';

/** 12 digits, fen. */
function amountOf(text: string): Fen {
  if (!/^[0-9]{12}$/.test(text)) throw new BillUnreadable('a cell that is no amount');
  return fen(Number(text));
}

/** X+n12: `C` is credited to the merchant, `D` is debited to him, as less than nothing. */
function signedFen(text: string): number {
  const [, direction, digits] = /^([CD])([0-9]{12})$/.exec(text) ?? [];
  if (digits === undefined) throw new BillUnreadable('a cell that is no amount');
  return direction === 'C' || Number(digits) === 0 ? Number(digits) : -Number(digits);
}

/** MMDDhhmmss: of the file's year, or of December before a file of January. */
function instantOf(text: string, { year, month }: Settled): number {
  const isBefore = month === '01' && text.startsWith('12');
  const instantMs = shanghaiInstantOfDigits(`${String(isBefore ? year - 1 : year)}${text}`);
  if (instantMs === undefined) throw new BillUnreadable('a cell that is no time');
  return instantMs;
}
