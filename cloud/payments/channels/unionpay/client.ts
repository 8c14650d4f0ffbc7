import type { CallEvidence, SignatureVerdict } from '#cloud/channel/channel-exchange.ts';
import type { UnionpayOptions } from '#cloud/payments/channels/unionpay/config.ts';
import { rawFieldsOf } from '#cloud/payments/channels/unionpay/raw-fields.ts';
import { signedForm, type Fields } from '#cloud/payments/channels/unionpay/sign.ts';
import { judgeFields, type UnionpaySignature } from '#cloud/payments/channels/unionpay/verify.ts';
import { evidenceOf, silenceOf } from '#cloud/payments/channels/wire/evidence.ts';
import { sendOnWire } from '#cloud/payments/channels/wire/http.ts';

export interface UnionpayRequest {
  /** `transaction`: charges, voids, reversals, refunds. `query`: what became of one. `file`: a day's bill. */
  readonly door: 'transaction' | 'query' | 'file';
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
/**
 * A file comes inside an answer, which is in memory as a whole, because its signature stands over
 * all of it: about 180,000 transactions of one merchant on one day.
 */
export const fileAnswerBytesMax = 16 * 1024 * 1024;
export const fileReadTimeoutMs = 300_000;

const paths = {
  transaction: '/gateway/api/backTransReq.do',
  query: '/gateway/api/queryTrans.do',
} as const;

/** Where it is, and how much patience it deserves. */
const doorOf = (
  { baseUrl, account, readTimeoutMs }: UnionpayOptions,
  door: keyof typeof paths | 'file',
) =>
  door === 'file'
    ? {
        url: new URL(account.fileUrl),
        readTimeoutMs: fileReadTimeoutMs,
        answerBytesMax: fileAnswerBytesMax,
      }
    : { url: new URL(paths[door], baseUrl), readTimeoutMs, answerBytesMax };

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
        ...doorOf(options, door),
        headers: {
          'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
          'user-agent': 'greentill',
        },
        body: signedForm(all, account.privateKey),
      });
      if (sent.type !== 'answered')
        return { type: 'none', code: sent.type, evidence: silenceOf(asked) };
      const text = sent.bytes.toString('utf8');
      const said = rawFieldsOf(text);
      const judged = said === undefined ? 'missing' : judgeFields(said, account, clock.nowMs());
      const evidence = evidenceOf({
        request: asked,
        status: sent.status,
        answer: withoutTheLong(text, said),
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
 * The certificate is long and public, and a file is a bill: they are left out, so that the words are
 * not what is cut off.
 */
const withoutTheLong = (text: string, said: Fields | undefined): string => {
  let words = text;
  for (const [name, word] of Object.entries(longFields)) {
    const value = said?.[name] ?? '';
    // A function, because `$` in a replacement means something.
    if (value !== '') words = words.replace(value, () => word);
  }
  return words;
};

const longFields = { signPubKeyCert: '(certificate)', fileContent: '(file)' } as const;

const verdictOf: Readonly<Record<UnionpaySignature, SignatureVerdict>> = {
  valid: 'valid',
  missing: 'missing',
  invalid: 'invalid',
  'key-unknown': 'invalid',
};
