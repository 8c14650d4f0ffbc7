import type { CallEvidence, SignatureVerdict } from '#cloud/channel/channel-exchange.ts';
import { tokenFor, type AlipayOptions } from '#cloud/payments/channels/alipay/config.ts';
import { alipayMessages } from '#cloud/payments/channels/alipay/messages.ts';
import { jsonOf } from '#cloud/payments/channels/alipay/raw-members.ts';
import { signedForm } from '#cloud/payments/channels/alipay/sign.ts';
import { judgeAnswer, type AlipaySignature } from '#cloud/payments/channels/alipay/verify.ts';
import { shanghaiTimeOf } from '#cloud/payments/channels/wire/shanghai-time.ts';
import { evidenceOf, silenceOf } from '#cloud/payments/channels/wire/evidence.ts';
import { sendOnWire } from '#cloud/payments/channels/wire/http.ts';

export interface AlipayRequest {
  /** `alipay.trade.pay` and the like. */
  readonly method: string;
  /** Whose authorisation goes along; undefined for what concerns the app itself. */
  readonly channelMerchantNo: string | undefined;
  /** `biz_content`. */
  readonly value: object;
  readonly notifyUrl?: string | undefined;
}

/**
 * `said`: verified. `code` is 10000 or, where a charge waits for its payer, 10003. `refused`:
 * verified, any other code; `code` is the sub_code where there is one. `none`: nothing that could
 * be believed, with a word of ours.
 */
export type AlipayAnswer =
  | {
      readonly type: 'said';
      readonly code: string;
      readonly value: unknown;
      readonly evidence: CallEvidence;
    }
  | { readonly type: 'refused'; readonly code: string; readonly evidence: CallEvidence }
  | {
      readonly type: 'none';
      readonly code: 'not-sent' | 'no-answer' | 'bad-signature' | 'garbled-answer';
      readonly evidence: CallEvidence;
    };

export interface AlipayClient {
  /**
   * Signs, sends once, verifies. Never repeats anything. `not-sent` also when we may not act for
   * the merchant.
   */
  ask(request: AlipayRequest): Promise<AlipayAnswer>;
}

export const answerBytesMax = 1024 * 1024;

export function createAlipayClient(options: AlipayOptions): AlipayClient {
  const { account } = options;
  return {
    ask: async (request) => {
      const bizContent = JSON.stringify(request.value);
      const asked = `${request.method}\n${bizContent}`;
      const merchantNo = request.channelMerchantNo;
      const token = merchantNo === undefined ? '' : tokenFor(account.identity, merchantNo);
      if (token === undefined)
        return { type: 'none', code: 'not-sent', evidence: silenceOf(asked) };
      const sent = await sendOnWire({
        method: 'POST',
        url: new URL(options.gatewayUrl),
        headers: {
          'content-type': 'application/x-www-form-urlencoded;charset=utf-8',
          'user-agent': 'greentill',
        },
        body: signedForm(paramsOf(options, request, { bizContent, token }), account.privateKey),
        readTimeoutMs: options.readTimeoutMs,
        answerBytesMax,
      });
      if (sent.type !== 'answered')
        return { type: 'none', code: sent.type, evidence: silenceOf(asked) };
      const { signature, node } = judgeAnswer(sent.bytes, request.method, account.alipayKeys);
      const evidence = evidenceOf({
        request: asked,
        status: sent.status,
        answer: sent.bytes.toString('utf8'),
        signature: verdictOf[signature],
      });
      if (signature !== 'valid') return { type: 'none', code: 'bad-signature', evidence };
      return read(jsonOf(node), evidence);
    },
  };
}

function paramsOf(
  { account, clock }: AlipayOptions,
  request: AlipayRequest,
  made: { readonly bizContent: string; readonly token: string },
): Readonly<Record<string, string>> {
  return {
    app_id: account.appId,
    method: request.method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: shanghaiTimeOf(clock.nowMs()),
    version: '1.0',
    app_auth_token: made.token,
    app_cert_sn: account.certificates?.appSerial ?? '',
    alipay_root_cert_sn: account.certificates?.rootSerial ?? '',
    notify_url: request.notifyUrl ?? '',
    biz_content: made.bizContent,
  };
}

const verdictOf: Readonly<Record<AlipaySignature, SignatureVerdict>> = {
  valid: 'valid',
  missing: 'missing',
  garbled: 'missing',
  invalid: 'invalid',
  'key-unknown': 'invalid',
};

const yesCodes: ReadonlySet<string> = new Set(['10000', '10003']);

function read(value: unknown, evidence: CallEvidence): AlipayAnswer {
  if (!alipayMessages.node.Check(value)) return { type: 'none', code: 'garbled-answer', evidence };
  // A "yes" that carries an error's sub code is no yes.
  if (yesCodes.has(value.code) && value.sub_code === undefined)
    return { type: 'said', code: value.code, value, evidence };
  return { type: 'refused', code: value.sub_code ?? value.code, evidence };
}
