import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import type { BillLine } from '#cloud/channel-simulator/books/bill-lines.ts';
import type { FaceHouse } from '#cloud/channel-simulator/face.ts';
import {
  billAddressLivesMs,
  type BillAnswer,
  type BillFileLine,
  type BillFileTotals,
  type BillRequest,
} from '#cloud/channel-simulator/protocol.ts';

const billFilePath = '/v1/bill-file';
const dayMs = 86_400_000;
const readyAfterMs = 34 * 3_600_000;
const keptMs = 92 * dayMs;
/** Addresses given out at once; the oldest is forgotten. */
const addressesMax = 100;

/** The bills that were asked for, each under an address of its own. */
export interface BillShelf {
  readonly lay: (
    request: BillRequest,
    nowMs: number,
  ) => { readonly status: number; readonly answer: BillAnswer };
  readonly fileOf: (token: string, nowMs: number) => Buffer | undefined;
}

export function createBillShelf(house: FaceHouse): BillShelf {
  const files = new Map<string, { readonly bytes: Buffer; readonly untilMs: number }>();
  return {
    fileOf: (token, nowMs) => {
      const file = files.get(token);
      return file === undefined || file.untilMs < nowMs ? undefined : file.bytes;
    },
    lay: ({ face, date }, nowMs) => {
      const startMs = Date.parse(`${date}T00:00:00+08:00`);
      if (Number.isNaN(startMs)) return refused(400, 'PARAM_ERROR', 'no such day');
      if (nowMs < startMs + readyAfterMs) return refused(404, 'BILL_NOT_READY', 'come back later');
      const lines = nowMs > startMs + keptMs ? [] : house.bills.linesOf({ face, date });
      if (lines.length === 0) return refused(404, 'BILL_NOT_FOUND', 'no bill of this day');
      const bill = aggregatorBill(lines);
      const token = randomBytes(24).toString('base64url');
      files.set(token, { bytes: gzipSync(bill), untilMs: nowMs + billAddressLivesMs });
      for (const old of [...files.keys()].slice(0, -addressesMax)) files.delete(old);
      const answer: BillAnswer = {
        code: 'SUCCESS',
        message: 'ok',
        face,
        date,
        downloadUrl: `${house.baseUrl()}${billFilePath}?token=${token}`,
        sha256: createHash('sha256').update(bill).digest('hex'),
      };
      return { status: 200, answer };
    },
  };
}

const refused = (status: number, code: string, message: string) => ({
  status,
  answer: { code, message },
});

/** One line for each movement, and their sums. */
export function aggregatorBill(lines: readonly BillLine[]): Buffer {
  const sum = (type: BillLine['type']): number =>
    lines.reduce((total, line) => total + (line.type === type ? line.amountFen : 0), 0);
  const totals: BillFileTotals = {
    type: 'totals',
    lines: lines.length,
    paidFen: sum('payment'),
    backFen: sum('refund'),
    feeFen: lines.reduce((total, line) => total + line.feeFen, 0),
  };
  return Buffer.from(
    [...lines.map(lineOf), totals].map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
}

const lineOf = (line: BillLine): BillFileLine => ({
  type: line.refund === undefined ? 'payment' : line.refund.isReversal ? 'reversal' : 'refund',
  atMs: line.atMs,
  merchantNo: line.merchantNo,
  outTradeNo: line.outTradeNo,
  transactionId: line.transactionId,
  state: line.state,
  amountFen: line.amountFen,
  feeFen: line.feeFen,
  ...(line.refund === undefined ? {} : { outRefundNo: line.refund.outRefundNo }),
});

/** The files behind the addresses: not signed, their digest is. */
export const mountBills = (app: FastifyInstance, house: FaceHouse, bills: BillShelf): void => {
  app.get(billFilePath, { exposeHeadRoute: false }, (request, answer) => {
    const { token = '' } = request.query as { readonly token?: string };
    const file = bills.fileOf(token, house.clock.nowMs());
    const gone = { status: 404, body: 'no such file' };
    return house.serve(request, answer, {
      requestBody: '',
      guard: () => (file === undefined ? gone : undefined),
      busy: () => ({ status: 429, body: 'slow down' }),
      carryOut: () => (file === undefined ? gone : { status: 200, body: file }),
      seal: (said) => ({ ...said, headers: { 'content-type': 'application/gzip' } }),
    });
  });
};
