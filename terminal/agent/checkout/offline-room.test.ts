import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemRandom } from '#drivers/core/system-ports.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createManualClock, type ManualClock } from '#shared/testing/manual-clock.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import {
  offlineRoom,
  sinceContactMs,
  type RoomDeps,
} from '#terminal/agent/checkout/offline-room.ts';
import { openJournal, type Journal } from '#terminal/agent/journal/journal.ts';
import { setMeta } from '#terminal/agent/journal/meta.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import { tempFolder } from '#terminal/agent/testing/temp-store.ts';

const windowMs = 86_400_000;
const caps: ConfigPayload['caps'] = {
  version: 1,
  perPaymentFen: 5_000,
  perMemberFen: 10_000,
  perMemberCount: 5,
  shopUnsyncedFen: 50_000,
  windowMs,
  issuedAtMs: 0,
};

let folder = tempFolder();
let clock: ManualClock;
let journal: Journal;
/** A run that has not reached the cloud: the wall clock alone says how long it is away. */
const room = (): RoomDeps => ({
  read: journal.read,
  config: () => ({ caps }) as ConfigPayload,
  nowMs: () => clock.nowMs(),
  sinceContactMs: () => undefined,
});
const remainingFen = (): number => offlineRoom(room()).remainingFen;

beforeEach(() => {
  folder = tempFolder();
  clock = createManualClock();
  const store = getOrThrow(openStore(folder.path));
  journal = getOrThrow(openJournal({ store, clock, random: systemRandom, appVersion: 'test' }));
  const contact = JSON.stringify({ wallMs: clock.nowMs() });
  journal.append([], (tx) => setMeta(tx, 'contact', contact));
});
afterEach(() => {
  journal.close();
  folder.remove();
});

test('turning the clock of the computer back opens no window that was over', () => {
  const startedMs = clock.nowMs();
  clock.advance(windowMs - 1);
  expect(remainingFen()).toBe(25_000);
  clock.advance(2);
  expect(remainingFen()).toBe(0);
  // A sale in cash goes on, and writes the time down.
  journal.append([openedFact(1), cashFact(1)]);
  for (const backMs of [windowMs, windowMs / 2, 10 * 86_400_000]) {
    clock.setWall(startedMs + windowMs - backMs);
    expect(remainingFen()).toBe(0);
    expect(sinceContactMs(room())).toBeGreaterThan(windowMs);
  }
  expect(Number.isSafeInteger(offlineRoom(room()).closesAtMs)).toBe(true);
});

test('a correction of some seconds closes none', () => {
  clock.advance(3_600_000);
  journal.append([openedFact(1), cashFact(1)]);
  clock.setWall(clock.nowMs() - 60_000);
  expect(remainingFen()).toBe(25_000);
});
