import { describe, expect, test } from 'vitest';
import {
  backupFileName,
  dailyKept,
  hourlyKept,
  parseBackupName,
  stampOf,
  surplusBackups,
  type BackupName,
} from '#terminal/agent/store/backup-names.ts';
import { diskAlmostFullBytes, diskLowBytes, judgeRoom } from '#terminal/agent/store/disk-room.ts';
import { dueTasks, judgeClock } from '#terminal/agent/store/keeping-plan.ts';

const hourMs = 3_600_000;
/** Noon in Shanghai. */
const noonMs = Date.UTC(2026, 10, 22, 4);
const nightMs = Date.UTC(2026, 10, 22, 19, 30);

const hourly = (number: number, atMs: number): BackupName => ({
  number,
  kind: 'hourly',
  stamp: stampOf(atMs),
});

describe('which backups stay', () => {
  const tenDays = Array.from({ length: 240 }, (_, hour) =>
    hourly(hour + 1, noonMs + hour * hourMs),
  );

  test('the last 24, and the last one of each of the last seven days', () => {
    const gone = new Set(surplusBackups(tenDays));
    const kept = tenDays.filter((name) => !gone.has(name));
    expect(kept.slice(-hourlyKept)).toEqual(tenDays.slice(-hourlyKept));
    expect(new Set(kept.map(({ stamp }) => stamp.slice(0, 8))).size).toBe(dailyKept);
    expect(kept.length).toBeLessThanOrEqual(hourlyKept + dailyKept);
  });

  test('a clock that jumps 40 days ahead and back costs no new backup its place', () => {
    const jumped = hourly(241, noonMs + 960 * hourMs);
    const after = hourly(242, noonMs + 240 * hourMs);
    expect(surplusBackups([...tenDays, jumped, after])).not.toContain(after);
  });

  test('names are read back; a foreign or unfinished file is none', () => {
    const name = hourly(7, noonMs);
    expect(backupFileName(name)).toBe('journal-000007-hourly-20261122T040000Z.db');
    expect(parseBackupName(backupFileName(name))).toEqual(name);
    expect(parseBackupName(`${backupFileName(name)}.unfinished`)).toBeUndefined();
    expect(parseBackupName('holiday.jpg')).toBeUndefined();
  });
});

describe('what is due', () => {
  const kept = { backupAtMs: noonMs, backupPosition: 5, checkAtMs: noonMs };
  test.each([
    ['a till that was never kept', { kept: {}, nowMs: noonMs, position: 5 }, ['backup', 'check']],
    ['half an hour later', { kept, nowMs: noonMs + hourMs / 2, position: 9 }, []],
    ['an hour later', { kept, nowMs: noonMs + hourMs, position: 9 }, ['backup']],
    ['an hour later and nothing sold', { kept, nowMs: noonMs + hourMs, position: 5 }, []],
    ['that night', { kept, nowMs: nightMs, position: 5 }, ['check']],
    ['a till that is off at night', { kept, nowMs: noonMs + 48 * hourMs, position: 5 }, ['check']],
    ['the clock was put back', { kept, nowMs: noonMs - hourMs, position: 9 }, ['backup', 'check']],
  ] as const)('%s', (_name, now, expected) => {
    expect(dueTasks(now)).toEqual(expected);
  });
});

describe('the clock', () => {
  const right = { nowMs: noonMs, cloudMs: noonMs, journalMs: noonMs, jumpMs: 0 };
  test.each([
    ['agrees with the cloud', right, undefined],
    ['five minutes off', { ...right, cloudMs: noonMs + 300_000 }, undefined],
    ['a little more', { ...right, cloudMs: noonMs + 300_001 }, 'clock-skewed'],
    ['behind the cloud', { ...right, cloudMs: noonMs - 300_001 }, 'clock-skewed'],
    [
      'offline, behind the journal',
      { ...right, cloudMs: undefined, journalMs: noonMs + 400_000 },
      'clock-skewed',
    ],
    ['offline, jumped ahead', { ...right, cloudMs: undefined, jumpMs: 400_000 }, 'clock-skewed'],
    ['offline and steady', { ...right, cloudMs: undefined }, undefined],
    [
      'right again after a jump of 40 days',
      { ...right, journalMs: noonMs + 960 * hourMs },
      undefined,
    ],
  ] as const)('%s', (_name, clocks, code) => {
    expect(judgeClock(clocks)).toBe(code);
  });
});

test.each([
  [diskLowBytes, undefined],
  [diskLowBytes - 1, 'disk-low'],
  [diskAlmostFullBytes, 'disk-low'],
  [diskAlmostFullBytes - 1, 'disk-almost-full'],
] as const)('%d free bytes mean %s', (freeBytes, code) => {
  expect(judgeRoom(freeBytes)).toBe(code);
});
