import { sign, verify, type KeyObject } from 'node:crypto';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import {
  answerBytesMax,
  answerSignText,
  channelHeaders,
  requestSignText,
  type ChannelPath,
} from '#cloud/channel-simulator/protocol.ts';
import type { CallEvidence, SignatureVerdict } from '#cloud/channel/channel-exchange.ts';
import { evidenceOf, silenceOf } from '#cloud/payments/channels/wire/evidence.ts';
import {
  sendOnWire,
  type WireAnswer,
  type WireResult,
} from '#cloud/payments/channels/wire/http.ts';

/** How to reach the channel and how both sides prove who they are. */
export interface AggregatorOptions {
  readonly baseUrl: string;
  readonly appId: string;
  readonly appPrivateKey: KeyObject;
  readonly channelPublicKey: KeyObject;
  readonly clock: Clock;
  readonly random: Random;
  /** How long one answer may take, milliseconds of real time. */
  readonly readTimeoutMs: number;
  /** Where the channel posts notifies; without it nothing is asked for. */
  readonly notifyUrl?: string | undefined;
}

/** A verified answer, or our own word for why there is none that could be believed. */
export type SignedAnswer<A> =
  | { readonly type: 'answer'; readonly answer: A; readonly evidence: CallEvidence }
  | {
      readonly type: 'none';
      readonly code: 'not-sent' | 'no-answer' | 'bad-signature' | 'garbled-answer';
      readonly evidence: CallEvidence;
    };

/** A compiled schema: what an answer to this request must look like. */
export interface AnswerCheck<A> {
  Check(value: unknown): value is A;
}

/**
 * Sends one signed request and believes only an answer whose signature over the raw bytes holds.
 * Never repeats anything: whoever calls decides whether asking again is safe.
 */
export async function sendSigned<A>(
  options: AggregatorOptions,
  request: { readonly path: ChannelPath; readonly value: object },
  check: AnswerCheck<A>,
): Promise<SignedAnswer<A>> {
  const body = JSON.stringify(request.value);
  const nonce = Buffer.from(options.random.bytes(18)).toString('base64url');
  const sent = await post(options, { path: request.path, body, nonce });
  if (sent.type !== 'answered') return { type: 'none', code: sent.type, evidence: silenceOf(body) };
  const text = sent.bytes.toString('utf8');
  const signature = verdictOf(options, sent, nonce);
  const evidence = evidenceOf({ request: body, status: sent.status, answer: text, signature });
  if (signature !== 'valid') return { type: 'none', code: 'bad-signature', evidence };
  const answer = parse(text, check);
  return answer === undefined
    ? { type: 'none', code: 'garbled-answer', evidence }
    : { type: 'answer', answer, evidence };
}

async function post(
  options: AggregatorOptions,
  request: { readonly path: ChannelPath; readonly body: string; readonly nonce: string },
): Promise<WireResult> {
  const timestamp = String(Math.floor(options.clock.nowMs() / 1_000));
  const text = requestSignText({ ...request, timestamp });
  const signature = sign(null, Buffer.from(text), options.appPrivateKey);
  return await sendOnWire({
    method: 'POST',
    url: new URL(request.path, options.baseUrl),
    headers: {
      'content-type': 'application/json',
      [channelHeaders.app]: options.appId,
      [channelHeaders.timestamp]: timestamp,
      [channelHeaders.nonce]: request.nonce,
      [channelHeaders.signature]: signature.toString('base64'),
    },
    body: request.body,
    readTimeoutMs: options.readTimeoutMs,
    answerBytesMax,
  });
}

function verdictOf(
  options: AggregatorOptions,
  raw: WireAnswer,
  requestNonce: string,
): SignatureVerdict {
  const timestamp = raw.headers.get(channelHeaders.timestamp);
  const signature = raw.headers.get(channelHeaders.signature);
  if (timestamp === null || signature === null) return 'missing';
  const text = answerSignText({
    status: raw.status,
    timestamp,
    requestNonce,
    body: raw.bytes.toString('utf8'),
  });
  const bytes = Buffer.from(signature, 'base64');
  // Base64 has spare bits and skipped characters; only the one canonical spelling is believed.
  const isCanonical = bytes.toString('base64') === signature;
  const holds = verify(null, Buffer.from(text), options.channelPublicKey, bytes);
  return isCanonical && holds ? 'valid' : 'invalid';
}

function parse<A>(text: string, check: AnswerCheck<A>): A | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return check.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
