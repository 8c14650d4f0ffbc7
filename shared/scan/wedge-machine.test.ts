import { expect, test } from 'vitest';
import {
  burstCharsMax,
  eatenChar,
  pressWedgeKey,
  quietWedge,
  settleWedge,
  type WedgeOutput,
  type WedgeState,
} from '#shared/scan/wedge-machine.ts';

interface Run {
  readonly text: string;
  readonly gapMs: number;
  readonly startMs?: number;
}

/** Plays characters at a steady rhythm; '\n' is Enter, '\t' Tab, '\b' a key that writes nothing. */
function play(...runs: readonly Run[]): {
  outputs: WedgeOutput<string>[];
  state: WedgeState<string>;
} {
  let state: WedgeState<string> = quietWedge;
  const outputs: WedgeOutput<string>[] = [];
  let atMs = 0;
  for (const run of runs) {
    atMs += run.startMs ?? 1000;
    for (const char of run.text) {
      const name = char === '\n' ? 'Enter' : char === '\t' ? 'Tab' : char;
      const step = pressWedgeKey(state, {
        char: char === '\b' ? undefined : name,
        atMs,
        key: name,
      });
      state = step.state;
      outputs.push(...step.outputs);
      atMs += run.gapMs;
    }
  }
  return { outputs, state };
}

const typed = (keys: string) => Array.from(keys, (key) => ({ type: 'typed', key }));
const paymentCode = '134567890123456789';

test.each([1, 5, 15, 30, 45, 50])(
  'an 18-digit code at %i ms per key is one scan, and its Enter presses nothing',
  (gapMs) => {
    const { outputs, state } = play({ text: `${paymentCode}\n`, gapMs });
    expect(outputs).toEqual([
      { type: 'typed', key: '1' },
      { type: 'retract' },
      { type: 'scan', text: paymentCode },
    ]);
    expect(state).toBe(quietWedge);
  },
);

test('a person typing at 60 ms is typing, key by key, with nothing taken back', () => {
  const { outputs } = play({ text: '3850\n', gapMs: 60 });
  expect(outputs).toEqual([...typed('3850'), { type: 'typed', key: 'Enter' }]);
});

test('eight digits at 40 ms and Enter are too slow for a machine: all of it is typing', () => {
  const { outputs } = play({ text: '12345678\n', gapMs: 40 });
  expect(outputs).toEqual([
    { type: 'typed', key: '1' },
    { type: 'retract' },
    ...typed('12345678'),
    { type: 'typed', key: 'Enter' },
  ]);
});

test('one pause above 50 ms inside a code splits it: no scan is made of half a code', () => {
  const { outputs } = play(
    { text: '1345678', gapMs: 10 },
    { text: '90123\n', gapMs: 10, startMs: 51 },
  );
  expect(outputs.some((output) => output.type === 'scan')).toBe(false);
});

test('a machine burst below eight characters is swallowed with its Enter', () => {
  const { outputs } = play({ text: '1234567\n', gapMs: 5 });
  expect(outputs).toEqual([
    { type: 'typed', key: '1' },
    { type: 'retract' },
    { type: 'unreadable', because: 'length' },
  ]);
});

test('one digit and a quick Enter is a person', () => {
  expect(play({ text: '5\n', gapMs: 20 }).outputs).toEqual([
    { type: 'typed', key: '5' },
    { type: 'typed', key: 'Enter' },
  ]);
});

test('quick fingers that fall silent get their digits back', () => {
  const { state } = play({ text: '385', gapMs: 40 });
  expect(settleWedge(state).outputs).toEqual(typed('385'));
});

test('a settled single key is not given twice', () => {
  const { state } = play({ text: '3', gapMs: 40 });
  expect(settleWedge(state).outputs).toEqual([]);
});

test('a scan right after typed digits leaves them alone', () => {
  const { outputs } = play(
    { text: '31', gapMs: 80 },
    { text: `${paymentCode}\n`, gapMs: 8, startMs: 60 },
  );
  expect(outputs).toEqual([
    ...typed('31'),
    { type: 'typed', key: '1' },
    { type: 'retract' },
    { type: 'scan', text: paymentCode },
  ]);
});

test('a key that writes nothing ends the run', () => {
  const { outputs } = play({ text: '13\b', gapMs: 10 });
  expect(outputs.slice(2)).toEqual([...typed('13'), { type: 'typed', key: '\b' }]);
});

test('a burst longer than a scan may be is swallowed whole and stays bounded', () => {
  const { outputs, state } = play({ text: `${'7'.repeat(burstCharsMax + 500)}\n`, gapMs: 2 });
  expect(outputs.at(-1)).toEqual({ type: 'unreadable', because: 'length' });
  expect(outputs.filter((output) => output.type === 'typed')).toHaveLength(1);
  expect(state.run.length).toBeLessThanOrEqual(burstCharsMax);
});

test('a burst that never ends in Enter is given back only while it is short enough to be a hand', () => {
  const { state } = play({ text: '7'.repeat(burstCharsMax + 1), gapMs: 2 });
  expect(settleWedge(state).outputs).toEqual([{ type: 'unreadable', because: 'length' }]);
});

test.each([1, 15, 30, 50])(
  'an 18-digit code at %i ms per key that ends with Tab is one scan',
  (gapMs) => {
    expect(play({ text: `${paymentCode}\t`, gapMs }).outputs.at(-1)).toEqual({
      type: 'scan',
      text: paymentCode,
    });
  },
);

test('Tab of a person is his own', () => {
  expect(play({ text: '38\t', gapMs: 120 }).outputs).toEqual([
    ...typed('38'),
    { type: 'typed', key: 'Tab' },
  ]);
});

test('a code without an end is a scan after a silence, when it is of a known class', () => {
  const { state } = play({ text: paymentCode, gapMs: 15 });
  expect(settleWedge(state).outputs).toEqual([{ type: 'scan', text: paymentCode }]);
  const unknown = play({ text: '1111222233334444', gapMs: 15 });
  expect(settleWedge(unknown.state).outputs).toEqual(typed('1111222233334444'));
});

test('the next key tells the silence when its timer comes late', () => {
  const { outputs } = play({ text: paymentCode, gapMs: 10 }, { text: '5', gapMs: 0, startMs: 80 });
  expect(outputs.slice(2)).toEqual([{ type: 'scan', text: paymentCode }, ...typed('5')]);
});

test('a digit of the cashier that runs into a scan is his, and the code is whole', () => {
  const { outputs } = play(
    { text: '3', gapMs: 0 },
    { text: `${paymentCode}\n`, gapMs: 6, startMs: 30 },
  );
  expect(outputs).toEqual([
    ...typed('3'),
    { type: 'retract' },
    ...typed('3'),
    { type: 'scan', text: paymentCode },
  ]);
});

test('a code of unknown class is not cut at a pause', () => {
  const { outputs } = play(
    { text: 'A', gapMs: 0 },
    { text: 'BCDEFGHIJK\n', gapMs: 5, startMs: 40 },
  );
  expect(outputs.at(-1)).toEqual({ type: 'scan', text: 'ABCDEFGHIJK' });
});

test('what an input method ate is explained, not charged', () => {
  const { outputs } = play({ text: `1345${eatenChar.repeat(14)}\n`, gapMs: 10 });
  expect(outputs.at(-1)).toEqual({ type: 'unreadable', because: 'input-method' });
});
