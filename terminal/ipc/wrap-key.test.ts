import { expect, test } from 'vitest';
import { receiveWrapKey, wrapKeyMessage } from '#terminal/ipc/wrap-key.ts';

test('the key is taken out of the stream; calls that came before anybody served them come later, in order', async () => {
  let deliver!: (message: unknown) => void;
  const { key, port } = receiveWrapKey({
    post: () => {},
    onMessage: (listener) => {
      deliver = listener;
    },
  });
  deliver({ type: 'call', id: 1 });
  deliver(wrapKeyMessage('secret'));
  deliver({ type: 'call', id: 2 });
  expect(await key).toBe('secret');
  const served: unknown[] = [];
  port.onMessage((message) => served.push(message));
  deliver({ type: 'call', id: 3 });
  expect(served).toEqual([1, 2, 3].map((id) => ({ type: 'call', id })));
  expect(JSON.stringify(served)).not.toContain('secret');
});
