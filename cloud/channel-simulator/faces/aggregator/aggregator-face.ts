import { sign, type KeyObject } from 'node:crypto';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ChannelBooks } from '#cloud/channel-simulator/channel-books.ts';
import { bodyOf, type SimulatorFace } from '#cloud/channel-simulator/face.ts';
import {
  answerSignText,
  booksPageMax,
  BooksRequestSchema,
  channelHeaders,
  channelPaths,
  OrderRequestSchema,
  PayRequestSchema,
  RefundQueryRequestSchema,
  RefundRequestSchema,
  WithholdRequestSchema,
  type BooksAnswer,
  type ChannelPath,
} from '#cloud/channel-simulator/protocol.ts';
import { refusal, reply, type Reply } from '#cloud/channel-simulator/replies.ts';
import { createRequestGuard } from '#cloud/channel-simulator/request-guard.ts';

/** The licensed aggregator of protocol.ts: every wallet, one signed JSON dialect. */
export const aggregatorFace = (options: {
  readonly channelPrivateKey: KeyObject;
  readonly apps: ReadonlyMap<string, KeyObject>;
}): SimulatorFace => ({
  name: 'aggregator',
  mount: (app, house) => {
    const guard = createRequestGuard(options.apps);
    const handlers = handlersOf(house.books);
    for (const path of Object.values(channelPaths))
      app.post(path, (request, answer) => {
        const body = bodyOf(request);
        const { headers } = request;
        const nowMs = house.clock.nowMs();
        const nonce = headers[channelHeaders.nonce];
        return house.serve(request, answer, {
          requestBody: body,
          guard: () => {
            const refused = guard.judge({ path, headers, body, nowMs });
            return refused === undefined
              ? undefined
              : said(401, { code: refused, message: 'not accepted' });
          },
          busy: () => said(429, { code: 'FREQUENCY_LIMITED', message: 'slow down' }),
          carryOut: () => {
            const done = handlers[path](body, nowMs);
            const spoken = said(done.status, done.answer);
            return 'delivery' in done ? { ...spoken, delivery: done.delivery } : spoken;
          },
          seal: (spoken) => {
            const timestamp = String(Math.floor(house.clock.nowMs() / 1_000));
            const text = answerSignText({
              status: spoken.status,
              timestamp,
              requestNonce: typeof nonce === 'string' ? nonce : '',
              body: String(spoken.body),
            });
            const signature = sign(null, Buffer.from(text), options.channelPrivateKey);
            return {
              ...spoken,
              headers: {
                'content-type': 'application/json; charset=utf-8',
                [channelHeaders.timestamp]: timestamp,
                [channelHeaders.signature]: signature.toString('base64'),
              },
            };
          },
        });
      });
  },
});

const said = (status: number, value: object) => ({ status, body: JSON.stringify(value) });

interface BooksReply {
  readonly status: number;
  readonly answer: object;
}

const refundWords = (outRefundNo: string, refundFen: number) => ({ outRefundNo, refundFen });

type Handler = (body: string, nowMs: number) => Reply | BooksReply;

function handlersOf(books: ChannelBooks): Record<ChannelPath, Handler> {
  return {
    [channelPaths.pay]: parsed(PayRequestSchema, books.pay),
    [channelPaths.withhold]: parsed(WithholdRequestSchema, books.withhold),
    [channelPaths.query]: parsed(OrderRequestSchema, books.query),
    [channelPaths.reverse]: parsed(OrderRequestSchema, books.reverse),
    [channelPaths.refund]: parsed(RefundRequestSchema, (request, nowMs) => {
      const replied = books.refund(request, nowMs);
      const { answer } = replied;
      return answer.code === 'SUCCESS'
        ? {
            ...replied,
            answer: { ...answer, ...refundWords(request.outRefundNo, request.amountFen) },
          }
        : replied;
    }),
    [channelPaths.refundQuery]: parsed(RefundQueryRequestSchema, (request) => {
      const { merchantNo, outRefundNo } = request;
      const found = books.findRefund({ merchantNo, outRefundNo });
      if (found?.order.outTradeNo !== request.outTradeNo)
        return refusal(404, 'REFUND_NOT_FOUND', 'no such refund');
      const replied = reply(found.order, 'SUCCESS');
      const words = refundWords(outRefundNo, found.refund.amountFen);
      return { ...replied, answer: { ...replied.answer, ...words } };
    }),
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
