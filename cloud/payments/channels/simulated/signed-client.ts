import { createHash, sign, verify, type KeyObject } from 'node:crypto';
import { Compile } from 'typebox/compile';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import {
  answerBytesMax,
  answerSignText,
  ChannelAnswerSchema,
  channelHeaders,
  requestSignText,
  type ChannelAnswer,
  type ChannelPath,
} from '#cloud/channel-simulator/protocol.ts';
import {
  maskCodes,
  rawAnswerCharsMax,
  type CallEvidence,
  type SignatureVerdict,
} from '#cloud/payments/channel.ts';

/** How to reach the channel and how both sides prove who they are. */
export interface SignedClientOptions {
  readonly baseUrl: string;
  readonly appId: string;
  readonly appPrivateKey: KeyObject;
  readonly channelPublicKey: KeyObject;
  readonly clock: Clock;
  readonly random: Random;
  /** How long one answer may take, milliseconds of real time. */
  readonly readTimeoutMs: number;
}

/** A verified answer, or our own word for why there is none that could be believed. */
export type SignedAnswer =
  | { readonly type: 'answer'; readonly answer: ChannelAnswer; readonly evidence: CallEvidence }
  | {
      readonly type: 'none';
      readonly code: 'not-sent' | 'no-answer' | 'bad-signature' | 'garbled-answer';
      readonly evidence: CallEvidence;
    };

const checkAnswer = Compile(ChannelAnswerSchema);

/**
 * Sends one signed request and believes only an answer whose signature over the raw bytes holds. Never repeats
 * anything: whoever calls decides whether asking again is safe.
 */
export async function sendSigned(
  options: SignedClientOptions,
  request: { readonly path: ChannelPath; readonly value: object },
): Promise<SignedAnswer> {
  const body = JSON.stringify(request.value);
  const requestDigest = createHash('sha256').update(maskCodes(body)).digest('hex');
  const nonce = Buffer.from(options.random.bytes(18)).toString('base64url');
  const sent = await post(options, { path: request.path, body, nonce });
  if (sent.type !== 'answered') {
    const evidence = {
      requestDigest,
      httpStatus: 0,
      rawAnswer: '',
      signature: 'no-answer',
    } as const;
    return { type: 'none', code: sent.type, evidence };
  }
  const signature = verdictOf(options, sent, nonce);
  const evidence: CallEvidence = {
    requestDigest,
    httpStatus: sent.status,
    rawAnswer: maskCodes(sent.text).slice(0, rawAnswerCharsMax),
    signature,
  };
  if (signature !== 'valid') return { type: 'none', code: 'bad-signature', evidence };
  const answer = parse(sent.text);
  return answer === undefined
    ? { type: 'none', code: 'garbled-answer', evidence }
    : { type: 'answer', answer, evidence };
}

interface RawAnswer {
  readonly type: 'answered';
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

async function post(
  options: SignedClientOptions,
  request: { readonly path: ChannelPath; readonly body: string; readonly nonce: string },
): Promise<RawAnswer | { readonly type: 'not-sent' | 'no-answer' }> {
  const timestamp = String(Math.floor(options.clock.nowMs() / 1_000));
  const text = requestSignText({ ...request, timestamp });
  const signature = sign(null, Buffer.from(text), options.appPrivateKey);
  try {
    const response = await fetch(new URL(request.path, options.baseUrl), {
      method: 'POST',
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        [channelHeaders.app]: options.appId,
        [channelHeaders.timestamp]: timestamp,
        [channelHeaders.nonce]: request.nonce,
        [channelHeaders.signature]: signature.toString('base64'),
      },
      body: request.body,
      signal: AbortSignal.timeout(options.readTimeoutMs),
    });
    const answered = await readBounded(response);
    return answered === undefined
      ? { type: 'no-answer' }
      : { type: 'answered', status: response.status, text: answered, headers: response.headers };
  } catch (cause) {
    return { type: isRefusedConnection(cause) ? 'not-sent' : 'no-answer' };
  }
}

/** The answer's bytes as text; undefined when there are more than {@link answerBytesMax}. */
async function readBounded(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > answerBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Only a refused connection proves that not one byte left; every other error may have come after the request. */
function isRefusedConnection(cause: unknown): boolean {
  const inner = cause instanceof Error ? cause.cause : undefined;
  return inner instanceof Error && 'code' in inner && inner.code === 'ECONNREFUSED';
}

function verdictOf(
  options: SignedClientOptions,
  raw: RawAnswer,
  requestNonce: string,
): SignatureVerdict {
  const timestamp = raw.headers.get(channelHeaders.timestamp);
  const signature = raw.headers.get(channelHeaders.signature);
  if (timestamp === null || signature === null) return 'missing';
  const text = answerSignText({ status: raw.status, timestamp, requestNonce, body: raw.text });
  const holds = verify(
    null,
    Buffer.from(text),
    options.channelPublicKey,
    Buffer.from(signature, 'base64'),
  );
  return holds ? 'valid' : 'invalid';
}

function parse(text: string): ChannelAnswer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return checkAnswer.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
