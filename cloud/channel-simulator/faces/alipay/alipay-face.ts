import type { FastifyInstance } from 'fastify';
import { bodyOf, type FaceHouse, type SimulatorFace } from '#cloud/channel-simulator/face.ts';
import { billDesk, billPath } from '#cloud/channel-simulator/faces/alipay/bill-routes.ts';
import { judgeForm, type AlipayCall } from '#cloud/channel-simulator/faces/alipay/guard.ts';
import { moneyRoutes } from '#cloud/channel-simulator/faces/alipay/money-routes.ts';
import { payRoutes } from '#cloud/channel-simulator/faces/alipay/pay-routes.ts';
import type { AlipayFaceOptions, Handlers } from '#cloud/channel-simulator/faces/alipay/route.ts';
import {
  noticeOf,
  sealedAnswer,
  signedNotice,
} from '#cloud/channel-simulator/faces/alipay/seal.ts';
import { refuse, type Spoken } from '#cloud/channel-simulator/faces/alipay/words.ts';
import type { BookedOrder } from '#cloud/channel-simulator/booked-order.ts';

export const gatewayPath = '/gateway.do';

/** Orders whose notify address is remembered; the oldest is forgotten. */
const addressesMax = 10_000;

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

type Announcer = (call: AlipayCall, order: BookedOrder, times: number) => void;

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
    announce: (order, times) => room.announcer(call, order, times),
  });
}

/** Notifies go where the charge said; a payment that comes later still finds the way there. */
function announcerOf({ privateKey, certificateSerial }: AlipayFaceOptions, house: FaceHouse) {
  const addresses = new Map<string, string>();
  const announcer: Announcer = (call, order, times) => {
    const { transactionId } = order;
    if (call.notifyUrl !== undefined) addresses.set(transactionId, call.notifyUrl);
    for (const old of [...addresses.keys()].slice(0, -addressesMax)) addresses.delete(old);
    const url = addresses.get(transactionId);
    if (url === undefined || times === 0 || order.state !== 'SUCCESS') return;
    const params = noticeOf(order, { appId: call.appId, nowMs: house.clock.nowMs() });
    house.notify({
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: signedNotice(params, { key: privateKey, certificateSerial }),
      times,
    });
  };
  return announcer;
}

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
