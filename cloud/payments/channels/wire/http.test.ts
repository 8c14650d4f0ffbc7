import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { sendOnWire, type WireResult } from '#cloud/payments/channels/wire/http.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map(closed));
});

const closed = async (server: Server): Promise<void> =>
  await new Promise((resolve) => void server.close(() => resolve()));

/** A channel that does with each connection what the test says; answers its address. */
async function listening(onConnection: (socket: Socket) => void): Promise<URL> {
  const server = createServer((socket) => {
    sockets.push(socket);
    onConnection(socket);
  });
  servers.push(server);
  await new Promise<void>((ready) => void server.listen(0, '127.0.0.1', ready));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/pay`);
}

const sendTo = async (url: URL): Promise<WireResult> =>
  await sendOnWire({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json' },
    body: '{}',
    readTimeoutMs: 500,
    answerBytesMax: 16,
  });

/** Waits for the request, says this and hangs up. */
const says =
  (text: string) =>
  (socket: Socket): void => {
    socket.once('data', () => socket.end(text));
  };

test('an answer comes with its status and its exact bytes', async () => {
  const url = await listening(says('HTTP/1.1 402 No\r\ncontent-length: 3\r\nx-sign: s\r\n\r\n{ }'));
  const answer = await sendTo(url);
  expect(answer).toMatchObject({ type: 'answered', status: 402, bytes: Buffer.from('{ }') });
});

test('nobody listens: not one byte left', async () => {
  const url = await listening(() => undefined);
  await closed(servers.pop()!);
  expect(await sendTo(url)).toEqual({ type: 'not-sent' });
});

// RFC 6761, section 6.4: a name under .invalid never has an address.
test('the name has no address: not one byte left, so another channel may be tried', async () => {
  expect(await sendTo(new URL('http://channel.invalid/pay'))).toEqual({ type: 'not-sent' });
});

test.each([
  ['hangs up after the request', (socket: Socket) => socket.once('data', () => socket.destroy())],
  ['hangs up before the request', (socket: Socket) => socket.destroy()],
  ['never answers', () => undefined],
  ['breaks off in the middle', says('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"a":')],
  ['says more than it may', says(`HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n${'1'.repeat(17)}`)],
  ['sends us elsewhere', says('HTTP/1.1 307 Go\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n')],
])('a channel that %s: no answer, and nobody may conclude anything', async (_what, behave) => {
  expect(await sendTo(await listening(behave))).toEqual({ type: 'no-answer' });
});
