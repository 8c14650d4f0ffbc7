import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  flush,
  framerConfigDefault,
  framerStart,
  pushBytes,
  type FramerConfig,
  type FramerEvent,
  type FramerState,
} from '#drivers/scanner/serial-framer.ts';

type FrameCase = readonly [string, readonly string[], readonly string[], Partial<FramerConfig>?];

/** Feeds chunk by chunk and tells each event as text. */
function read(chunks: readonly string[], change: Partial<FramerConfig> = {}): readonly string[] {
  const config = { ...framerConfigDefault, ...change };
  let state: FramerState = framerStart;
  const told: string[] = [];
  for (const chunk of chunks) {
    const step =
      chunk === '<quiet>'
        ? flush(state, config)
        : pushBytes(state, Buffer.from(chunk, 'latin1'), config);
    state = step.state;
    told.push(...step.events.map(tell));
  }
  return told;
}

const tell = (event: FramerEvent): string =>
  event.type === 'frame' ? Buffer.from(event.data).toString('latin1') : `!${event.reason}`;

describe('serial scanner frames', () => {
  const cases: readonly FrameCase[] = [
    ['CR', ['134567\r'], ['134567']],
    ['LF', ['134567\n'], ['134567']],
    ['CRLF is one end', ['1\r\n2\r\n'], ['1', '2']],
    ['split anywhere', ['13', '', '45', '67\r', '\n89', '\r'], ['134567', '89']],
    ['coalesced', ['111\r222\r333\r'], ['111', '222', '333']],
    ['empty frames are none', ['\r\n\r\n'], []],
    ['no end byte, silence ends the code', ['1345', '67', '<quiet>'], ['134567']],
    ['silence without bytes is nothing', ['<quiet>'], []],
    [
      'a torn code of a scanner that ends its codes',
      ['1\r', '22', '<quiet>', '3\r'],
      ['1', '!unterminated', '3'],
    ],
    ['prefix taken off', ['\x021\r\x022\r'], ['1', '2'], { prefix: [2] }],
    ['noise before the prefix', ['xx\x021\r'], ['1'], { prefix: [2] }],
    ['no prefix', ['1\r'], ['!no-prefix'], { prefix: [2] }],
    ['the lost end of a code does not join two', ['\x0211\x0222\r'], ['22'], { prefix: [2] }],
    ['a printable prefix counts once', ['AA1A\r'], ['1A'], { prefix: [0x41, 0x41] }],
    ['AIM id taken off', [']Q1134567\r'], ['134567']],
    ['AIM id alone is no code', [']Q1\r'], []],
    ['a bracket in the data stays', ['1]Q1\r'], ['1]Q1']],
    ['control bytes before the data are line noise', ['\x00\x001\r'], ['1']],
    ['control bytes inside spoil the code', ['12\x0034\r5\r'], ['!not-text', '5']],
    ['GS is data', ['01\x1d21\r'], ['01\x1d21']],
    ['a tab after the data is a suffix', ['134567\t\r'], ['134567']],
    ['a tab and silence end a code', ['134567\t', '<quiet>'], ['134567']],
    ['a tab before the data is noise, inside it is data', ['\t1\t2\r'], ['1\t2']],
    ['over-long, then healthy', [`${'9'.repeat(1_025)}\r7\r`], ['!too-long', '7']],
    ['exactly the longest', [`${'9'.repeat(1_024)}\r`], ['9'.repeat(1_024)]],
    ['over-long and silent', ['9'.repeat(3_000), '<quiet>', '7\r'], ['!too-long', '7']],
  ];
  it.each(cases.map((each) => [each[0], each] as const))('%s', (_, [, chunks, expected, change]) =>
    expect(read(chunks, change)).toEqual(expected),
  );

  it('any bytes in any chunks: no throw, bounded memory, and the next code after an end byte is whole', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }),
        fc.constantFrom([], [2], [0x41, 0x42]),
        (chunks, prefix) => {
          const config = { prefix, frameBytesMax: 100 };
          let state: FramerState = framerStart;
          for (const chunk of chunks) {
            state = pushBytes(state, chunk, config).state;
            expect(state.pending.length).toBeLessThanOrEqual(100);
          }
          const next = Buffer.from([0x0d, ...prefix, 0x31, 0x32, 0x0d]);
          const { events } = pushBytes(state, next, config);
          expect(events.map(tell).at(-1)).toBe('12');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('chunk borders do not change the codes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), (bytes, cut) => {
        const text = Buffer.from(bytes).toString('latin1');
        expect(read([text.slice(0, cut), text.slice(cut)])).toEqual(read([text]));
      }),
    );
  });
});
