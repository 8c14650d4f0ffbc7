import { expect, test } from 'vitest';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import { newId } from '#shared/ids/ids.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import type { ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import { createSpool } from '#terminal/agent/printing/spool.ts';
import { findJob } from '#terminal/agent/printing/spool-view.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';

/** More steps than a lane takes to look for work and to end. */
const stepsMax = 16;

test('a paper queued while a lane looks for work, or is just ending, is taken up: no wake is lost', async () => {
  const folder = tempFolder();
  const { store, journal } = openTestJournal(folder.path, systemClock);
  const random = createSeededRandom(1);
  const spool = createSpool({
    journal,
    clock: systemClock,
    timers: systemTimers,
    // Without a printer a paper is given up at once: that is seen in the journal.
    printer: () => undefined,
    contentOf: () => undefined,
  });
  spool.start();
  for (let steps = 0; steps < stepsMax; steps += 1) {
    spool.wake();
    for (let step = 0; step < steps; step += 1) await Promise.resolve();
    const jobId = newId('prt', { clock: systemClock, random });
    journal.append([
      { type: 'print.queued', body: { jobId, kind: 'test', copy: 1, reason: 'test' } },
    ]);
    spool.wake();
    await new Promise((resolve) => void systemTimers.after(5, () => resolve(undefined)));
    expect(findJob(journal.read, jobId)?.state, `after ${steps} steps`).toBe('abandoned');
  }
  await spool.stop();
  journal.close();
  store.close();
  folder.remove();
});

test('an attempt of which not a byte left is followed by a pause: its own entries do not end it', async () => {
  const folder = tempFolder();
  const { store, journal } = openTestJournal(folder.path, systemClock);
  let attempts = 0;
  const printer: ReceiptPrinter = {
    ...({} as ReceiptPrinter),
    status: () => ({ state: 'online' }) as ReturnType<ReceiptPrinter['status']>,
    // It was written down, and then the line was gone.
    print: async (job) => {
      attempts += 1;
      expect(job.begin?.(null)).toBe(true);
      await Promise.resolve();
      return { type: 'not-sent', code: 'device-missing' };
    },
  };
  const spool = createSpool({
    journal,
    clock: systemClock,
    timers: systemTimers,
    printer: () => printer,
    contentOf: () => [],
  });
  // As the agent does.
  journal.onAppended(() => spool.wake());
  spool.start();
  const jobId = newId('prt', { clock: systemClock, random: createSeededRandom(1) });
  journal.append([
    { type: 'print.queued', body: { jobId, kind: 'test', copy: 1, reason: 'test' } },
  ]);
  await new Promise((resolve) => void systemTimers.after(300, () => resolve(undefined)));
  expect(attempts).toBe(1);
  await new Promise((resolve) => void systemTimers.after(1_000, () => resolve(undefined)));
  expect(attempts).toBe(2);
  await spool.stop();
  journal.close();
  store.close();
  folder.remove();
});
