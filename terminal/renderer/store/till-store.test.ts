import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { DeskAction } from '../desk/desk.ts';
import type { TerminalLink } from '../link/terminal-link.ts';
import { createScriptedTill } from '../testing/scripted-till.ts';
import { createTillStore } from './till-store.ts';

const nowMs = Date.UTC(2026, 10, 22, 6, 32, 7);
const digit = (key: string): DeskAction => ({ type: 'amount-key', key: key as '1' });

/** A link whose calls take the given times, one after the other: the wire may reorder what is sent at once. */
function slowLink(timesMs: readonly number[]) {
  const till = createScriptedTill(() => nowMs);
  const times = [...timesMs];
  let watcher: ((up: boolean) => void) | undefined;
  const link: TerminalLink = {
    async call(method, input) {
      await delay(times.shift() ?? 0);
      return till.api.call(method, input);
    },
    subscribe: (listener) => till.api.subscribe(listener),
    watch(listener) {
      watcher = listener;
      return () => undefined;
    },
  };
  return { till, link, setUp: (up: boolean) => watcher?.(up) };
}

async function opened(timesMs: readonly number[] = []) {
  const scripted = slowLink(timesMs);
  const store = createTillStore(scripted.link);
  await expect.poll(() => store.getSnapshot().till).not.toBeNull();
  return { ...scripted, store };
}

test('an amount never overtakes the scan that follows it, however slow the wire', async () => {
  const { store, till } = await opened([0, 0, 30, 1, 10]);
  for (const key of ['3', '8']) store.act(digit(key));
  store.act({ type: 'scan', text: '134567890123456789' });
  await expect.poll(() => till.calls.length).toBe(5);
  expect(till.calls.slice(2)).toEqual([
    { method: 'till.setAmount', input: { amountFen: 300 } },
    { method: 'till.setAmount', input: { amountFen: 3800 } },
    { method: 'till.scan', input: { text: '134567890123456789' } },
  ]);
});

test('what was typed stands while it is on its way, and a refusal brings the agent’s amount back', async () => {
  const { store, till } = await opened([0, 0, 20]);
  till.refuseNext('till.setAmount', 'amount-over-limit');
  store.act(digit('9'));
  till.setDraft({});
  expect(store.getSnapshot().desk.entry.text).toBe('9');
  await expect.poll(() => store.getSnapshot().desk.entry.text).toBe('');
  expect(store.getSnapshot().desk.notice).toBe('amount-over-limit');
});

test('an older state never replaces a newer one, except after the agent was gone', async () => {
  const { store, till, setUp } = await opened();
  till.setNotice('needs-network');
  const newest = store.getSnapshot().till!;
  till.setNotice(null);
  expect(store.getSnapshot().till!.version).toBe(newest.version + 1);
  setUp(false);
  expect(store.getSnapshot().linkUp).toBe(false);
  till.setNotice('needs-network');
  setUp(true);
  expect(store.getSnapshot().till!.notice?.code).toBe('needs-network');
});

test('F12 prints the last order again and says so', async () => {
  const { store, till } = await opened();
  store.act({ type: 'function', key: 'F12' });
  await expect.poll(() => store.getSnapshot().done).toEqual({ what: 'reprint', number: 1 });
  expect(till.calls.at(-1)?.method).toBe('orders.reprint');
});

test("goods of the agent's own scanner end a refusal, and what the agent says is not lost by it", async () => {
  const { store, till } = await opened();
  store.act({ type: 'enter' });
  expect(store.getSnapshot().desk.notice).toBe('amount-not-positive');
  till.setNotice('code-not-recognised');
  const { desk, till: said } = store.getSnapshot();
  expect([desk.notice, said!.notice?.code]).toEqual([null, 'code-not-recognised']);
  store.act({ type: 'enter' });
  const lines = [
    { no: 1, name: '可乐', unit: '瓶', quantity: 2, priceFen: 275, sumFen: 550 },
  ] as const;
  till.setDraft({ amountFen: 550, goods: { typedFen: 0, lines: [...lines] } });
  expect(store.getSnapshot().desk.notice).toBeNull();
});

test('what was done ends the refusal before it; the next word of the agent ends what was done', async () => {
  const { store, till } = await opened();
  store.act({ type: 'unreadable-scan', because: 'length' });
  store.note('ownerPin');
  expect(store.getSnapshot()).toMatchObject({ desk: { notice: null }, done: { number: 1 } });
  till.setNotice('code-not-recognised');
  expect(store.getSnapshot().done).toBeNull();
  till.setDraft({ member: null });
  store.note('ownerPin');
  // Numbered on, so that it is seen as another one; the agent's word is only covered by it.
  expect(store.getSnapshot()).toMatchObject({
    done: { number: 2 },
    till: { notice: { code: 'code-not-recognised' } },
  });
  till.setDraft({ member: null });
  expect(store.getSnapshot().done).toMatchObject({ number: 2 });
});
