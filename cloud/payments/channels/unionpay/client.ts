import type { CallEvidence, SignatureVerdict } from '#cloud/channel/channel-exchange.ts';
import type { UnionpayOptions } from '#cloud/payments/channels/unionpay/config.ts';
import { rawFieldsOf } from '#cloud/payments/channels/unionpay/raw-fields.ts';
import { signedForm, type Fields } from '#cloud/payments/channels/unionpay/sign.ts';
import { judgeFields, type UnionpaySignature } from '#cloud/payments/channels/unionpay/verify.ts';
import { evidenceOf, silenceOf } from '#cloud/payments/channels/wire/evidence.ts';
import { sendOnWire } from '#cloud/payments/channels/wire/http.ts';

export interface UnionpayRequest {
  /** `transaction`: charges, voids, reversals, refunds. `query`: what became of one. */
  readonly door: 'transaction' | 'query';
  readonly merchantNo: string;
  readonly fields: Fields;
}

/**
 * `said`: verified, whatever its respCode. `none`: nothing that could be believed, with a word of
 * ours.
 */
export type UnionpayAnswer =
  | { readonly type: 'said'; readonly fields: Fields; readonly evidence: CallEvidence }
  | {
      readonly type: 'none';
      readonly code: 'not-sent' | 'no-answer' | 'bad-signature' | 'garbled-answer';
      readonly evidence: CallEvidence;
    };

export interface UnionpayClient {
  /**
   * Signs, sends once, verifies. Never repeats anything. `not-sent` also when the merchant is none
   * of ours.
   */
  ask(request: UnionpayRequest): Promise<UnionpayAnswer>;
}

export const answerBytesMax = 256 * 1024;

const doors = {
  transaction: '/gateway/api/backTransReq.do',
  query: '/gateway/api/queryTrans.do',
} as const;

export function createUnionpayClient(options: UnionpayOptions): UnionpayClient {
  const { account, clock } = options;
  return {
    ask: async ({ door, merchantNo, fields }) => {
      const all: Fields = {
        version: '5.1.0',
        encoding: 'UTF-8',
        signMethod: '01',
        certId: account.certId,
        bizType: '000000',
        accessType: account.accessType,
        merId: merchantNo,
        ...fields,
      };
      const asked = `${door}\n${JSON.stringify(all)}`;
      if (!account.merchantNos.has(merchantNo))
        return { type: 'none', code: 'not-sent', evidence: silenceOf(asked) };
      const sent = await sendOnWire({
        method: 'POST',
        url: new URL(doors[door], options.baseUrl),
        headers: {
          'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
          'user-agent': 'greentill',
        },
        body: signedForm(all, account.privateKey),
        readTimeoutMs: options.readTimeoutMs,
        answerBytesMax,
      });
      if (sent.type !== 'answered')
        return { type: 'none', code: sent.type, evidence: silenceOf(asked) };
      const text = sent.bytes.toString('utf8');
      const said = rawFieldsOf(text);
      const judged = said === undefined ? 'missing' : judgeFields(said, account, clock.nowMs());
      const evidence = evidenceOf({
        request: asked,
        status: sent.status,
        answer: withoutCertificate(text, said),
        signature: verdictOf[judged],
      });
      if (said === undefined || judged !== 'valid')
        return { type: 'none', code: 'bad-signature', evidence };
      return said['respCode'] === undefined
        ? { type: 'none', code: 'garbled-answer', evidence }
        : { type: 'said', fields: said, evidence };
    },
  };
}

/**
 * The certificate is long and public: it is left out, so that the words are not what is cut off.
 */
const withoutCertificate = (text: string, said: Fields | undefined): string => {
  const pem = said?.['signPubKeyCert'] ?? '';
  return pem === '' ? text : text.replace(pem, '(certificate)');
};

const verdictOf: Readonly<Record<UnionpaySignature, SignatureVerdict>> = {
  valid: 'valid',
  missing: 'missing',
  invalid: 'invalid',
  'key-unknown': 'invalid',
};
