import type { CallEvidence, SignatureVerdict } from '#cloud/channel/channel-exchange.ts';
import { signerOf, type WechatOptions } from '#cloud/payments/channels/wechat/config.ts';
import { wechatMessages } from '#cloud/payments/channels/wechat/messages.ts';
import { authorizationOf } from '#cloud/payments/channels/wechat/sign.ts';
import { judgeSignature, type WechatSignature } from '#cloud/payments/channels/wechat/verify.ts';
import { evidenceOf, silenceOf } from '#cloud/payments/channels/wire/evidence.ts';
import { sendOnWire, type WireAnswer } from '#cloud/payments/channels/wire/http.ts';

export interface WechatRequest {
  readonly method: 'GET' | 'POST';
  /** Path with its query; everything variable in it is percent-encoded. */
  readonly target: string;
  readonly value?: object;
}

/**
 * `said`: verified, 2xx. `refused`: verified, not 2xx, with WeChat Pay's code. `none`: nothing that
 * could be believed, with a word of ours. An unsigned refusal is not believed either: asking again
 * is cheaper than a wrong "failed".
 */
export type WechatAnswer =
  | { readonly type: 'said'; readonly value: unknown; readonly evidence: CallEvidence }
  | { readonly type: 'refused'; readonly code: string; readonly evidence: CallEvidence }
  | {
      readonly type: 'none';
      readonly code: 'not-sent' | 'no-answer' | 'bad-signature' | 'garbled-answer';
      readonly evidence: CallEvidence;
    };

export interface WechatClient {
  /** Signs, sends once, verifies. Never repeats anything. */
  ask(request: WechatRequest): Promise<WechatAnswer>;
  /** Headers of a signed request, for the download that is no JSON. */
  headersOf(request: WechatRequest): Readonly<Record<string, string>>;
}

export const answerBytesMax = 1024 * 1024;

export function createWechatClient(options: WechatOptions): WechatClient {
  const { account, clock, random } = options;
  const headersOf: WechatClient['headersOf'] = ({ method, target, value }) => {
    const body = value === undefined ? '' : JSON.stringify(value);
    const nonce = Buffer.from(random.bytes(16)).toString('hex').toUpperCase();
    const timestamp = String(Math.floor(clock.nowMs() / 1_000));
    const signer = {
      mchid: signerOf(account.identity),
      serial: account.keySerial,
      privateKey: account.privateKey,
    };
    return {
      accept: 'application/json',
      'user-agent': 'greentill',
      'wechatpay-serial': account.platformKeyId,
      authorization: authorizationOf({ method, target, timestamp, nonce, body }, signer),
      ...(value === undefined ? {} : { 'content-type': 'application/json' }),
    };
  };
  return {
    headersOf,
    ask: async (request) => {
      const body = request.value === undefined ? undefined : JSON.stringify(request.value);
      const asked = `${request.method} ${request.target}\n${body ?? ''}`;
      const sent = await sendOnWire({
        method: request.method,
        url: new URL(request.target, options.baseUrl),
        headers: headersOf(request),
        ...(body === undefined ? {} : { body }),
        readTimeoutMs: options.readTimeoutMs,
        answerBytesMax,
      });
      if (sent.type !== 'answered')
        return { type: 'none', code: sent.type, evidence: silenceOf(asked) };
      const judged = judgeSignature(
        { header: (name) => sent.headers.get(name) ?? undefined, body: sent.bytes },
        { keys: account.platformKeys, nowMs: clock.nowMs() },
      );
      const evidence = evidenceOf({
        request: asked,
        status: sent.status,
        answer: sent.bytes.toString('utf8'),
        signature: verdictOf[judged],
      });
      if (judged !== 'valid') return { type: 'none', code: 'bad-signature', evidence };
      return read(sent, evidence);
    },
  };
}

const verdictOf: Readonly<Record<WechatSignature, SignatureVerdict>> = {
  valid: 'valid',
  'signature-missing': 'missing',
  'signature-probe': 'invalid',
  'signature-invalid': 'invalid',
  'key-unknown': 'invalid',
  'time-outside-window': 'invalid',
};

function read(sent: WireAnswer, evidence: CallEvidence): WechatAnswer {
  const value = jsonOf(sent.bytes);
  if (sent.status >= 200 && sent.status < 300) {
    const isReadable = value !== undefined || sent.bytes.length === 0;
    return isReadable
      ? { type: 'said', value, evidence }
      : { type: 'none', code: 'garbled-answer', evidence };
  }
  return wechatMessages.error.Check(value)
    ? { type: 'refused', code: value.code, evidence }
    : { type: 'none', code: 'garbled-answer', evidence };
}

export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
