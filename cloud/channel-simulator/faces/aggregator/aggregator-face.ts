import { sign, type KeyObject } from 'node:crypto';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { bodyOf, type FaceHouse, type SimulatorFace } from '#cloud/channel-simulator/face.ts';
import {
  answerSignText,
  BillRequestSchema,
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
  type OrderRequest,
} from '#cloud/channel-simulator/protocol.ts';
import { createAnnouncer } from '#cloud/channel-simulator/faces/aggregator/announce.ts';
import {
  createBillShelf,
  mountBills,
  type BillShelf,
} from '#cloud/channel-simulator/faces/aggregator/bill.ts';
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
    const bills = createBillShelf(house);
    const handlers = handlersOf(house, {
      announce: createAnnouncer(house, options.channelPrivateKey),
      bills,
    });
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
            const caller = String(headers[channelHeaders.app] ?? '');
            const done = handlers[path](body, nowMs, caller);
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
    mountBills(app, house, bills);
  },
});

const said = (status: number, value: object) => ({ status, body: JSON.stringify(value) });

interface BooksReply {
  readonly status: number;
  readonly answer: object;
}

const refundWords = (outRefundNo: string, refundFen: number) => ({ outRefundNo, refundFen });

type Handler = (body: string, nowMs: number, app: string) => Reply | BooksReply;
type Announcer = ReturnType<typeof createAnnouncer>;

function handlersOf(
  house: FaceHouse,
  { announce, bills }: { readonly announce: Announcer; readonly bills: BillShelf },
): Record<ChannelPath, Handler> {
  const { books } = house;
  const announced = (
    app: string,
    { notifyUrl: url, ...named }: OrderRequest & { readonly notifyUrl?: string },
    replied: Reply,
  ): Reply => {
    const order = books.shelf.find(named);
    const { notices: times = 0, noticeAfterMs: afterMs = 0 } = replied;
    if (order !== undefined) announce({ app, order, url, times, afterMs });
    return replied;
  };
  return {
    [channelPaths.pay]: parsed(PayRequestSchema, (request, nowMs, app) =>
      announced(app, request, books.pay(request, nowMs)),
    ),
    [channelPaths.withhold]: parsed(WithholdRequestSchema, (request, nowMs, app) =>
      announced(app, request, books.withhold(request, nowMs)),
    ),
    [channelPaths.query]: parsed(OrderRequestSchema, (request, nowMs, app) => {
      const wasPaid = books.shelf.find(request)?.paidAtMs !== undefined;
      const replied = books.query(request, nowMs);
      return wasPaid ? replied : announced(app, request, { ...replied, notices: 1 });
    }),
    [channelPaths.reverse]: parsed(OrderRequestSchema, (request, nowMs, app) => {
      const replied = books.reverse(request, nowMs);
      house.awaitPayer(request, (order) => announce({ app, order, times: 1 }));
      return replied;
    }),
    [channelPaths.refund]: parsed(RefundRequestSchema, (request, nowMs, app) => {
      const wasThere = books.findRefund(request) !== undefined;
      const replied = books.refund(request, nowMs);
      const order = books.shelf.find(request);
      if (replied.answer.code !== 'SUCCESS' || order === undefined) return replied;
      const refund = refundWords(request.outRefundNo, request.amountFen);
      if (!wasThere) announce({ app, order, url: request.notifyUrl, times: 1, refund });
      return { ...replied, answer: { ...replied.answer, ...refund } };
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
    [channelPaths.bill]: parsed(BillRequestSchema, (request, nowMs) => bills.lay(request, nowMs)),
  };
}

function parsed<S extends TSchema>(
  schema: S,
  handler: (request: Static<S>, nowMs: number, app: string) => Reply | BooksReply,
): Handler {
  const check = Compile(schema);
  return (body, nowMs, app) => {
    const value = jsonOf(body);
    return check.Check(value)
      ? handler(value, nowMs, app)
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
