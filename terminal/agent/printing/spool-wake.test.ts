import { expect, test } from 'vitest';
import { systemClock, systemTimers } from '#drivers/core/system-ports.ts';
import { newId } from '#shared/ids/ids.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
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
