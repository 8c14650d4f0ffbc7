import { verify, type KeyObject } from 'node:crypto';
import { createNonceMemory } from '#cloud/channel-simulator/nonce-memory.ts';

/** A merchant or partner who may call: his certificate's serial and public key. */
export interface WechatCaller {
  readonly serial: string;
  readonly publicKey: KeyObject;
}

export interface GuardedRequest {
  readonly method: string;
  /** Path with its query as it stood in the request line. */
  readonly target: string;
  readonly authorization: string;
  readonly body: string;
  readonly nowMs: number;
}

const windowMs = 300_000;
const scheme = 'WECHATPAY2-SHA256-RSA2048 ';
const fieldPattern = /^([a-z_]+)="([^"]*)"$/;
const fieldNames = ['mchid', 'nonce_str', 'serial_no', 'signature', 'timestamp'];

/** Judges `Authorization` as WeChat Pay does. Gives the caller's mchid, or why he is not believed. */
export function createWechatGuard(callers: ReadonlyMap<string, WechatCaller>): {
  judge(
    request: GuardedRequest,
  ): { readonly type: 'caller'; readonly mchid: string } | { readonly type: 'refused' };
} {
  const nonces = createNonceMemory(2 * windowMs);
  const refused = { type: 'refused' } as const;
  return {
    judge: (request) => {
      const fields = fieldsOf(request.authorization);
      if (fields === undefined) return refused;
      const read = (name: string): string => fields.get(name) ?? '';
      const [mchid, nonce, timestamp] = [read('mchid'), read('nonce_str'), read('timestamp')];
      const caller = callers.get(mchid);
      if (caller === undefined || caller.serial !== read('serial_no')) return refused;
      if (!/^[0-9]{1,12}$/.test(timestamp) || !/^[0-9A-Za-z]{16,32}$/.test(nonce)) return refused;
      if (Math.abs(Number(timestamp) * 1_000 - request.nowMs) > windowMs) return refused;
      const lines = [request.method, request.target, timestamp, nonce, request.body, ''];
      const bytes = Buffer.from(read('signature'), 'base64');
      if (!verify('sha256', Buffer.from(lines.join('\n')), caller.publicKey, bytes)) return refused;
      return nonces.use(nonce, request.nowMs) ? { type: 'caller', mchid } : refused;
    },
  };
}

/** Exactly the five fields, each once, in any order. */
function fieldsOf(authorization: string): ReadonlyMap<string, string> | undefined {
  if (!authorization.startsWith(scheme)) return undefined;
  const fields = new Map<string, string>();
  for (const part of authorization.slice(scheme.length).split(',')) {
    const [, name, value] = fieldPattern.exec(part) ?? [];
    if (name === undefined || value === undefined || fields.has(name)) return undefined;
    fields.set(name, value);
  }
  const isWhole = fields.size === fieldNames.length && fieldNames.every((one) => fields.has(one));
  return isWhole ? fields : undefined;
}
