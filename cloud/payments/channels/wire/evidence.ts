import { createHash } from 'node:crypto';
import {
  maskCodes,
  rawAnswerCharsMax,
  type CallEvidence,
  type SignatureVerdict,
  type Unknown,
  type FailedFinal,
} from '#cloud/channel/channel-exchange.ts';

/**
 * SHA-256 of a request, hex, with the payment code masked: the same for two codes with the same
 * last digits.
 */
export const requestDigestOf = (request: string): string =>
  createHash('sha256').update(maskCodes(request)).digest('hex');

/** What is kept of a call that was answered. */
export const evidenceOf = (call: {
  readonly request: string;
  readonly status: number;
  readonly answer: string;
  readonly signature: SignatureVerdict;
}): CallEvidence => ({
  requestDigest: requestDigestOf(call.request),
  httpStatus: call.status,
  rawAnswer: maskCodes(call.answer).slice(0, rawAnswerCharsMax),
  signature: call.signature,
});

/** What is kept of a call that nobody answered. */
export const silenceOf = (request: string): CallEvidence => ({
  requestDigest: requestDigestOf(request),
  httpStatus: 0,
  rawAnswer: '',
  signature: 'no-answer',
});

export const unknown = (code: string): Unknown => ({ type: 'unknown', code });

/**
 * For a first request: when it never left that is a final failure; from every other silence nothing
 * follows.
 */
export const neverSent = (code: string): Unknown | FailedFinal => ({
  type: code === 'not-sent' ? 'failed' : 'unknown',
  code,
});
