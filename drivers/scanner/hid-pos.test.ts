import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  awaitsReport,
  hidPosCodeBytesMax,
  hidPosSilence,
  hidPosStart,
  pushReport,
  type HidPosEvent,
  type HidPosState,
} from '#drivers/scanner/hid-pos.ts';
import { createHidScannerSimulator } from '#drivers/simulator/hid-scanner-simulator.ts';

const quiet = 'quiet';

/** Feeds reports and silences and tells each event as text. */
function read(...inputs: readonly (Uint8Array | typeof quiet)[]): readonly string[] {
  let state: HidPosState = hidPosStart;
  const told: string[] = [];
  for (const input of inputs) {
    const step = input === quiet ? hidPosSilence(state) : pushReport(state, input);
    state = step.state;
    told.push(...step.events.map(tell));
  }
  return told;
}

const tell = (event: HidPosEvent): string =>
  event.type === 'code'
    ? `${event.aim ?? '---'} ${Buffer.from(event.data).toString('latin1')}`
    : `!${event.reason}`;

/** Bytes in hex, filled up with zeros to `length`, with the flags byte at the end. */
function report(hex: string, flags: number, length = 64): Uint8Array {
  const bytes = new Uint8Array(length);
  bytes.set(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  bytes[length - 1] = flags;
  return bytes;
}

// As `node-hid` 3.4 handed it over from a kernel HID device: 18 digits, QR model 2.
const eighteenDigits = '12 5D 51 31 31 33 34 35 36 37 38 39 30 31 32 33 34 35 36 37 38 39';
const wechat = '134567890123456789';
const fill56 = '37 '.repeat(56);

describe('HID point-of-sale reports', () => {
  test.each([
    ['as Linux gives it, with the id', [report(`02 ${eighteenDigits}`, 0)], [`]Q1 ${wechat}`]],
    ['without the id', [report(eighteenDigits, 0, 63)], [`]Q1 ${wechat}`]],
    [
      'without the id in a buffer of 64',
      [Buffer.concat([report(eighteenDigits, 0, 63), Buffer.of(0)])],
      [`]Q1 ${wechat}`],
    ],
    ['one byte later', [report('02 03 00 5D 43 30 41 42 43', 0)], [']C0 ABC']],
    ['one byte later without the id', [report('03 00 5D 43 30 41 42 43', 0, 63)], [']C0 ABC']],
    ['no AIM identifier', [report('02 03 00 00 00 41 42 43', 0)], ['--- ABC']],
    [
      'two reports, 60 bytes',
      [report(`02 38 5D 51 31 ${fill56}`, 1), report('02 04 5D 51 31 41 42 43 44', 0)],
      [`]Q1 ${'7'.repeat(56)}ABCD`],
    ],
    [
      'two codes',
      [report('02 01 5D 51 31 41', 0), report('02 01 5D 45 30 42', 0)],
      [']Q1 A', ']E0 B'],
    ],
    ['a suffix in the data goes', [report('02 03 5D 51 31 41 0D 0A', 0)], [']Q1 A']],
    ['an empty code is none', [report('02 00 5D 51 31', 0)], []],
    ['reserved flags mean nothing', [report('02 01 5D 51 31 41', 0xfe)], [']Q1 A']],
    ['length 57', [report(`02 39 5D 51 31 ${fill56}`, 0)], ['!length']],
    [
      'length 255',
      [report('02 FF 5D 51 31 41', 0), report('02 01 5D 51 31 42', 0)],
      ['!length', ']Q1 B'],
    ],
    ['another report id', [report('05 01 5D 51 31 41', 0)], ['!no-layout']],
    ['short', [Uint8Array.of(2, 1, 0x5d, 0x51, 0x31, 0x41)], ['!no-layout']],
    ['no bracket where it belongs', [report('02 01 41 42 43 44', 0)], ['!no-layout']],
    [
      'the last report never comes',
      [report(`02 38 5D 51 31 ${fill56}`, 1), quiet, report('02 01 5D 51 31 42', 0)],
      ['!unfinished', ']Q1 B'],
    ],
    [
      'another code breaks in',
      [report(`02 38 5D 51 31 ${fill56}`, 1), report('02 01 5D 45 30 42', 0)],
      ['!unfinished', ']E0 B'],
    ],
    [
      'a bad first report takes its tail along',
      [
        report(`02 39 5D 51 31 ${fill56}`, 1),
        report('02 01 5D 51 31 41', 0),
        report('02 01 5D 51 31 42', 0),
      ],
      ['!length', ']Q1 B'],
    ],
    [
      'a bad report inside a code takes its tail along',
      [
        report(`02 38 5D 51 31 ${fill56}`, 1),
        report('FF FF', 0),
        report('02 01 5D 51 31 41', 0),
        report('02 01 5D 51 31 42', 0),
      ],
      ['!no-layout', ']Q1 B'],
    ],
    [
      'silence ends the tail of a bad code',
      [report(`02 39 5D 51 31 ${fill56}`, 1), quiet, report('02 01 5D 51 31 42', 0)],
      ['!length', ']Q1 B'],
    ],
    ['silence alone is nothing', [quiet], []],
  ] as const)('%s', (_, inputs, expected) => expect(read(...inputs)).toEqual(expected));

  it('a code that never ends is dropped whole and costs no more memory', () => {
    const part = report(`02 38 5D 51 31 ${fill56}`, 1);
    const reports = Array.from({ length: 40 }, () => part);
    expect(
      read(...reports, report('02 01 5D 51 31 41', 0), report('02 01 5D 51 31 42', 0)),
    ).toEqual(['!too-long', ']Q1 B']);
  });

  it('any code comes back whole from any layout, in as many reports as it needs', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[!-~]{1,300}$/),
        fc.constantFrom('kept', 'dropped'),
        fc.constantFrom('standard', 'moved'),
        fc.constantFrom(']Q1', ']C0', null),
        (code, reportId, layout, aim) => {
          fc.pre(layout === 'standard' || aim !== null);
          const simulator = createHidScannerSimulator({ reportId, layout, aim });
          expect(read(...simulator.reportsOf(code))).toEqual([`${aim ?? '---'} ${code}`]);
        },
      ),
    );
  });

  it('any bytes: no throw, bounded memory, and after one more report all is well again', () => {
    const random = fc.uint8Array({ maxLength: 70 });
    const nearly = fc
      .tuple(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.nat(80), fc.nat(1))
      .map(([bytes, length, more]) => {
        bytes.set([2, length, 0x5d, 0x51, 0x31]);
        bytes[63] = more;
        return bytes;
      });
    fc.assert(
      fc.property(fc.array(fc.oneof(random, nearly), { maxLength: 40 }), (reports) => {
        let state: HidPosState = hidPosStart;
        for (const each of reports) {
          state = pushReport(state, each).state;
          expect(state.pending.length).toBeLessThanOrEqual(hidPosCodeBytesMax);
        }
        const whole = report('02 01 5D 45 30 42', 0);
        const first = pushReport(state, whole);
        const second = pushReport(first.state, whole);
        expect(awaitsReport(first.state)).toBe(false);
        expect(second.events.map(tell)).toEqual([']E0 B']);
      }),
      { numRuns: 500 },
    );
  });
});
