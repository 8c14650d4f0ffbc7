import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import type { BoxAsk } from '#drivers/ecr/session/box-report.ts';
import { createBcd2Dialect, decodeBcd2 } from '#drivers/ecr/stx-etx/bcd2-dialect.ts';
import { exampleBcd2Table } from '#drivers/ecr/stx-etx/bcd2-table.ts';
import { ticketOf } from '#drivers/ecr/stx-etx/ticket.ts';
import { createTransbankDialect, decodeTransbank } from '#drivers/ecr/stx-etx/transbank-dialect.ts';

const sale = { merchantOrderNo: '01KAN7XW5K3V9C2M4P6R8T0V1W01', amountFen: fen(1_250) };
const reversal = { ...sale, originalOrderNo: 'A0', originalBoxRef: '000072' };
const context = { nowMs: 0, requestId: 'r' };
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

describe('transbank', () => {
  const dialect = createTransbankDialect();
  const words = (ask: BoxAsk): string => {
    const encoded = dialect.encode(ask, context);
    return encoded.ok ? latin1(encoded.value) : encoded.error;
  };
  const chileMs = -180 * 60_000;
  const read = (text: string) => decodeTransbank(bytes(text), chileMs);

  it.each<readonly [string, BoxAsk, string]>([
    [
      'a sale',
      { kind: 'sale', order: sale },
      `0200|000001250|${ticketOf(sale.merchantOrderNo)}|||1`,
    ],
    [
      'more than nine digits',
      { kind: 'sale', order: { ...sale, amountFen: fen(1_000_000_000) } },
      'box-refused',
    ],
    ['the last sale', { kind: 'query', about: sale }, '0250|'],
    ['what became of a reversal', { kind: 'query', about: reversal }, 'box-cannot'],
    ['a void', { kind: 'void', order: reversal }, '1200|000072|'],
    [
      'a refund of all',
      { kind: 'refund', order: { ...reversal, originalAmountFen: fen(1_250) } },
      '1200|000072|',
    ],
    [
      'a refund of a part',
      { kind: 'refund', order: { ...reversal, originalAmountFen: fen(9_999) } },
      'box-cannot',
    ],
    [
      'a void of no number',
      { kind: 'void', order: { ...reversal, originalBoxRef: 'x|y' } },
      'box-refused',
    ],
    ['giving up', { kind: 'close', about: sale }, 'box-cannot'],
    ['new keys', { kind: 'chore', chore: 'load-keys' }, '0800'],
    ['the end of the day', { kind: 'chore', chore: 'close-day' }, '0500||'],
  ])('asks for %s', (_, ask, text) => {
    expect(words(ask)).toBe(text);
  });

  it('reads a sale as the maker’s own tests write it', () => {
    const fields =
      '00|597029414300|IT750050|ABC123|925171|1200|00|0|3331|000072|DB|000000|0000000000000000331|P|16032026|120653||||';
    expect(read(`0210|${fields}`)).toMatchObject({
      about: 'sale',
      verdict: 'done',
      mark: 'ABC123',
      amountFen: 1_200,
      boxRef: '000072',
      method: 'card',
      payerMask: '****3331',
      paidAtMs: Date.UTC(2026, 2, 16, 15, 6, 53),
    });
    expect(read(`0260|${fields}`)).toMatchObject({ about: 'query', verdict: 'done' });
  });

  it.each([
    ['0210|07|||ABC||10001||||||||||||||', 'not-done', 'box-cancelled'],
    ['0210|01|||ABC||10001||||||||||||||', 'not-done', 'box-declined'],
    ['0210|03|||ABC||10001||||||||||||||', 'not-done', 'box-no-network'],
    ['0210|22|||ABC||10001||||||||||||||', 'unclear', 'box-timeout'],
    ['0260|11', 'not-found', 'box-not-found'],
    ['0260|01', 'unclear', 'box-refused'],
    ['0900|84', 'progress', 'box-answer-invalid'],
    ['0900|abc', 'progress', 'box-answer-invalid'],
    ['1210|04|597029414300|IT750050||000072', 'done', 'box-declined'],
    ['1210|21|597029414300|IT750050||000072', 'not-done', 'box-declined'],
  ])('%s is %s, %s', (text, verdict, code) => {
    expect(read(text)).toMatchObject({ verdict, code });
  });

  it.each(['', '0210', '0210|', '0210|xx', '0999|00', '|||', '0210|1234'])(
    '%j is no message',
    (text) => {
      expect(read(text)).toBeNull();
    },
  );

  it('makes of an order number the same six characters every time, and of others other ones', () => {
    expect(ticketOf('')).toMatch(/^[0-9A-Z]{6}$/);
    const tickets = Array.from({ length: 5_000 }, (_, number) =>
      ticketOf(`01KAN7XW5K3V9C2M4P6R8T0V${number}`),
    );
    expect(new Set(tickets).size).toBe(tickets.length);
    expect(ticketOf('01KAN7XW5K3V9C2M4P6R8T0V1W01')).toBe(ticketOf('01KAN7XW5K3V9C2M4P6R8T0V1W01'));
  });
});

describe('bcd2', () => {
  const dialect = createBcd2Dialect(exampleBcd2Table);
  const words = (ask: BoxAsk): string => {
    const encoded = dialect.encode(ask, context);
    return encoded.ok ? latin1(encoded.value) : encoded.error;
  };
  const number = sale.merchantOrderNo.padEnd(32, ' ');

  it.each<readonly [string, BoxAsk, string]>([
    ['a sale', { kind: 'sale', order: sale }, `01000000001250${number}${' '.repeat(12)}`],
    ['a void', { kind: 'void', order: reversal }, `02000000001250${number}000072      `],
    ['a query', { kind: 'query', about: sale }, `04000000000000${number}${' '.repeat(12)}`],
    ['what became of a reversal', { kind: 'query', about: reversal }, 'box-cannot'],
    ['giving up', { kind: 'close', about: sale }, 'box-cannot'],
    [
      'a number too long',
      { kind: 'sale', order: { ...sale, merchantOrderNo: 'x'.repeat(33) } },
      'box-refused',
    ],
    [
      'a number not of ASCII',
      { kind: 'sale', order: { ...sale, merchantOrderNo: '单' } },
      'box-refused',
    ],
  ])('asks for %s', (_, ask, text) => {
    expect(words(ask)).toBe(text);
  });

  it('reads an answer of the table, and nothing of another length', () => {
    const answer = `0100${number}000000001250000001      6222****1234       20261122102030`;
    expect(decodeBcd2(bytes(answer), exampleBcd2Table)).toMatchObject({
      about: 'sale',
      verdict: 'done',
      mark: sale.merchantOrderNo,
      amountFen: 1_250,
      boxRef: '000001',
      payerMask: '6222****1234',
      paidAtMs: Date.UTC(2026, 10, 22, 2, 20, 30),
    });
    expect(decodeBcd2(bytes(`${answer} `), exampleBcd2Table)).toBeNull();
    expect(decodeBcd2(bytes(answer.replace('0100', '7700')), exampleBcd2Table)).toBeNull();
  });
});

describe('a code that no list of the bank’s table explains, and one for no network', () => {
  const number = sale.merchantOrderNo.padEnd(32, ' ');
  const answer = (command: string, code: string): Uint8Array =>
    bytes(`${command}${code}${number}000000001250${' '.repeat(12 + 19 + 14)}`);
  it.each([
    ['01', '99', 'not-done', 'box-declined'],
    ['01', 'N1', 'not-done', 'box-no-network'],
    // The box repeats the number of the question that it could not answer.
    ['04', '99', 'unclear', 'box-refused'],
    ['04', 'N1', 'unclear', 'box-refused'],
    ['04', 'C1', 'not-done', 'box-cancelled'],
    ['04', 'F1', 'not-found', 'box-not-found'],
  ])('in the answer to command %s, code %s: %s, %s', (command, code, verdict, why) => {
    const read = decodeBcd2(answer(command, code), exampleBcd2Table);
    expect(read).toMatchObject({ verdict, code: why, mark: sale.merchantOrderNo });
  });
});

it('no message of any box makes a dialect throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string({ maxLength: 120 }).map(bytes)),
      (payload) => {
        decodeTransbank(payload, 0);
        decodeBcd2(payload, exampleBcd2Table);
      },
    ),
  );
});
