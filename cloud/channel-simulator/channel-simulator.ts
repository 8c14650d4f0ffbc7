import { sign, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Clock } from '#shared/time/clock.ts';
import {
  booksRulesDefault,
  createChannelBooks,
  type BooksRules,
} from '#cloud/channel-simulator/channel-books.ts';
import type { BooksStore } from '#cloud/channel-simulator/order-shelf.ts';
import {
  answerSignText,
  booksPageMax,
  BooksRequestSchema,
  channelHeaders,
  channelPaths,
  OrderRequestSchema,
  PayRequestSchema,
  RefundRequestSchema,
  requestBytesMax,
  WithholdRequestSchema,
  type BookLine,
  type BooksAnswer,
  type ChannelPath,
} from '#cloud/channel-simulator/protocol.ts';
import type { Reply } from '#cloud/channel-simulator/replies.ts';
import { createRequestGuard } from '#cloud/channel-simulator/request-guard.ts';

/**
 * What may go wrong on the line, on top of what the payment code asks for.
 * lose-request: the request never arrives. lose-answer: it is carried out, the answer is cut off.
 * forge-answer: it is carried out, the answer is changed after signing. garbage: bytes that are no JSON.
 * echo-request: it is carried out, and the answer leaks the request's body in its message.
 */
export type LineFault =
  | 'none'
  | 'lose-request'
  | 'lose-answer'
  | 'forge-answer'
  | 'garbage'
  | 'echo-request'
  | 'too-many-requests';

export interface ChannelSimulatorOptions {
  /** 0 = any free port; `none`: nobody listens, requests come through `inject` alone. */
  readonly port: number | 'none';
  readonly host?: string;
  /** The same seed gives the same transaction numbers. */
  readonly seed: string;
  readonly clock: Clock;
  readonly channelPrivateKey: KeyObject;
  /** Callers by app id, with the key that verifies their requests. */
  readonly apps: ReadonlyMap<string, KeyObject>;
  readonly rules?: Partial<BooksRules>;
  /** Keeps the books over a restart; without it they live as long as the process. */
  readonly store?: BooksStore;
  /** Real milliseconds until suffix 08 is answered; set it above the caller's read timeout. */
  readonly slowAnswerMs?: number;
  /** Decides the fault of each request; `none` without it. */
  readonly faultOf?: (request: { readonly path: string; readonly index: number }) => LineFault;
}

export interface ChannelSimulator {
  readonly baseUrl: string;
  /** One request without a socket, for worlds in which time is not real. Rejects when the answer is cut off. */
  readonly inject: FastifyInstance['inject'];
  readonly books: () => readonly BookLine[];
  /** Changes the channel's rules while it runs: for demos and tests. */
  setRules(rules: Partial<BooksRules>): void;
  setFaults(faultOf: NonNullable<ChannelSimulatorOptions['faultOf']>): void;
  /** Requests carried out so far, by path. */
  readonly requestCounts: () => ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export const slowAnswerMsDefault = 12_000;

/** Starts the simulated payment channel: an HTTP server of its own, with its own keys and its own books. */
export async function createChannelSimulator(
  options: ChannelSimulatorOptions,
): Promise<ChannelSimulator> {
  let rules: BooksRules = { ...booksRulesDefault, ...options.rules };
  let faultOf = options.faultOf ?? (() => 'none' as const);
  const books = createChannelBooks({
    seed: options.seed,
    rules: () => rules,
    ...(options.store === undefined ? {} : { store: options.store }),
  });
  const guard = createRequestGuard(options.apps);
  const counts = new Map<string, number>();
  const closing = new AbortController();
  let index = 0;

  const app = Fastify({ logger: false, bodyLimit: requestBytesMax, forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    done(null, body);
  });

  const handlers = handlersOf(books);
  const handle = async (request: FastifyRequest, answer: FastifyReply): Promise<void> => {
    const path = request.url as ChannelPath;
    const body = typeof request.body === 'string' ? request.body : '';
    const nowMs = options.clock.nowMs();
    const fault = faultOf({ path, index });
    index += 1;
    if (fault === 'lose-request') return cutOff(answer);
    const refused = guard.judge({ path, headers: request.headers, body, nowMs });
    const nonce = request.headers[channelHeaders.nonce];
    const send = signedSender({ answer, options, nonce: typeof nonce === 'string' ? nonce : '' });
    if (refused !== undefined) return send(401, { code: refused, message: 'not accepted' }, fault);
    if (fault === 'too-many-requests')
      return send(429, { code: 'FREQUENCY_LIMITED', message: 'slow down' }, 'none');
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const done = handlers[path](body, nowMs);
    if (fault === 'lose-answer' || ('delivery' in done && done.delivery === 'dropped'))
      return cutOff(answer);
    if ('delivery' in done && done.delivery === 'slow')
      await sleep(options.slowAnswerMs ?? slowAnswerMsDefault, undefined, {
        signal: closing.signal,
      }).catch(() => undefined);
    const leak = fault === 'echo-request' ? { message: body.slice(0, 200) } : {};
    return send(done.status, { ...done.answer, ...leak }, fault);
  };
  for (const path of Object.values(channelPaths)) app.post(path, handle);

  const { port, host = '127.0.0.1' } = options;
  const baseUrl = port === 'none' ? 'http://channel.invalid' : await app.listen({ port, host });
  return {
    baseUrl,
    inject: app.inject.bind(app),
    books: () => books.lines(),
    setRules: (change) => {
      rules = { ...rules, ...change };
    },
    setFaults: (change) => {
      faultOf = change;
    },
    requestCounts: () => counts,
    close: async () => {
      closing.abort();
      await app.close();
    },
  };
}

interface BooksReply {
  readonly status: number;
  readonly answer: object;
}

type Handler = (body: string, nowMs: number) => Reply | BooksReply;

function handlersOf(books: ReturnType<typeof createChannelBooks>): Record<ChannelPath, Handler> {
  return {
    [channelPaths.pay]: parsed(PayRequestSchema, books.pay),
    [channelPaths.withhold]: parsed(WithholdRequestSchema, books.withhold),
    [channelPaths.query]: parsed(OrderRequestSchema, books.query),
    [channelPaths.reverse]: parsed(OrderRequestSchema, books.reverse),
    [channelPaths.refund]: parsed(RefundRequestSchema, books.refund),
    [channelPaths.books]: parsed(BooksRequestSchema, ({ merchantNo, after }) => {
      const rest = books
        .lines()
        .filter((line) => line.merchantNo === merchantNo && line.outTradeNo > after)
        .toSorted((a, b) => (a.outTradeNo < b.outTradeNo ? -1 : 1));
      const lines = rest.slice(0, booksPageMax);
      const answer: BooksAnswer = { code: 'SUCCESS', lines, more: rest.length > lines.length };
      return { status: 200, answer };
    }),
  };
}

function parsed<S extends TSchema>(
  schema: S,
  handler: (request: Static<S>, nowMs: number) => Reply | BooksReply,
): Handler {
  const check = Compile(schema);
  return (body, nowMs) => {
    const value = jsonOf(body);
    return check.Check(value)
      ? handler(value, nowMs)
      : { status: 400, answer: { code: 'PARAM_ERROR', message: 'the request does not fit' } };
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cutOff(answer: FastifyReply): void {
  answer.hijack();
  answer.raw.destroy();
}

function signedSender(deps: {
  readonly answer: FastifyReply;
  readonly options: ChannelSimulatorOptions;
  readonly nonce: string;
}): (status: number, value: object, fault: LineFault) => void {
  return (status, value, fault) => {
    const body = fault === 'garbage' ? '<html>502' : JSON.stringify(value);
    const timestamp = String(Math.floor(deps.options.clock.nowMs() / 1_000));
    const text = answerSignText({ status, timestamp, requestNonce: deps.nonce, body });
    const signature = sign(null, Buffer.from(text), deps.options.channelPrivateKey);
    const sent =
      fault === 'forge-answer' ? body.replace(/"code":"[A-Z_]+"/, '"code":"SUCCESS"') + ' ' : body;
    void deps.answer
      .code(status)
      .header('content-type', 'application/json; charset=utf-8')
      .header(channelHeaders.timestamp, timestamp)
      .header(channelHeaders.signature, signature.toString('base64'))
      .send(sent);
  };
}
