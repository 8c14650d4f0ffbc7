import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCall } from '#terminal/ipc/dispatch.ts';
import {
  callsInFlightMax,
  createApiClient,
  serveApi,
  type MessagePort,
} from '#terminal/ipc/message-link.ts';
import { events, methods, type TerminalApi } from '#terminal/ipc/terminal-api.ts';

const page = readFileSync(new URL('../../docs/terminal-api.md', import.meta.url), 'utf8');

function section(title: string): readonly string[] {
  const body = page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...body.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] ?? '');
}

/** Two ends of a wire that clones what passes, as process boundaries do. */
function wire(): [MessagePort, MessagePort] {
  const listeners: [((message: unknown) => void)[], ((message: unknown) => void)[]] = [[], []];
  const end = (own: 0 | 1): MessagePort => ({
    post: (message) => {
      const copy = structuredClone(message);
      queueMicrotask(() => listeners[own === 0 ? 1 : 0].forEach((listener) => listener(copy)));
    },
    onMessage: (listener) => listeners[own].push(listener),
  });
  return [end(0), end(1)];
}

describe('TerminalApi', () => {
  it('is documented: every method and event, and no other', () => {
    expect(section('Methods').toSorted()).toEqual(Object.keys(methods).toSorted());
    expect(section('Events').toSorted()).toEqual(Object.keys(events).toSorted());
  });

  it.each([
    null,
    'till.state',
    { method: 'till.state' },
    { method: 'till.state', input: null },
    { method: 'till.state', input: [] },
    { method: 'hasOwnProperty', input: {} },
    { method: '__proto__', input: {} },
    { method: 7, input: {} },
  ])('reads %j as no call', (value) => {
    expect(readCall(value)).toBeUndefined();
  });
});

describe('message link', () => {
  it('bounds the calls that wait, and answers all of them when the other end is gone', async () => {
    const [window] = wire();
    const client = createApiClient(window);
    const waiting = Array.from({ length: callsInFlightMax }, () =>
      client.api.call('till.state', {}),
    );
    expect(await client.api.call('till.state', {})).toEqual({
      ok: false,
      error: { code: 'agent-busy' },
    });
    client.disconnect();
    const answers = await Promise.all(waiting);
    expect(answers.every((answer) => !answer.ok && answer.error.code === 'agent-restarting')).toBe(
      true,
    );
    expect(await client.api.call('till.state', {})).toEqual({
      ok: false,
      error: { code: 'agent-restarting' },
    });
  });

  it('drops what is not a message of the protocol', async () => {
    const [window, agent] = wire();
    const calls: string[] = [];
    const api: TerminalApi = {
      call: (method) => {
        calls.push(method);
        return Promise.resolve({ ok: true, value: {} as never });
      },
      subscribe: () => () => undefined,
    };
    serveApi(agent, api);
    for (const junk of [
      null,
      1,
      'x',
      {},
      { type: 'call' },
      { type: 'call', id: 'a' },
      { type: 'answer', id: 9 },
    ]) {
      window.post(junk);
    }
    const client = createApiClient(window);
    expect(await client.api.call('till.cancel', {})).toEqual({ ok: true, value: {} });
    expect(calls).toEqual(['till.cancel']);
  });
});
