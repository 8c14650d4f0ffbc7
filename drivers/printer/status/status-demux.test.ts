import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blockBytesMax,
  counterOf,
  demux,
  demuxStart,
  type DemuxState,
  type PrinterEvent,
} from '#drivers/printer/status/status-demux.ts';

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** Feeds byte by byte: chunk borders must not matter. */
function read(hex: string): readonly PrinterEvent[] {
  let state: DemuxState = demuxStart;
  const events: PrinterEvent[] = [];
  for (const byte of bytesOf(hex)) {
    const step = demux(state, Uint8Array.of(byte));
    state = step.state;
    events.push(...step.events);
  }
  return events;
}

describe('sorting what a printer sends', () => {
  it.each<readonly [string, string, readonly PrinterEvent[]]>([
    ['healthy DLE EOT answer', '12', [{ type: 'real-time-status', byte: 0x12 }]],
    ['DLE EOT answer, all bits', '7E', [{ type: 'real-time-status', byte: 0x7e }]],
    ['GS r answer', '00', [{ type: 'fence', byte: 0 }]],
    ['GS r near end', '03', [{ type: 'fence', byte: 3 }]],
    [
      'XOFF and XON',
      '13 11',
      [
        { type: 'flow', send: false },
        { type: 'flow', send: true },
      ],
    ],
    ['four ASB bytes', '10 00 0C 0F', [{ type: 'auto-status', bytes: [0x10, 0, 0x0c, 0x0f] }]],
    [
      'XOFF between ASB bytes',
      '18 13 00 0C 0F',
      [
        { type: 'flow', send: false },
        { type: 'auto-status', bytes: [0x18, 0, 0x0c, 0x0f] },
      ],
    ],
    ['process id', '37 22 20 20 20 21 00', [{ type: 'process-id', processId: 1 }]],
    [
      'process id of block-like characters',
      '37 22 37 5F 37 22 00',
      [{ type: 'process-id', processId: 20_290_387 }],
    ],
    ['buffers cleared', '37 25 00', [{ type: 'buffers-cleared' }]],
    ['no stored image', '37 72 40 00', [{ type: 'image-keys', keys: '', more: false }]],
    [
      'the first of two lists of stored images',
      '37 72 41 41 42 20 7E 00',
      [{ type: 'image-keys', keys: 'AB ~', more: true }],
    ],
    ['half a key', '37 72 40 41 42 43 00', [{ type: 'garbage', byte: 0x37 }]],
    ['a list of a kind that is not known', '37 72 42 41 42 00', [{ type: 'garbage', byte: 0x37 }]],
    ['cutter counter', '5F 31 32 33 00', [{ type: 'text', text: '123' }]],
    ['name of a model', '5F 54 4D 2D 54 38 38 00', [{ type: 'text', text: 'TM-T88' }]],
    ['a name that is empty', '5F 00', [{ type: 'text', text: '' }]],
    ['GS I 1: one byte like GS r', '20', [{ type: 'fence', byte: 0x20 }]],
    [
      'XOFF before, between and behind ASB bytes',
      '13 10 13 00 11 00 13 0F 11',
      [
        { type: 'flow', send: false },
        { type: 'flow', send: false },
        { type: 'flow', send: true },
        { type: 'flow', send: false },
        { type: 'auto-status', bytes: [0x10, 0, 0, 0x0f] },
        { type: 'flow', send: true },
      ],
    ],
    [
      'ASB that nobody asked for, in the middle of answers',
      '12 14 00 00 0F 5F 37 00 00',
      [
        { type: 'real-time-status', byte: 0x12 },
        { type: 'auto-status', bytes: [0x14, 0, 0, 0x0f] },
        { type: 'text', text: '7' },
        { type: 'fence', byte: 0 },
      ],
    ],
    [
      'two ASB one after the other',
      '1C 00 00 0F 10 00 00 0F',
      [
        { type: 'auto-status', bytes: [0x1c, 0, 0, 0x0f] },
        { type: 'auto-status', bytes: [0x10, 0, 0, 0x0f] },
      ],
    ],
    [
      'ASB cut off by a block: dropped, and the block goes on',
      '10 00 00 37',
      [
        { type: 'garbage', byte: 0x10 },
        { type: 'garbage', byte: 0 },
        { type: 'garbage', byte: 0 },
      ],
    ],
    [
      'an unknown block is dropped whole',
      '37 6F 41 00 12',
      [
        { type: 'garbage', byte: 0x37 },
        { type: 'real-time-status', byte: 0x12 },
      ],
    ],
    ['high bit set', 'FF', [{ type: 'garbage', byte: 0xff }]],
    [
      'answers one after the other',
      '12 37 25 00 00 12',
      [
        { type: 'real-time-status', byte: 0x12 },
        { type: 'buffers-cleared' },
        { type: 'fence', byte: 0 },
        { type: 'real-time-status', byte: 0x12 },
      ],
    ],
    [
      'a block torn off by a status byte is dropped, the status is not',
      '37 22 20 12',
      [
        { type: 'garbage', byte: 0x37 },
        { type: 'real-time-status', byte: 0x12 },
      ],
    ],
    [
      'an ASB torn off is dropped byte by byte',
      '10 00 12',
      [
        { type: 'garbage', byte: 0x10 },
        { type: 'garbage', byte: 0 },
        { type: 'real-time-status', byte: 0x12 },
      ],
    ],
  ])('%s', (_, hex, events) => expect(read(hex)).toEqual(events));

  it.each([
    ['0', 0],
    ['0000000123', 123],
    ['12345678901', null],
    ['TM-T82', null],
    ['', null],
  ])('a counter is digits and nothing else: %s', (text, value) => {
    expect(counterOf({ type: 'text', text })).toBe(value);
  });

  it('any bytes in any chunks: no throw, bounded memory, and the next whole answer is understood', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
        let state: DemuxState = demuxStart;
        for (const chunk of chunks) {
          state = demux(state, chunk).state;
          if (state.type !== 'idle') expect(state.bytes.length).toBeLessThanOrEqual(blockBytesMax);
        }
        // A byte with the high bit ends whatever is open; a NUL ends a block.
        const calm = demux(state, bytesOf('FF'));
        const { events } = demux(calm.state, bytesOf('37 22 20 20 20 2B 00'));
        expect(events).toContainEqual({ type: 'process-id', processId: 11 });
      }),
      { numRuns: 500 },
    );
  });

  it('chunk borders do not change the events', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), (bytes, cut) => {
        const whole = demux(demuxStart, bytes).events;
        const head = demux(demuxStart, bytes.subarray(0, cut));
        const tail = demux(head.state, bytes.subarray(cut));
        expect([...head.events, ...tail.events]).toEqual(whole);
      }),
    );
  });
});
