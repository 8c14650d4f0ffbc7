import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { openJournal, type Journal } from '#terminal/agent/journal/journal.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { cashFact, openedFact } from '#terminal/agent/testing/facts.ts';
import type { WriterAnswer, WriterOrder } from './writer-protocol.ts';

/** A program that wants to write a till's file, at an instant that it is told over its message channel. */
let journal: Journal | undefined;
const answer = (message: WriterAnswer): void => void process.send?.(message);

process.on('message', (order: WriterOrder) => {
  if (order.type === 'release') {
    journal?.close();
    journal = undefined;
    return answer({ type: 'released' });
  }
  // Not a timer: two processes shall begin within microseconds of one another.
  while (performance.timeOrigin + performance.now() < order.atMs);
  answer(open(order));
});

function open({ dataDir, sale }: Extract<WriterOrder, { type: 'open' }>): WriterAnswer {
  const begunMs = performance.timeOrigin + performance.now();
  const refuse = (code: string, detail: string): WriterAnswer => ({
    type: 'refused',
    code,
    detail,
    begunMs,
  });
  try {
    const store = openStore(dataDir);
    if (!store.ok) return refuse(store.error.code, store.error.detail);
    const ports = { clock: systemClock, random: systemRandom };
    const opened = openJournal({ store: store.value, ...ports, appVersion: 'test' });
    if (!opened.ok) {
      store.value.close();
      return refuse(opened.error.code, opened.error.detail);
    }
    journal = opened.value;
    const kept = journal.append([openedFact(sale), cashFact(sale)]);
    if (!kept.ok) return refuse('sale', kept.error.type);
    return { type: 'writer', begunMs };
  } catch (error) {
    return { type: 'threw', detail: error instanceof Error ? error.message : String(error) };
  }
}

answer({ type: 'ready' });
