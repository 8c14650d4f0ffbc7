import { describe, expect, it } from 'vitest';
import { readCondition, readingOfAutoStatus } from '#drivers/printer/status/printer-condition.ts';

const bytesOf = (hex: string): number[] => [...Buffer.from(hex.replaceAll(' ', ''), 'hex')];

describe('the four bytes of an automatic status', () => {
  it.each([
    ['healthy', '10 00 00 0F', 'ready', false, false],
    ['drawer pin high', '14 00 00 0F', 'ready', true, false],
    ['roll near its end', '10 00 03 0F', 'ready', false, true],
    ['roll at its end', '18 00 0F 0F', 'paper-out', false, true],
    ['cover open', '38 00 00 0F', 'cover-open', false, false],
    ['cover open without paper: paper is told first', '38 00 0C 0F', 'paper-out', false, false],
    ['cutter jammed', '18 08 00 0F', 'error', false, false],
    ['beyond repair', '18 20 00 0F', 'error', false, false],
    ['head too hot comes back by itself', '18 40 00 0F', 'ready', false, false],
    ['a fault bit of a clone that is online means nothing', '10 2C 00 0F', 'ready', false, false],
    ['feed button held', '58 00 00 0F', 'ready', false, false],
  ])('%s', (_, hex, condition, drawerPinHigh, paperNearEnd) => {
    expect(readingOfAutoStatus(bytesOf(hex))).toEqual({ condition, drawerPinHigh, paperNearEnd });
  });
});

describe('questions in real time', () => {
  it.each([
    ['ready', [0x12, 0x12], 'ready'],
    ['drawer high', [0x16, 0x12], 'ready'],
    ['paper end', [0x1a, 0x72], 'paper-out'],
    ['cover', [0x1a, 0x12, 0x16], 'cover-open'],
    ['stopped by paper end', [0x1a, 0x12, 0x32], 'paper-out'],
    ['fault', [0x1a, 0x12, 0x52], 'error'],
    ['feed button', [0x1a, 0x12, 0x1a], 'ready'],
    ['silent twice', [null, null], 'silent'],
    ['answers the second time', [null, 0x12, 0x12], 'ready'],
    ['falls silent at the paper', [0x12, null], 'silent'],
    ['falls silent at the cause', [0x1a, 0x12, null], 'silent'],
  ])('%s', async (_, answers, condition) => {
    const left = [...answers];
    const reading = await readCondition(() => Promise.resolve(left.shift() ?? null));
    expect(reading.condition).toBe(condition);
    expect(left).toEqual([]);
  });
});
