import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Delivery } from '#cloud/channel-simulator/payment-scripts.ts';

/**
 * What may go wrong on the line, on top of what the payment code asks for; the same for every face.
 * lose-request: the request never arrives. lose-answer: it is carried out, the answer is cut off.
 * forge-answer: it is carried out, the answer is changed after signing. garbage: signed bytes that are no answer.
 * echo-request: it is carried out, and the answer leaks the end of the request's body in its message.
 */
export type LineFault =
  | 'none'
  | 'lose-request'
  | 'lose-answer'
  | 'forge-answer'
  | 'garbage'
  | 'echo-request'
  | 'too-many-requests';

/** What a face says, before it is signed. */
export interface Said {
  readonly status: number;
  readonly body: string | Buffer;
}

/** One request at a face. The line asks in this order: guard, busy, carryOut, seal. */
export interface Exchange {
  /** The request's body as it came. */
  readonly requestBody: string;
  /** A refusal when signature, time or nonce are wrong. */
  guard(): Said | undefined;
  /** The dialect's "too many requests". */
  busy(): Said;
  carryOut(): Said & { readonly delivery?: Delivery };
  /** Headers of an answer: content type, and the signature over exactly these bytes. May change the body. */
  seal(said: Said): Said & { readonly headers: Readonly<Record<string, string>> };
}

/** Carries one exchange over a line that fails as `fault` says. Resolves when the answer is on its way. */
export async function carryExchange(
  answer: FastifyReply,
  exchange: Exchange,
  line: {
    readonly fault: LineFault;
    readonly slowAnswerMs: number;
    readonly closing: AbortSignal;
    /** Called once the request is carried out. */
    readonly count: () => void;
  },
): Promise<void> {
  const { fault } = line;
  if (fault === 'lose-request') return cutOff(answer);
  const refused = exchange.guard();
  if (refused !== undefined) return send(answer, exchange, refused, fault);
  if (fault === 'too-many-requests') return send(answer, exchange, exchange.busy(), 'none');
  line.count();
  const said = exchange.carryOut();
  if (fault === 'lose-answer' || said.delivery === 'dropped') return cutOff(answer);
  if (said.delivery === 'slow')
    await sleep(line.slowAnswerMs, undefined, { signal: line.closing }).catch(() => undefined);
  return send(answer, exchange, said, said.delivery === 'tampered' ? 'forge-answer' : fault);
}

function send(answer: FastifyReply, exchange: Exchange, said: Said, fault: LineFault): void {
  const sealed = exchange.seal(wordsOf(said, exchange, fault));
  const body = fault === 'forge-answer' ? forged(sealed.body) : sealed.body;
  void answer.code(sealed.status).headers(sealed.headers).send(body);
}

function wordsOf(said: Said, exchange: Exchange, fault: LineFault): Said {
  if (fault === 'garbage') return { ...said, body: '<html>502' };
  if (fault !== 'echo-request' || typeof said.body !== 'string') return said;
  const value = JSON.parse(said.body) as object;
  return {
    ...said,
    body: JSON.stringify({ ...value, message: exchange.requestBody.slice(-200) }),
  };
}

/** Still readable, but not what was signed: the last digit is another one. */
function forged(body: string | Buffer): string | Buffer {
  if (typeof body !== 'string') return Buffer.concat([body, Buffer.from(' ')]);
  const changed = body.replace(/[0-9](?=[^0-9]*$)/, (digit) => String((Number(digit) + 1) % 10));
  return changed === body ? `${body} ` : changed;
}

/** The connection breaks without an answer. */
function cutOff(answer: FastifyReply): void {
  answer.hijack();
  answer.raw.destroy();
}
