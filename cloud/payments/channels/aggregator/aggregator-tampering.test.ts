import { sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { answerSignText, channelHeaders } from '#cloud/channel-simulator/protocol.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { createAggregatorChannel } from '#cloud/payments/channels/aggregator/aggregator-channel.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { createSystemRandom } from '#cloud/platform/system-random.ts';

const keys = sandboxKeysFromSeed('tampering');
const order = { channelMerchantNo: '1900000109', outTradeNo: 'ORDER00000001', netFen: fen(1_234) };
const body = JSON.stringify({
  code: 'SUCCESS',
  message: '成功',
  merchantNo: '1900000109',
  outTradeNo: 'ORDER00000001',
  amountFen: 1_234,
  state: 'SUCCESS',
  transactionId: '4200000000000000000000000001',
  paidAtMs: 1_789_963_200_000,
});

interface Sealed {
  readonly status: number;
  readonly body: Buffer;
  readonly timestamp: string;
  readonly signature: string;
}

let server: Server;
let channel: Channel;
let tamper: (sealed: Sealed) => Sealed;

/**
 * Answers every request truly, for its own nonce, and then does to the answer what the test says.
 */
const sealedFor = (request: IncomingMessage): Sealed => {
  const timestamp = '1790000000';
  const requestNonce = String(request.headers[channelHeaders.nonce]);
  const text = answerSignText({ status: 200, timestamp, requestNonce, body });
  const signature = sign(null, Buffer.from(text), keys.channelPrivateKey).toString('base64');
  return tamper({ status: 200, body: Buffer.from(body), timestamp, signature });
};

beforeAll(async () => {
  server = createServer((request, response) => {
    const sealed = sealedFor(request);
    response
      .writeHead(sealed.status, {
        [channelHeaders.timestamp]: sealed.timestamp,
        [channelHeaders.signature]: sealed.signature,
      })
      .end(sealed.body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  channel = createAggregatorChannel({
    baseUrl: `http://127.0.0.1:${port}`,
    appId: 'app',
    appPrivateKey: keys.appPrivateKey,
    channelPublicKey: keys.channelPublicKey,
    clock: createManualClock(1_790_000_000_000),
    random: createSystemRandom(),
    readTimeoutMs: 5_000,
    face: 'wechat',
  });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const query = async (change: (sealed: Sealed) => Sealed) => {
  tamper = change;
  return (await channel.query(order)).outcome.type;
};

it('as it was signed it is believed', async () => {
  expect(await query((sealed) => sealed)).toBe('paid');
});

it('every byte of the body: changed, it is no longer believed', async () => {
  for (let at = 0; at < Buffer.byteLength(body); at += 1)
    for (const bit of [0x01, 0x80]) {
      const type = await query((sealed) => {
        const changed = Buffer.from(sealed.body);
        changed[at] = (changed[at] ?? 0) ^ bit;
        return { ...sealed, body: changed };
      });
      expect(type, `byte ${at}, bit ${bit}`).toBe('unknown');
    }
});

it.each(['signature', 'timestamp'] as const)(
  'every character of the %s: changed, it is no longer believed',
  async (name) => {
    const length = name === 'signature' ? 88 : 10;
    for (let at = 0; at < length; at += 1)
      for (const other of ['0', '1', 'A', 'B', 'g', 'w', '=']) {
        let isSame = false;
        const type = await query((sealed) => {
          isSame = sealed[name][at] === other;
          const value = sealed[name];
          return { ...sealed, [name]: value.slice(0, at) + other + value.slice(at + 1) };
        });
        expect(type, `${name} at ${at}: ${other}`).toBe(isSame ? 'paid' : 'unknown');
      }
  },
);

it('another status, and an answer to another request, prove nothing', async () => {
  expect(await query((sealed) => ({ ...sealed, status: 201 }))).toBe('unknown');
  let first: Sealed | undefined;
  await query((sealed) => (first = sealed));
  expect(await query((sealed) => first ?? sealed)).toBe('unknown');
});
