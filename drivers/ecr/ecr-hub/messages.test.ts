import * as fc from 'fast-check';
import { PbfReader, PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { hubDataBytesMax } from '#drivers/ecr/ecr-hub/frame.ts';
import { createHubDialect, decodeHubReport } from '#drivers/ecr/ecr-hub/hub-dialect.ts';
import {
  decodeHubRequest,
  decodeHubResponse,
  encodeHubRequest,
  encodeHubResponse,
  type HubRequest,
  type HubResponse,
} from '#drivers/ecr/ecr-hub/messages.ts';
import { decodeWire, encodeWire } from '#drivers/ecr/ecr-hub/wire-format.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** Of the basic plane: pbf 5.1.2 writes wrong bytes for characters beyond it (U+20000 as F0 90 80 80). */
const text = fc
  .string({ unit: 'binary', maxLength: 60 })
  .map((each) => each.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '苹'));
const dialect = createHubDialect({ appId: 'wz0123456789' });
const context = { nowMs: 1_790_000_000_000, requestId: 'r1' };
const sale = { merchantOrderNo: '01KAN7XW5K3V9C2M4P6R8T0V1W01', amountFen: fen(3_450) };

/** What another implementation of the format reads: field number to text or number, and messages within. */
function judged(bytes: Uint8Array): Record<number, string | number> {
  const found: Record<number, string | number> = {};
  new PbfReader(bytes).readFields((tag, result: typeof found, pbf) => {
    result[tag] = pbf.type === 0 ? pbf.readVarint() : hex(pbf.readBytes());
  }, found);
  return found;
}
const hexText = (value: string): string => Buffer.from(value, 'utf8').toString('hex');

describe('the protobuf format, judged by pbf', () => {
  it('writes bytes that pbf reads back field by field', () => {
    const sent = getOrThrow(dialect.encode({ kind: 'sale', order: sale }, context));
    const outer = judged(sent);
    expect(outer).toMatchObject({
      1: hexText('ecrhub.pay.order'),
      2: hexText('r1'),
      3: hexText('wz0123456789'),
      4: hexText('1790000000000'),
      5: hexText('1.0'),
    });
    expect(judged(Uint8Array.from(Buffer.from(String(outer[6]), 'hex')))).toEqual({
      1: hexText(sale.merchantOrderNo),
      3: hexText('CNY'),
      4: hexText('34.50'),
      7: hexText('1'),
    });
  });

  it('writes the very bytes that pbf writes, for any texts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 2_000 }), text), { maxLength: 8 }),
        (fields) => {
          const pbf = new PbfWriter();
          for (const [number, value] of fields)
            if (value !== '') pbf.writeStringField(number, value);
          expect(hex(encodeWire(fields))).toBe(hex(pbf.finish()));
        },
      ),
    );
  });

  it('reads an answer that pbf wrote, with fields that are not ours', () => {
    const pbf = new PbfWriter();
    pbf.writeStringField(1, 'ecrhub.pay.order');
    pbf.writeDoubleField(90, 1.5);
    pbf.writeFixed32Field(91, 7);
    pbf.writeStringField(2, 'r1');
    pbf.writeBooleanField(4, true);
    pbf.writeMessage(
      6,
      (_: unknown, biz: PbfWriter) => {
        biz.writeStringField(1, sale.merchantOrderNo);
        biz.writeStringField(2, '34.5');
        biz.writeStringField(3, '51230016492309010000001');
        biz.writeStringField(5, '1');
        biz.writeStringField(6, 'BSCANQR_PAY');
        biz.writeStringField(7, '2');
        biz.writeStringField(9, '2026-11-22 10:20:30');
        biz.writeVarintField(77, 300);
      },
      null,
    );
    expect(decodeHubReport(pbf.finish())).toMatchObject({
      about: 'sale',
      verdict: 'done',
      mark: sale.merchantOrderNo,
      amountFen: 3_450,
      boxRef: '51230016492309010000001',
      method: 'scan',
      paidAtMs: Date.UTC(2026, 10, 22, 10, 20, 30),
    });
  });

  it('refuses bytes that are no message and never throws', () => {
    for (const broken of [
      '',
      '0a',
      '0aff',
      '0a05414243',
      '00',
      '0b',
      '0880',
      '08ffffffffffffffffffff01',
    ]) {
      expect(decodeHubResponse(Uint8Array.from(Buffer.from(broken, 'hex')))).toBeNull();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        decodeWire(bytes);
        decodeHubReport(bytes);
        decodeHubRequest(bytes);
      }),
    );
  });
});

describe('ECR-Hub messages', () => {
  it('come back as they were sent, plain and in Base64', () => {
    const request: HubRequest = {
      topic: 'ecrhub.pay.order',
      requestId: 'r9',
      appId: 'wz',
      timestamp: '1',
      version: '1.0',
      order: {
        merchantOrderNo: 'A1',
        origMerchantOrderNo: 'A0',
        priceCurrency: 'CNY',
        orderAmount: '0.01',
        transType: '3',
        payMethodCategory: 'BANKCARD',
      },
    };
    const bytes = encodeHubRequest(request);
    expect(decodeHubRequest(bytes)).toEqual(request);
    const wrapped = Uint8Array.from(Buffer.from(Buffer.from(bytes).toString('base64'), 'latin1'));
    expect(decodeHubRequest(wrapped)).toEqual(request);
    const base64 = createHubDialect({ appId: 'wz', payload: 'base64' });
    const sent = getOrThrow(base64.encode({ kind: 'sale', order: sale }, context));
    expect(Buffer.from(sent).toString('latin1')).toMatch(/^C[A-Za-z0-9+/]+=*$/);
    expect(decodeHubRequest(sent)?.order.orderAmount).toBe('34.50');
  });

  it('hold nowhere the end bytes of a frame, whole or shifted: the maker’s own reader would cut them there', () => {
    const orderNo = fc.stringMatching(/^[0-9A-Z]{28}$/);
    fc.assert(
      fc.property(
        orderNo,
        fc.integer({ min: 1, max: 5_000_000 }),
        fc.constantFrom('sale', 'query', 'close'),
        (merchantOrderNo, amount, kind) => {
          const order = { merchantOrderNo, amountFen: fen(amount) };
          const ask = kind === 'sale' ? ({ kind, order } as const) : { kind, about: order };
          const sent = getOrThrow(dialect.encode(ask, context));
          expect(hex(sent)).not.toContain('cc33');
          expect(sent.length).toBeLessThanOrEqual(hubDataBytesMax);
        },
      ),
    );
  });

  it('refuse an order number that the box would refuse', () => {
    for (const merchantOrderNo of ['', 'a-b', 'x'.repeat(33), '单']) {
      const order = { merchantOrderNo, amountFen: fen(1) };
      expect(dialect.encode({ kind: 'sale', order }, context)).toMatchObject({
        error: 'box-refused',
      });
    }
  });

  const blank: HubResponse = {
    topic: 'ecrhub.pay.order',
    requestId: '',
    appId: '',
    success: true,
    errorMsg: '',
    order: {
      merchantOrderNo: 'A1',
      orderAmount: '1.00',
      transNo: '7',
      priceCurrency: 'CNY',
      transType: '1',
      payScenario: '',
      transStatus: '2',
      payChannelTransNo: '',
      transEndTime: '',
      payMethodId: '',
    },
  };
  const said = (change: Partial<HubResponse>, transStatus: string): unknown => {
    const report = decodeHubReport(
      encodeHubResponse({ ...blank, ...change, order: { ...blank.order, transStatus } }),
    );
    return report?.verdict === 'not-done' ? report.code : report?.verdict;
  };

  it.each([
    ['completed', {}, '2', 'done'],
    ['created', {}, '0', 'pending'],
    ['ordered before', {}, '9', 'pending'],
    ['closed', { errorMsg: '余额不足' }, '1', 'box-declined'],
    ['closed without a line', { errorMsg: 'network error' }, '1', 'box-no-network'],
    ['cancelled', {}, '3', 'box-cancelled'],
    [
      'a failure of a sale without a status',
      { success: false, errorMsg: 'order not exist' },
      '',
      'unclear',
    ],
    [
      'a query that denies the order',
      { topic: 'ecrhub.pay.query', errorMsg: 'order not exist' },
      '',
      'not-found',
    ],
    [
      'a query that denies it in Chinese',
      { topic: 'ecrhub.pay.query', errorMsg: '订单不存在' },
      '',
      'not-found',
    ],
    [
      'a query that failed on its own line',
      { topic: 'ecrhub.pay.query', errorMsg: 'network error' },
      '',
      'unclear',
    ],
    ['a status that nobody knows', {}, '4', 'unclear'],
  ] as const)('%s', (_, change, status, verdict) => {
    expect(said(change, status)).toBe(verdict);
  });

  it('shows no long number of a text of the box', () => {
    const bytes = encodeHubResponse({ ...blank, errorMsg: 'card 6222021234567890123 declined' });
    expect(decodeHubReport(bytes)?.detail).toBe('card ***0123 declined');
  });
});
