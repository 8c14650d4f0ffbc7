import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createWireLog,
  maskRuns,
  wireLogEntriesMax,
  wireLogRunShownMax,
} from '#drivers/core/wire-log.ts';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const oneByOne = (bytes: Uint8Array): string => {
  const log = createWireLog({ nowMs: () => 0 });
  for (const byte of bytes)
    log.note({ generation: 1, direction: 'in', bytes: Uint8Array.of(byte) });
  return log
    .lines()
    .map((line) => line.split(' in ')[1])
    .join('');
};

describe('no code can be read from the log of a wire', () => {
  it.each([
    ['a payment code', '134512345678901234\r'],
    ['a card number', '6222021234567890'],
    ['a card number as it is printed, in groups of four', '6222 0212 3456 7890'],
    ['a field between others', '0210|00|5970|6222021234567890|'],
    ['a HID report', '\x02\x12]Q1134512345678901234\x00\x00'],
    ['a field of a binary message', '\x0a\x12134512345678901234\x10\x01'],
  ])('%s', (_, text) => {
    const bytes = bytesOf(text);
    for (const shown of [maskRuns(bytes, 0).text, oneByOne(bytes)])
      expect(shown.replaceAll(/<..>/g, '').match(/\d/g)?.length ?? 0).toBeLessThanOrEqual(
        wireLogRunShownMax,
      );
  });

  it('wherever the chunks are cut', () => {
    const text = 'ab\x02]Q1 6222 0212 3456 7890 ok';
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 30 }), (cuts) => {
        const log = createWireLog({ nowMs: () => 0 });
        let rest = bytesOf(text);
        for (const cut of [...cuts, text.length]) {
          log.note({ generation: 1, direction: 'in', bytes: rest.subarray(0, cut) });
          rest = rest.subarray(cut);
        }
        const shown = log
          .lines()
          .join('')
          .replaceAll(/0 #1 in /g, '');
        expect(shown).not.toMatch(/\d.{0,2}\d.{0,2}\d.{0,2}\d.{0,2}\d/);
      }),
    );
  });

  it('keeps so many entries and no more', () => {
    const log = createWireLog({ nowMs: () => 0 });
    for (let count = 0; count < wireLogEntriesMax + 9; count += 1)
      log.note({ generation: 1, direction: 'out', bytes: Uint8Array.of(1) });
    expect(log.lines()).toHaveLength(wireLogEntriesMax);
  });
});
