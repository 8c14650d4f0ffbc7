import { verify, type KeyObject } from 'node:crypto';

/** An app that may call: its public key, and whom it may speak for. */
export interface AlipayCaller {
  readonly publicKey: KeyObject;
  /** The merchant's number for a token of his; the empty token stands for the app's own account. */
  readonly merchantOfToken: (token: string) => string | undefined;
}

/** A verified request. `merchantNo` is undefined when the token is nobody's. */
export interface AlipayCall {
  readonly appId: string;
  readonly method: string;
  readonly merchantNo: string | undefined;
  readonly notifyUrl: string | undefined;
  readonly bizContent: string;
}

const windowMs = 600_000;
const timePattern = /^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$/;
const required = { format: 'JSON', charset: 'utf-8', sign_type: 'RSA2', version: '1.0' } as const;

/** Judges a form as Alipay's gateway does, in this order: app, fixed words, time in Shanghai (±10 min), signature. */
export function judgeForm(
  body: string,
  callers: ReadonlyMap<string, AlipayCaller>,
  nowMs: number,
): AlipayCall | { readonly refusal: string } {
  const form = new URLSearchParams(body);
  const names = [...form.keys()];
  if (new Set(names).size !== names.length) return { refusal: 'PARAM_ERROR' };
  const read = (name: string): string => form.get(name) ?? '';
  const caller = callers.get(read('app_id'));
  if (caller === undefined) return { refusal: 'APP_UNKNOWN' };
  for (const [name, value] of Object.entries(required))
    if (read(name).toLowerCase() !== value.toLowerCase()) return { refusal: 'PARAM_ERROR' };
  const timestamp = read('timestamp');
  const atMs = timePattern.test(timestamp)
    ? Date.parse(`${timestamp.replace(' ', 'T')}+08:00`)
    : Number.NaN;
  if (!(Math.abs(atMs - nowMs) <= windowMs)) return { refusal: 'TIMESTAMP_ERROR' };
  const text = names
    .filter((name) => name !== 'sign' && read(name) !== '')
    .toSorted()
    .map((name) => `${name}=${read(name)}`)
    .join('&');
  const signature = Buffer.from(read('sign'), 'base64');
  if (!verify('sha256', Buffer.from(text), caller.publicKey, signature))
    return { refusal: 'SIGN_ERROR' };
  const notifyUrl = read('notify_url');
  return {
    appId: read('app_id'),
    method: read('method'),
    merchantNo: caller.merchantOfToken(read('app_auth_token')),
    notifyUrl: notifyUrl === '' ? undefined : notifyUrl,
    bizContent: read('biz_content'),
  };
}
