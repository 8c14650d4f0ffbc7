import type { FastifyInstance } from 'fastify';
import {
  bodyOf,
  type FaceHouse,
  type NotifyManners,
  type SimulatorFace,
} from '#cloud/channel-simulator/face.ts';
import { billDesk, billPath } from '#cloud/channel-simulator/faces/alipay/bill-routes.ts';
import { judgeForm, type AlipayCall } from '#cloud/channel-simulator/faces/alipay/guard.ts';
import { moneyRoutes } from '#cloud/channel-simulator/faces/alipay/money-routes.ts';
import { payRoutes } from '#cloud/channel-simulator/faces/alipay/pay-routes.ts';
import type {
  AlipayFaceOptions,
  Handlers,
  Notice,
} from '#cloud/channel-simulator/faces/alipay/route.ts';
import {
  noticeOf,
  sealedAnswer,
  signedNotice,
} from '#cloud/channel-simulator/faces/alipay/seal.ts';
import { refuse, type Spoken } from '#cloud/channel-simulator/faces/alipay/words.ts';
import type { BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import { createNoticeAddresses } from '#cloud/channel-simulator/notice-addresses.ts';

export const gatewayPath = '/gateway.do';

/** Alipay's gateway (OpenAPI 2.0, RSA2): one address, the method in the form. */
export const alipayFace = (options: AlipayFaceOptions): SimulatorFace => ({
  name: 'alipay',
  mount: (app, house) => {
    const bills = billDesk();
    const handlers: Handlers = { ...payRoutes, ...moneyRoutes, ...bills.handlers };
    const announcer = announcerOf(options, house);
    app.post(gatewayPath, (request, answer) => {
      const body = bodyOf(request);
      const nowMs = house.clock.nowMs();
      let call: AlipayCall | undefined;
      return house.serve(request, answer, {
        requestBody: body,
        guard: () => {
          const judged = judgeForm(body, options.callers, nowMs);
          if ('refusal' in judged) return refuse(judged.refusal);
          call = judged;
          return undefined;
        },
        busy: () => refuse('FREQUENCY_LIMITED'),
        carryOut: () => carryOut(call, { handlers, house, nowMs, announcer }),
        seal: (spoken) => ({
          status: spoken.status,
          headers: { 'content-type': 'text/html;charset=utf-8' },
          body: sealedAnswer(String(spoken.body), {
            key: options.privateKey,
            certificateSerial: options.certificateSerial,
            method: call?.method ?? new URLSearchParams(body).get('method') ?? 'error',
          }),
        }),
      });
    });
    mountBills(app, house, bills.fileOf);
  },
});

type Announcer = (call: AlipayCall, order: BookedOrder, notice: Notice) => void;

function carryOut(
  call: AlipayCall | undefined,
  room: {
    readonly handlers: Handlers;
    readonly house: FaceHouse;
    readonly nowMs: number;
    readonly announcer: Announcer;
  },
): Spoken {
  const handler = call === undefined ? undefined : room.handlers[call.method];
  if (call === undefined || handler === undefined) return refuse('METHOD_UNKNOWN');
  const { merchantNo } = call;
  if (merchantNo === undefined) return refuse('TOKEN_INVALID');
  return handler({
    ...call,
    merchantNo,
    house: room.house,
    nowMs: room.nowMs,
    announce: (order, notice) => room.announcer(call, order, notice),
  });
}

/** Notifies go where the charge said; a payment that comes later still finds the way there. */
function announcerOf({ privateKey, certificateSerial }: AlipayFaceOptions, house: FaceHouse) {
  const addresses = createNoticeAddresses();
  const announcer: Announcer = (call, order, { times, afterMs = 0, refund }) => {
    const { transactionId } = order;
    addresses.remember(transactionId, call.notifyUrl);
    const url = addresses.of(transactionId);
    if (url === undefined || times === 0 || order.paidAtMs === undefined) return;
    const { appId } = call;
    house.notify({
      url,
      make: () => ({
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: signedNotice(noticeOf(order, { appId, nowMs: house.clock.nowMs(), refund }), {
          key: privateKey,
          certificateSerial,
        }),
      }),
      times,
      afterMs,
      manners,
    });
  };
  return announcer;
}

const minuteMs = 60_000;
/** Source: Alipay's async notify document, by way of public mirrors. */
const manners: NotifyManners = {
  pausesMs: [4, 10, 10, 60, 120, 360, 900].map((minutes) => minutes * minuteMs),
  accepts: ({ body }) => body === 'success',
};

/** The files behind the bills' addresses: not signed, as at Alipay. */
const mountBills = (
  app: FastifyInstance,
  house: FaceHouse,
  fileOf: (token: string, nowMs: number) => Buffer | undefined,
): void => {
  app.get(billPath, { exposeHeadRoute: false }, (request, answer) => {
    const { token = '' } = request.query as { readonly token?: string };
    const file = fileOf(token, house.clock.nowMs());
    const gone: Spoken = { status: 404, body: 'no such file' };
    return house.serve(request, answer, {
      requestBody: '',
      guard: () => (file === undefined ? gone : undefined),
      busy: () => ({ status: 429, body: 'slow down' }),
      carryOut: () => (file === undefined ? gone : { status: 200, body: file }),
      seal: (said) => ({ ...said, headers: { 'content-type': 'application/octet-stream' } }),
    });
  });
};
