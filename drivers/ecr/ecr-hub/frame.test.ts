import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import {
  encodeHubFrame,
  hubAck,
  hubConfirm,
  hubDataBytesMax,
  hubFrameBytesMax,
  hubHandshake,
  hubHeartbeat,
  isHeartbeat,
  nextSendId,
  takeHubFrame,
  type HubFrame,
} from '#drivers/ecr/ecr-hub/frame.ts';
import { readerStart, readOn, readTorn } from '#drivers/ecr/frame-reader.ts';

const hex = (frame: HubFrame): string =>
  Buffer.from(getOrThrow(encodeHubFrame(frame)))
    .toString('hex')
    .toUpperCase();
const bytes = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const data = (id: number, content: Uint8Array, ack = 0): HubFrame => ({
  type: 'data',
  ack,
  id,
  data: content,
});
const read = (...chunks: readonly Uint8Array[]): readonly HubFrame[] => {
  let state = readerStart;
  return chunks.flatMap((chunk) => {
    const step = readOn(state, chunk, takeHubFrame);
    state = step.state;
    return step.values;
  });
};

/** The samples that the maker publishes, and what its own framing classes make of the letters AB. */
const published: readonly (readonly [string, HubFrame, string])[] = [
  ['handshake', hubHandshake, '55AA010000000001CC33'],
  ['confirmation', hubConfirm, '55AA020000000002CC33'],
  ['heartbeat', hubHeartbeat, '55AA000000000000CC33'],
  ['acknowledgement of 5', hubAck(5), '55AA000500000005CC33'],
  ['the text AB under id 1', data(1, bytes('41 42')), '55AA0000010002414200CC33'],
];

describe('ECR-Hub frames', () => {
  it.each(published)('writes and reads the published %s', (_, frame, text) => {
    expect(hex(frame)).toBe(text);
    expect(read(bytes(text))).toEqual([frame]);
  });

  it('reads by the length: data that hold the end bytes, whole or shifted by half a byte, survive', () => {
    for (const content of ['CC 33', '01 CC 33 02', '0C C3 3A', '55 AA 01 00 00', 'CC 33 55 AA']) {
      const frame = data(7, bytes(content));
      expect(read(getOrThrow(encodeHubFrame(frame)))).toEqual([frame]);
    }
  });

  it('takes ids up to 255 from the box and sends 1..127 round and round', () => {
    expect(read(getOrThrow(encodeHubFrame(data(255, bytes('41')))))[0]?.id).toBe(255);
    expect([0, 1, 126, 127].map(nextSendId)).toEqual([1, 2, 127, 1]);
  });

  it('knows a heartbeat from an acknowledgement and from data', () => {
    expect([hubHeartbeat, hubAck(1), data(1, bytes('41')), hubHandshake].map(isHeartbeat)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('limits a frame to 1,024 bytes in both directions', () => {
    const most = getOrThrow(encodeHubFrame(data(1, new Uint8Array(hubDataBytesMax))));
    expect(most.length).toBe(hubFrameBytesMax);
    expect(read(most)).toHaveLength(1);
    expect(encodeHubFrame(data(1, new Uint8Array(hubDataBytesMax + 1))).ok).toBe(false);
    expect(read(bytes('55 AA 00 00 01 03 F7'), getOrThrow(encodeHubFrame(hubAck(9))))).toEqual([
      hubAck(9),
    ]);
  });

  it.each([
    ['a wrong check byte', '55AA000500000004CC33'],
    ['a wrong end', '55AA000500000005CC34'],
    ['an unknown type', '55AA030000000003CC33'],
    ['a handshake with data', '55AA01000000024142 02CC33'],
  ])('refuses %s and reads the next frame', (_, text) => {
    const step = readOn(readerStart, bytes(`${text} 55AA000500000005CC33`), takeHubFrame);
    expect(step.values).toEqual([hubAck(5)]);
    expect(step.badCount).toBeGreaterThan(0);
  });

  it('finds a frame that a torn one seemed to swallow, after the silence', () => {
    const torn = bytes('55 AA 00 00 01 01 00 41 42');
    const step = readOn(
      readerStart,
      bytes(`${Buffer.from(torn).toString('hex')}55AA000500000005CC33`),
      takeHubFrame,
    );
    expect(step.values).toEqual([]);
    expect(readTorn(step.state, takeHubFrame).values).toEqual([hubAck(5)]);
  });

  it('reads the same frames whatever noise lies between and however they are cut', () => {
    const frame = fc
      .record({ ack: fc.nat(255), id: fc.nat(255), data: fc.uint8Array({ maxLength: 40 }) })
      .map((parts): HubFrame => ({ type: 'data', ...parts }));
    const noise = fc
      .uint8Array({ maxLength: 9 })
      .map((each) => each.filter((byte) => byte !== 0x55));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(frame, noise), { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        (parts, step) => {
          const all = parts.flatMap(([each, gap]) => [...getOrThrow(encodeHubFrame(each)), ...gap]);
          const chunks = Array.from({ length: Math.ceil(all.length / step) }, (_, at) =>
            Uint8Array.from(all.slice(at * step, at * step + step)),
          );
          expect(read(...chunks)).toEqual(parts.map(([each]) => each));
        },
      ),
    );
  });

  it('never throws and never keeps more than one frame, whatever arrives', () => {
    const bits = fc.oneof(
      fc.constant([0x55, 0xaa]),
      fc.constant([0xcc, 0x33]),
      fc.array(fc.nat(255), { maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 200 }), (pieces) => {
        const step = readOn(readerStart, Uint8Array.from(pieces.flat()), takeHubFrame);
        expect(step.state.pending.length).toBeLessThan(hubFrameBytesMax);
        expect(readTorn(step.state, takeHubFrame).state.pending.length).toBe(0);
      }),
    );
  });
});
