import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createChannelSimulator } from '#cloud/channel-simulator/channel-simulator.ts';
import { loadSandboxKeys } from '#cloud/channel-simulator/sandbox-keys.ts';
import { createSystemClock } from '#cloud/platform/system-clock.ts';

/**
 * The channel simulator as a process of its own, that takes a constant time over each payment and writes down how long
 * it really took: node channel.ts FOLDER MILLISECONDS. GET /latencies answers {outTradeNo: milliseconds}, from the last
 * byte of the request to the last of the answer.
 */
const [folder = '', delayText = '0'] = process.argv.slice(2);
const delayMs = Number(delayText);
const keys = loadSandboxKeys(folder);
const simulator = await createChannelSimulator({
  port: 'none',
  seed: 'bench-charge',
  clock: createSystemClock(),
  channelPrivateKey: keys.channelPrivateKey,
  apps: new Map([['greentill', keys.appPublicKey]]),
});
const latenciesMs: Record<string, number> = {};

const server = createServer((request, response) => {
  void serve(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  console.log(`channel ready http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once('SIGTERM', () => server.close());

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/latencies') return void response.end(JSON.stringify(latenciesMs));
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const startedMs = performance.now();
  const payload = Buffer.concat(chunks);
  const headers = request.headers as Record<string, string>;
  await sleep(delayMs);
  const answer = await simulator.inject({
    method: 'POST',
    url: request.url ?? '',
    headers,
    payload,
  });
  const order = JSON.parse(payload.toString('utf8')) as { readonly outTradeNo?: string };
  response.writeHead(answer.statusCode, answer.headers as Record<string, string>);
  response.end(answer.rawPayload, () => {
    if (order.outTradeNo !== undefined)
      latenciesMs[order.outTradeNo] = performance.now() - startedMs;
  });
}
