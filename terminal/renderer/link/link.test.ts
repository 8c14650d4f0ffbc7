import { expect, test } from 'vitest';
import { err, ok } from '#shared/result/result.ts';
import { createBridgeLink, type GreentillBridge } from './bridge-api.ts';
import { tokenOfFragment } from './pick-link.ts';

test.each([
  ['#token=abc', 'abc'],
  ['#token=', undefined],
  ['#other=1&token=x', 'x'],
  ['', undefined],
])('the token of %j is %j', (fragment, token) => {
  expect(tokenOfFragment(fragment)).toBe(token);
});

function scriptedBridge(answer: () => Promise<unknown>) {
  const calls: unknown[] = [];
  const listeners = new Set<(event: unknown) => void>();
  const bridge: GreentillBridge = Object.freeze({
    call(method: string, input: unknown) {
      calls.push({ method, input });
      return answer();
    },
    subscribe(listener: (event: unknown) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  return { bridge, calls, emit: (event: unknown) => listeners.forEach((tell) => tell(event)) };
}

test('the bridge carries calls and answers as they are', async () => {
  const { bridge, calls } = scriptedBridge(() => Promise.resolve(ok({})));
  const link = createBridgeLink(bridge);
  expect(await link.call('till.setAmount', { amountFen: 3850 })).toEqual(ok({}));
  expect(calls).toEqual([{ method: 'till.setAmount', input: { amountFen: 3850 } }]);
});

test('a fallen agent is seen, and its first event brings the window back', async () => {
  const { bridge, emit } = scriptedBridge(() => Promise.resolve(err({ code: 'agent-restarting' })));
  const link = createBridgeLink(bridge);
  const seen: boolean[] = [];
  link.watch((up) => seen.push(up));
  link.subscribe(() => undefined);
  await link.call('till.queryNow', {});
  emit({ name: 'order.changed', payload: { orderId: 'ord_0' } });
  expect(seen).toEqual([false, true]);
});

test('an agent that said why it cannot run: the window gets the code, and nothing that is no code', async () => {
  const details = ['store-not-begun', 'exit code 1'];
  const { bridge } = scriptedBridge(() =>
    Promise.resolve(err({ code: 'agent-restarting', detail: details.shift() })),
  );
  const link = createBridgeLink(bridge);
  const seen: unknown[][] = [];
  link.watch((...told) => seen.push(told));
  await link.call('till.state', {});
  await link.call('till.state', {});
  expect(seen).toEqual([[false, 'store-not-begun'], [false]]);
});

test('a bridge that throws is an agent that is gone, not a broken window', async () => {
  const { bridge } = scriptedBridge(() => Promise.reject(new Error('closed')));
  const answer = await createBridgeLink(bridge).call('till.state', {});
  expect(answer).toMatchObject({ ok: false, error: { code: 'agent-restarting' } });
});
