import { createCipheriv, createHash, randomBytes, sign, type KeyObject } from 'node:crypto';

/** Headers of an answer or notify, signed with one of the platform's keys. */
export function signedHeaders(
  body: string | Buffer,
  by: { readonly serial: string; readonly key: KeyObject; readonly nowMs: number },
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(by.nowMs / 1_000));
  const nonce = randomBytes(16).toString('hex');
  const text = Buffer.concat([
    Buffer.from(`${timestamp}\n${nonce}\n`),
    Buffer.from(body),
    Buffer.from('\n'),
  ]);
  return {
    'wechatpay-serial': by.serial,
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': sign('sha256', text, by.key).toString('base64'),
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

/** A notify as WeChat Pay posts it: signed, with its resource encrypted. */
export function wechatNotice(
  event: { readonly type: string; readonly originalType: string; readonly resource: object },
  by: {
    readonly serial: string;
    readonly key: KeyObject;
    readonly nowMs: number;
    readonly apiV3Key: string;
    /** Sends a signature that must not hold, to see whether the receiver looks. */
    readonly isProbe?: boolean;
  },
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(by.apiV3Key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from(event.originalType));
  const plain = JSON.stringify(event.resource);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const body = JSON.stringify({
    id: createHash('sha256').update(`${event.type}${plain}`).digest('hex').slice(0, 36),
    create_time: new Date(by.nowMs).toISOString(),
    resource_type: 'encrypt-resource',
    event_type: event.type,
    summary: event.type,
    resource: {
      original_type: event.originalType,
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext: sealed.toString('base64'),
      associated_data: event.originalType,
      nonce,
    },
  });
  const headers = signedHeaders(body, by);
  const probe = { 'wechatpay-signature': `WECHATPAY/SIGNTEST/${headers['wechatpay-signature']}` };
  return {
    headers: { 'content-type': 'application/json', ...headers, ...(by.isProbe ? probe : {}) },
    body,
  };
}
