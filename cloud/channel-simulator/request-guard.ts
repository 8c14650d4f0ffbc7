import { verify, type KeyObject } from 'node:crypto';
import { createNonceMemory } from '#cloud/channel-simulator/nonce-memory.ts';
import {
  channelHeaders,
  requestSignText,
  timestampAgeSecondsMax,
} from '#cloud/channel-simulator/protocol.ts';

export type GuardRefusal = 'SIGN_ERROR' | 'TIMESTAMP_ERROR' | 'NONCE_REUSED' | 'NO_AUTH';

/** Judges the headers and raw body of one request, in this order: app, time, signature, nonce. */
export interface RequestGuard {
  judge(request: {
    readonly path: string;
    readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
    readonly body: string;
    readonly nowMs: number;
  }): GuardRefusal | undefined;
}

const noncePattern = /^[A-Za-z0-9_-]{16,64}$/;
const timestampPattern = /^[0-9]{1,12}$/;

export function createRequestGuard(apps: ReadonlyMap<string, KeyObject>): RequestGuard {
  const nonces = createNonceMemory(2 * timestampAgeSecondsMax * 1_000);
  return {
    judge({ path, headers, body, nowMs }) {
      const read = (name: string): string => {
        const value = headers[name];
        return typeof value === 'string' ? value : '';
      };
      const publicKey = apps.get(read(channelHeaders.app));
      if (publicKey === undefined) return 'NO_AUTH';
      const timestamp = read(channelHeaders.timestamp);
      const nonce = read(channelHeaders.nonce);
      if (!timestampPattern.test(timestamp) || !noncePattern.test(nonce)) return 'SIGN_ERROR';
      if (Math.abs(Number(timestamp) * 1_000 - nowMs) > timestampAgeSecondsMax * 1_000)
        return 'TIMESTAMP_ERROR';
      const text = requestSignText({ path, timestamp, nonce, body });
      const signature = Buffer.from(read(channelHeaders.signature), 'base64');
      if (!verify(null, Buffer.from(text), publicKey, signature)) return 'SIGN_ERROR';
      if (!nonces.use(nonce, nowMs)) return 'NONCE_REUSED';
      return undefined;
    },
  };
}
