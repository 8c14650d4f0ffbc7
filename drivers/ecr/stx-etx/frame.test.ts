import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { readerStart, readOn, readTorn } from '#drivers/ecr/frame-reader.ts';
import {
  encodeStxEtx,
  takeStxEtx,
  type StxEtxEvent,
  type StxEtxFraming,
} from '#drivers/ecr/stx-etx/frame.ts';
import { transbankFraming } from '#drivers/ecr/stx-etx/transbank-dialect.ts';

const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'latin1'));
const bytes = (value: string): Uint8Array =>
  Uint8Array.from(Buffer.from(value.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array, framing: StxEtxFraming): string =>
  Buffer.from(getOrThrow(encodeStxEtx(data, framing)))
    .toString('hex')
    .toUpperCase();
const frame = (data: Uint8Array): StxEtxEvent => ({ type: 'frame', data });
const read = (framing: StxEtxFraming, ...chunks: readonly Uint8Array[]): readonly StxEtxEvent[] => {
  let state = readerStart;
  return chunks.flatMap((chunk) => {
    const step = readOn(state, chunk, takeStxEtx(framing));
    state = step.state;
    return step.values;
  });
};

const bcd2: StxEtxFraming = { lrc: 'length-to-etx', length: 'bcd2', dataBytesMax: 999 };
const base7f: StxEtxFraming = { ...transbankFraming, lrc: 'base-7f' };

/** Check bytes that Transbank publishes: the page’s own example, and frames of its libraries’ tests. */
const transbankLrcs: readonly (readonly [string, number])[] = [
  ['0200|123|', 0x31],
  ['0810|00|597029414300|IT750050|', 0x12],
  ['0210|07|||ABC||10001||||||||||||||', 0x77],
  [
    '0260|00|597029414300|IT750050|abc123|757752|12000|00|0|9480|000135|CR|000000|0000000000000000000|MC|22102025|114016||||',
    0x63,
  ],
  ['0710|00|005|60000||', 0x7a],
  ['0510|00|597029414300|IT750050||', 0x63],
];

describe('STX/ETX/LRC frames', () => {
  it.each(transbankLrcs)('has the published check byte for %s', (data, lrc) => {
    const sent = getOrThrow(encodeStxEtx(text(data), transbankFraming));
    expect([sent[0], sent.at(-2), sent.at(-1)]).toEqual([0x02, 0x03, lrc]);
    expect(read(transbankFraming, sent)).toEqual([frame(text(data))]);
  });

  it('writes the three check bytes and the length that the field knows', () => {
    expect(hex(text('0100'), transbankFraming)).toBe('02303130300302');
    expect(hex(text('0100'), base7f)).toBe('0230313030037D');
    expect(hex(text('0100'), bcd2)).toBe('020004303130300306');
    expect(hex(text('A'.repeat(123)), bcd2).slice(0, 6)).toBe('020123');
  });

  it('reads an acknowledgement that is glued to the next request', () => {
    const poll = '02 30 31 30 30 03 02';
    expect(
      read(transbankFraming, bytes(`06 ${poll} 15 06 ${poll}`)).map(({ type }) => type),
    ).toEqual(['ack', 'frame', 'nak', 'ack', 'frame']);
  });

  it('with a length, data may hold any byte, STX and ETX too', () => {
    const data = bytes('02 03 06 15 03 02');
    expect(read(bcd2, getOrThrow(encodeStxEtx(data, bcd2)))).toEqual([frame(data)]);
  });

  it('takes no acknowledgement from within a broken frame', () => {
    expect(read(bcd2, bytes('02 00 03 06 06 06 03 FF 06'))).toEqual([{ type: 'ack' }]);
  });

  it.each([
    ['nothing in it', '02 03 03'],
    ['a wrong check byte', '02 30 31 30 30 03 03'],
    ['a control byte in it', '02 30 31 01 30 03 02'],
    ['its end lost', '02 30 31 30 30'],
  ])('refuses a frame with %s and reads the next', (_, broken) => {
    const step = readOn(
      readerStart,
      bytes(`${broken} 02 30 31 30 30 03 02`),
      takeStxEtx(transbankFraming),
    );
    expect(step.values).toEqual([frame(text('0100'))]);
    expect(step.badCount).toBeGreaterThan(0);
  });

  it.each([
    ['half bytes that are no digits', '02 0A 00'],
    ['a length of nothing', '02 00 00'],
    ['more than the limit', '02 99 99'],
  ])('refuses %s at once', (_, broken) => {
    expect(read(bcd2, bytes(`${broken} 02 00 04 30 31 30 30 03 06`))).toEqual([
      frame(text('0100')),
    ]);
  });

  it('refuses to send what it could not read', () => {
    const errors = [new Uint8Array(0), new Uint8Array(2_049).fill(0x41), bytes('41 03')].map(
      (data) => {
        const encoded = encodeStxEtx(data, transbankFraming);
        return encoded.ok ? 'sent' : encoded.error.type;
      },
    );
    expect(errors).toEqual(['frame-empty', 'frame-too-long', 'frame-control-byte']);
  });

  it.each([
    ['by ETX', transbankFraming],
    ['by length', bcd2],
    ['base 7F', base7f],
  ] as const)(
    '%s: reads the same frames however they are cut, and keeps at most one',
    (_, framing) => {
      const content = fc.array(fc.integer({ min: 0x20, max: 0x7e }), {
        minLength: 1,
        maxLength: 40,
      });
      fc.assert(
        fc.property(
          fc.array(content, { maxLength: 6 }),
          fc.integer({ min: 1, max: 9 }),
          (contents, step) => {
            const frames = contents.map((each) => Uint8Array.from(each));
            const all = frames.flatMap((data) => [
              0x06,
              ...getOrThrow(encodeStxEtx(data, framing)),
            ]);
            const chunks = Array.from({ length: Math.ceil(all.length / step) }, (__, at) =>
              Uint8Array.from(all.slice(at * step, at * step + step)),
            );
            expect(read(framing, ...chunks).filter(({ type }) => type === 'frame')).toEqual(
              frames.map(frame),
            );
          },
        ),
      );
      fc.assert(
        fc.property(
          fc.array(fc.oneof(fc.constantFrom(2, 3, 6, 0x15, 0), fc.nat(255)), { maxLength: 3_000 }),
          (noise) => {
            const step = readOn(readerStart, Uint8Array.from(noise), takeStxEtx(framing));
            expect(step.state.pending.length).toBeLessThanOrEqual(framing.dataBytesMax + 5);
            expect(readTorn(step.state, takeStxEtx(framing)).state.pending.length).toBe(0);
          },
        ),
      );
    },
  );
});
