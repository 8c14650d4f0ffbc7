import { sign } from 'node:crypto';
import {
  channelHeaders,
  channelPaths,
  requestSignText,
  type PayRequest,
} from '#cloud/channel-simulator/protocol.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import { channelSeed } from '../cloud/channel-host.ts';
import type { Planted } from './planted.ts';

/**
 * A client that sends a charge once more, under a new number, when no answer came. The customer's phone shows a fresh
 * code by then, so the channel has nothing to recognise it by.
 */
export const forgetIdempotency: Planted = {
  name: 'forget-idempotency',
  bendChannel: (fetch) => async (input, init) => {
    try {
      return await fetch(input, init);
    } catch (error) {
      const isPay = new URL(input as URL).pathname === channelPaths.pay;
      if (isPay && init !== undefined) await fetch(input, again(init));
      throw error;
    }
  },
};

function again(init: RequestInit): RequestInit {
  const first = JSON.parse(init.body as string) as PayRequest;
  const second: PayRequest = {
    ...first,
    outTradeNo: `${first.outTradeNo.slice(0, -2)}99`,
    authCode: `${first.authCode.slice(0, -4)}9901`,
  };
  const headers = init.headers as Record<string, string>;
  const timestamp = headers[channelHeaders.timestamp] ?? '';
  const nonce = `${headers[channelHeaders.nonce] ?? ''}A`;
  const body = JSON.stringify(second);
  const text = requestSignText({ path: channelPaths.pay, timestamp, nonce, body });
  const { appPrivateKey } = sandboxKeysFromSeed(channelSeed);
  const signature = sign(null, Buffer.from(text), appPrivateKey).toString('base64');
  return {
    method: 'POST',
    headers: {
      ...headers,
      [channelHeaders.nonce]: nonce,
      [channelHeaders.signature]: signature,
    },
    body,
  };
}
