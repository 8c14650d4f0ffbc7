import { expect, test } from 'vitest';
import { noSlowRun, pressSlowKey, type SlowRun } from '#shared/scan/slow-run.ts';

function play(text: string, gapMs: number): string | undefined {
  let run: SlowRun = noSlowRun;
  let atMs = 1_000;
  let found: string | undefined;
  for (const char of text) {
    const step = pressSlowKey(run, {
      char: char === '\n' ? 'Enter' : char === '\t' ? 'Tab' : char,
      atMs,
    });
    run = step.run;
    found = step.scan ?? found;
    atMs += gapMs;
  }
  return found;
}
const paymentCode = '134567890123456789';

test.each([30, 45, 60, 110, 200])('an 18-digit code at %i ms per key is a scan', (gapMs) => {
  expect(play(`${paymentCode}\n`, gapMs)).toBe(paymentCode);
  expect(play(`${paymentCode}\t`, gapMs)).toBe(paymentCode);
});

test('an amount is never a scan, nor are digits with pauses', () => {
  expect(play('1234567\n', 40)).toBeUndefined();
  expect(play('12345.67\n', 40)).toBeUndefined();
  expect(play(`${paymentCode}\n`, 201)).toBeUndefined();
});
