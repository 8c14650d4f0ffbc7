import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualTime } from '#drivers/contract/manual-time.ts';
import { systemTimers } from '#drivers/core/system-ports.ts';
import { listPorts } from '#drivers/discovery/list-ports.ts';
import { createPortWatch, hotPlugPollMs } from '#drivers/discovery/port-watch.ts';
import type { Surroundings } from '#drivers/discovery/surroundings.ts';
import { createCounterTree, type CounterTree } from '#drivers/discovery/testing/counter-tree.ts';

let tree: CounterTree;
beforeEach(() => {
  tree = createCounterTree();
});
afterEach(() => tree.remove());

/** Lets the disk be read: manual time moves only the timers. */
const breathe = () => new Promise((resolve) => void setTimeout(resolve, 30));

describe('hot plug', () => {
  it('a plug and an unplug are told; while nothing changes, nothing is listed', async () => {
    const time = createManualTime();
    let lists = 0;
    const list = (around: Surroundings) => {
      lists += 1;
      return listPorts(around);
    };
    const watch = createPortWatch({ timers: time.timers, around: tree.around, list });
    let changes = 0;
    watch.onChange(() => (changes += 1));
    watch.start();
    await breathe();
    expect([lists, changes]).toEqual([1, 1]);
    for (let look = 0; look < 5; look += 1) {
      await time.advance(hotPlugPollMs);
      await breathe();
    }
    expect(lists).toBe(1);
    tree.tty('ttyUSB0');
    await time.advance(hotPlugPollMs);
    await breathe();
    expect(changes).toBe(2);
    expect((await watch.list()).ports).toHaveLength(1);
    tree.unplug('ttyUSB0');
    await time.advance(hotPlugPollMs);
    await breathe();
    expect((await watch.list()).ports).toHaveLength(0);
    watch.stop();
    tree.tty('ttyUSB1');
    await time.advance(60_000);
    await breathe();
    expect([lists, changes]).toEqual([3, 3]);
  });

  it('with the real clock a plug is seen at once, long before the next slow look', async () => {
    const watch = createPortWatch({ timers: systemTimers, around: tree.around });
    watch.start();
    await watch.list();
    await breathe();
    const told = new Promise<number>((resolve) => {
      watch.onChange(() => resolve(performance.now()));
    });
    const startMs = performance.now();
    tree.tty('ttyACM0');
    expect((await told) - startMs).toBeLessThan(hotPlugPollMs * 0.75);
    watch.stop();
  });

  it('two who ask at once cause one listing', async () => {
    let lists = 0;
    const list = (around: Surroundings) => {
      lists += 1;
      return listPorts(around);
    };
    const watch = createPortWatch({ timers: systemTimers, around: tree.around, list });
    await Promise.all([watch.refresh(), watch.refresh(), watch.list()]);
    expect(lists).toBe(1);
  });
});
