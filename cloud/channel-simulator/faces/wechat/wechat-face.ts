import { assert } from '#shared/result/assert.ts';
import { bodyOf, type SimulatorFace } from '#cloud/channel-simulator/face.ts';
import { billRoutes } from '#cloud/channel-simulator/faces/wechat/bill-routes.ts';
import { createWechatGuard } from '#cloud/channel-simulator/faces/wechat/guard.ts';
import { moneyRoutes } from '#cloud/channel-simulator/faces/wechat/money-routes.ts';
import { payRoutes } from '#cloud/channel-simulator/faces/wechat/pay-routes.ts';
import type { WechatFaceOptions } from '#cloud/channel-simulator/faces/wechat/route.ts';
import { signedHeaders } from '#cloud/channel-simulator/faces/wechat/seal.ts';
import { refuse } from '#cloud/channel-simulator/faces/wechat/words.ts';

/** WeChat Pay v3: partners and direct merchants, both ways to name the platform's key. */
export const wechatFace = (options: WechatFaceOptions): SimulatorFace => ({
  name: 'wechat',
  mount: (app, house) => {
    const guard = createWechatGuard(options.callers);
    for (const { method, path, handle } of [...payRoutes, ...moneyRoutes, ...billRoutes()])
      app.route({
        method,
        url: path,
        exposeHeadRoute: false,
        handler: (request, answer) => {
          const body = bodyOf(request);
          const target = request.raw.url ?? '';
          const [, search = ''] = target.split('?');
          const nowMs = house.clock.nowMs();
          let caller = '';
          let isUnsigned = false;
          return house.serve(request, answer, {
            requestBody: body,
            guard: () => {
              const { authorization = '' } = request.headers;
              const judged = guard.judge({ method, target, authorization, body, nowMs });
              if (judged.type === 'refused') return refuse('SIGN_ERROR');
              ({ mchid: caller } = judged);
              return undefined;
            },
            busy: () => refuse('FREQUENCY_LIMITED'),
            carryOut: () => {
              const params = request.params as Readonly<Record<string, string>>;
              const query = new URLSearchParams(search);
              const spoken = handle({ house, options, caller, params, query, body, nowMs });
              isUnsigned = spoken.isUnsigned ?? false;
              return spoken;
            },
            seal: (said) => ({
              ...said,
              headers: {
                'content-type':
                  typeof said.body === 'string'
                    ? 'application/json; charset=utf-8'
                    : 'application/octet-stream',
                ...(isUnsigned
                  ? {}
                  : signedHeaders(said.body, {
                      ...platformKeyOf(options, request.headers['wechatpay-serial']),
                      nowMs: house.clock.nowMs(),
                    })),
              },
            }),
          });
        },
      });
  },
});

/** The key the caller asked for, else the first. */
function platformKeyOf(options: WechatFaceOptions, wanted: string | string[] | undefined) {
  const serials = [...options.platform.keys()];
  const serial = typeof wanted === 'string' && options.platform.has(wanted) ? wanted : serials[0];
  const key = serial === undefined ? undefined : options.platform.get(serial);
  assert(serial !== undefined && key !== undefined, () => 'the face has no platform key');
  return { serial, key };
}
