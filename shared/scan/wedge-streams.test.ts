import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  burstSettleMs,
  pressWedgeKey,
  quietWedge,
  settleWedge,
  type WedgeOutput,
  type WedgeState,
} from '#shared/scan/wedge-machine.ts';
import { fitsKnownCode } from '#shared/scan/fits-known-code.ts';

interface Stroke {
  readonly char: string;
  /** Milliseconds after the stroke before. */
  readonly afterMs: number;
}

/** Plays strokes in time, with the silence timer, and tells what stays typed and what was scanned. */
function play(strokes: readonly Stroke[]): {
  readonly typed: string;
  readonly scans: readonly string[];
  readonly unreadable: number;
} {
  let state: WedgeState<string> = quietWedge;
  let typed = '';
  let unreadable = 0;
  const scans: string[] = [];
  const follow = (step: {
    readonly state: WedgeState<string>;
    readonly outputs: readonly WedgeOutput<string>[];
  }): void => {
    state = step.state;
    for (const output of step.outputs) {
      if (output.type === 'typed') typed += output.key;
      else if (output.type === 'retract') typed = typed.slice(0, -1);
      else if (output.type === 'scan') scans.push(output.text);
      else unreadable += 1;
    }
  };
  let atMs = 0;
  for (const { char, afterMs } of strokes) {
    if (afterMs > burstSettleMs) follow(settleWedge(state));
    atMs += afterMs;
    follow(pressWedgeKey(state, { char: nameOf(char), atMs, key: char }));
  }
  follow(settleWedge(state));
  return { typed, scans, unreadable };
}

const nameOf = (char: string): string => (char === '\n' ? 'Enter' : char === '\t' ? 'Tab' : char);

const strokesOf = (text: string, gapsMs: readonly number[], firstMs: number): readonly Stroke[] =>
  text.split('').map((char, index) => ({
    char,
    afterMs: index === 0 ? firstMs : (gapsMs[index % gapsMs.length] ?? 0),
  }));

const person = fc
  .tuple(
    fc.stringMatching(/^[0-9.]{1,7}\n?$/),
    fc.array(fc.integer({ min: 55, max: 400 }), { minLength: 1, maxLength: 8 }),
    fc.integer({ min: 90, max: 900 }),
  )
  .map(([text, gapsMs, firstMs]) => ({
    by: 'person' as const,
    text,
    strokes: strokesOf(text, gapsMs, firstMs),
  }));

const code = fc.oneof(
  fc.stringMatching(/^1[0-5][0-9]{16}$/),
  fc.stringMatching(/^2[5-9][0-9]{14,22}$/),
  fc.stringMatching(/^62[0-9]{17}$/),
  fc.stringMatching(/^99[0-9]{260}$/),
  fc.constantFrom('6901234567892', 'https://example.com/Abc'),
);

const scanner = fc
  .tuple(
    code,
    fc.constantFrom('\n', '\t', ''),
    fc.array(fc.integer({ min: 0, max: 28 }), { minLength: 1, maxLength: 9 }),
    fc.integer({ min: 90, max: 900 }),
  )
  .map(([text, end, gapsMs, firstMs]) => ({
    by: 'scanner' as const,
    text,
    strokes: strokesOf(text + end, gapsMs, firstMs),
  }));

test('whatever people and scanners do in turns: every code is one scan, every key of a person is kept', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(person, scanner), { maxLength: 6 }), (turns) => {
      const told = play(turns.flatMap((turn) => turn.strokes));
      const textBy = (by: 'person' | 'scanner') =>
        turns.filter((turn) => turn.by === by).map((turn) => turn.text);
      expect(told.scans).toEqual(textBy('scanner'));
      expect(told.typed).toBe(textBy('person').join(''));
      expect(told.unreadable).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test('a key of a person right before a burst: the code is scanned and the key is his', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('0', '5', '8', '9'),
      fc.stringMatching(/^13[0-9]{16}$/),
      fc.integer({ min: 1, max: 15 }),
      fc.nat(50),
      fc.constantFrom('\n', '\t', ''),
      (key, text, gapMs, pauseMs, end) => {
        // Now and then key and code together are a product's number; then nobody can tell them apart.
        fc.pre(pauseMs > gapMs * 2 && !fitsKnownCode(key + text));
        const told = play([
          { char: key, afterMs: 500 },
          ...strokesOf(text + end, [gapMs], pauseMs),
        ]);
        expect(told).toEqual({ typed: key, scans: [text], unreadable: 0 });
      },
    ),
  );
});

test('any rhythm of any keys: nothing is typed that was not pressed, and memory is bounded', () => {
  const stroke = fc.record({
    char: fc.constantFrom('0', '1', '5', '.', 'a', '\n', '\t'),
    afterMs: fc.nat(120),
  });
  fc.assert(
    fc.property(fc.array(stroke, { maxLength: 60 }), (strokes) => {
      const told = play(strokes);
      const pressed = strokes.map((each) => each.char).join('');
      expect(told.typed.length + told.scans.join('').length).toBeLessThanOrEqual(pressed.length);
      for (const scan of told.scans) expect(pressed).toContain(scan);
    }),
    { numRuns: 500 },
  );
});
