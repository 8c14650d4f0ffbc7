import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { amountText, encodeLed8n, type Led8nCommand } from '#drivers/display/led8n-bytes.ts';

/** The manual's commands, as literal bytes. */
const table: readonly (readonly [string, Led8nCommand, string])[] = [
  ['initialise', { type: 'initialize' }, '1b 40'],
  ['clear', { type: 'clear' }, '0c'],
  ['clear line', { type: 'clear-line' }, '18'],
  ['show 12.50', { type: 'show', text: '12.50' }, '1b 51 41 31 32 2e 35 30 0d'],
  ['show -0.01', { type: 'show', text: '-0.01' }, '1b 51 41 2d 30 2e 30 31 0d'],
  ['no lamp', { type: 'lamp', lamp: 'none' }, '1b 73 30'],
  ['price lamp', { type: 'lamp', lamp: 'price' }, '1b 73 31'],
  ['total lamp', { type: 'lamp', lamp: 'total' }, '1b 73 32'],
  ['collect lamp', { type: 'lamp', lamp: 'collect' }, '1b 73 33'],
  ['change lamp', { type: 'lamp', lamp: 'change' }, '1b 73 34'],
  ['lamps off', { type: 'lamps', on: [] }, '02 4c 30 30 30 30'],
  ['price and change', { type: 'lamps', on: ['change', 'price'] }, '02 4c 31 30 30 31'],
  ['9600 baud', { type: 'baud', baud: 9_600 }, '02 42 30'],
  ['2400 baud', { type: 'baud', baud: 2_400 }, '02 42 32'],
  ['300 baud', { type: 'baud', baud: 300 }, '02 42 35'],
  ['no text for it', { type: 'show', text: 'A1\r' }, '1b 51 41 2d 2d 2d 2d 2d 2d 2d 2d 0d'],
  ['nine digits', { type: 'show', text: '1234567.89' }, '1b 51 41 2d 2d 2d 2d 2d 2d 2d 2d 0d'],
];

describe('LED8N bytes', () => {
  it.each(table)('%s', (_name, command, hex) => {
    expect(Buffer.from(encodeLed8n(command)).toString('hex')).toBe(hex.replaceAll(' ', ''));
  });

  it.each([
    [0, '0.00'],
    [5, '0.05'],
    [123_450, '1234.50'],
    [99_999_999, '999999.99'],
    [-1, '-0.01'],
    [-9_999_999, '-99999.99'],
    [100_000_000, '--------'],
    [-10_000_000, '--------'],
  ])('%i fen reads %s', (amount, text) => {
    expect(amountText(fen(amount))).toBe(text);
  });

  it('any amount is shown exactly or as dashes, never as another number', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (amount) => {
        const text = amountText(fen(amount));
        if (text === '--------') expect(Math.abs(amount)).toBeGreaterThanOrEqual(10_000_000);
        else expect(Number(text.replace('.', ''))).toBe(amount);
      }),
    );
  });
});
