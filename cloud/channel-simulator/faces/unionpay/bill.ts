import { deflateSync } from 'node:zlib';
import type { BillLine } from '#cloud/channel-simulator/books/bill-lines.ts';
import type { FaceHouse } from '#cloud/channel-simulator/face.ts';
import type { Words } from '#cloud/channel-simulator/faces/unionpay/seal.ts';
import { queryIdOf } from '#cloud/channel-simulator/faces/unionpay/query-id.ts';
import { gbkOf } from '#cloud/channel-simulator/gbk.ts';
import { shanghaiDateOf, shanghaiTimeOf } from '#cloud/channel-simulator/shanghai-time.ts';
import { zipOf } from '#cloud/channel-simulator/zip.ts';

/** Where the simulator hands out files; UnionPay has a host of its own for them. */
export const filePath = '/unionpay/filedownload';

const dayMs = 86_400_000;
/** A day's file is there from 9:00 in Shanghai on the next day on. */
const readyAfterMs = 33 * 3_600_000;
/** UnionPay's day is over at 23:00. */
const turnsBeforeMs = 3_600_000;
const absent = { respCode: '98', respMsg: '文件不存在[0000098]' };

/** A file download (76/01): the merchant's detail file of a settlement day, inside the answer. */
export function fileOf(house: FaceHouse, words: Words, nowMs: number): Words {
  const { merId: merchantNo = '', settleDate = '', txnType, txnSubType, fileType } = words;
  const isKnown = txnType === '76' && txnSubType === '01' && fileType === '00';
  const date = dayOf(settleDate, nowMs);
  if (!isKnown || date === undefined) return { respCode: '10' };
  const repeated = { settleDate, fileType };
  const startMs = Date.parse(`${date}T00:00:00+08:00`);
  const lines = house.bills.linesOf({ face: 'unionpay', date, merchantNo, turnsBeforeMs });
  if (nowMs < startMs + readyAfterMs || lines.length === 0) return { ...repeated, ...absent };
  return {
    ...repeated,
    respCode: '00',
    respMsg: '成功[0000000]',
    fileName: `${merchantNo}_${date.replaceAll('-', '')}.zip`,
    fileContent: deflateSync(unionpayBill(lines, { merchantNo, date })).toString('base64'),
  };
}

/** MMDD is a day of the last year, or tomorrow at the most. */
function dayOf(settleDate: string, nowMs: number): string | undefined {
  if (!/^[0-9]{4}$/.test(settleDate)) return undefined;
  const latest = shanghaiDateOf(nowMs + dayMs);
  const [month, day] = [settleDate.slice(0, 2), settleDate.slice(2)];
  const of = (year: number): string => `${String(year)}-${month}-${day}`;
  const year = Number(latest.slice(0, 4));
  const date = of(year) <= latest ? of(year) : of(year - 1);
  return Number.isNaN(Date.parse(date)) ? undefined : date;
}

interface About {
  readonly merchantNo: string;
  readonly date: string;
}

/** The zip of a merchant's day: one file of settled transactions, in GBK, columns of fixed width. */
export function unionpayBill(lines: readonly BillLine[], { merchantNo, date }: About): Buffer {
  const name = `INN${date.slice(2).replaceAll('-', '')}88ZM_${merchantNo}`;
  const text = lines.map((line) => `${rowOf(line)}\r\n`).join('');
  return zipOf([{ name: gbkOf(name), content: gbkOf(text) }]);
}

/** Type and subtype of a line; a void bears the order's number and V1, a reversal the order's own. */
function typeOf({ refund, outTradeNo }: BillLine): readonly [string, string] {
  if (refund === undefined) return ['01', '06'];
  if (refund.isReversal) return ['99', '01'];
  return refund.outRefundNo === `${outTradeNo}V1` ? ['31', '00'] : ['04', '00'];
}

function rowOf(line: BillLine): string {
  const { refund } = line;
  const [type, subType] = typeOf(line);
  const traceTime = shanghaiTimeOf(line.atMs)
    .replaceAll(/[^0-9]/g, '')
    .slice(4);
  // What was closed stands there with its amount, and settles nothing.
  const moved =
    line.state === 'CLOSED' ? 0 : refund === undefined ? line.amountFen : -line.amountFen;
  const fee = moved === 0 ? 0 : line.feeFen;
  return [
    left('S22', 3),
    left('48020000', 11),
    left('00049992', 11),
    line.transactionId.slice(-6),
    traceTime,
    left('622848*********0018', 19),
    zeros(line.amountFen, 12),
    '5311',
    '07',
    left(queryIdOf(line.transactionId), 21),
    left('', 2),
    left(refund?.outRefundNo ?? line.outTradeNo, 32),
    '01',
    left('', 6),
    left('', 10),
    signed(-fee),
    signed(moved),
    '0001',
    left('', 15),
    type,
    subType,
    '000000',
    '01',
    left('', 4),
    left('', 32),
    '0',
    left(refund === undefined ? '' : queryIdOf(line.transactionId), 21),
    left(line.merchantNo, 15),
    '0',
    left('', 15),
    left('', 32),
    signed(0),
    signed(moved - fee),
    left('49000002', 8),
    left('', 32),
    signed(0),
    signed(0),
    zeros(0, 12),
    '00',
    '0',
    left(refund === undefined ? '' : line.outTradeNo, 32),
    left('', 98),
  ].join(' ');
}

const left = (text: string, width: number): string => text.padEnd(width, ' ');
const zeros = (value: number, width: number): string => String(value).padStart(width, '0');
/** X+n12: C is credited to the merchant, D is debited to him. */
const signed = (value: number): string => `${value < 0 ? 'D' : 'C'}${zeros(Math.abs(value), 12)}`;
