import Type, { type Static } from 'typebox';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { PromoOrderViewSchema, PromotionViewSchema } from '#shared/wire/v1/promotion.ts';
import type { Handlers } from '#terminal/agent/api.ts';
import type { OwnerDesk } from '#terminal/agent/owner/owner-desk.ts';
import type { CouponGiver } from '#terminal/agent/promotion/coupon-giver.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import type { promotionMethods } from '#terminal/ipc/promotion.ts';

const timeoutMs = 8_000;
const DoneSchema = Type.Object({ done: Type.Boolean() });

/** The methods of terminal/ipc/promotion.ts: the cloud keeps everything, this till asks for its owner. */
export function createPromotionHandlers(deps: {
  readonly cloud: Pick<CloudClient, 'call'>;
  readonly owner: Pick<OwnerDesk, 'isPinSet' | 'requireUnlocked'>;
  /** Asks what the next sale brings: the owner may just have agreed to print for somebody. */
  readonly coupons: Pick<CouponGiver, 'wake'>;
}): Pick<Handlers, keyof typeof promotionMethods> {
  /** Credit is spent by the owner and by nobody else: a till without a PIN has none. */
  const mayOpen = (): Result<unknown, ErrorCode> =>
    deps.owner.isPinSet() ? deps.owner.requireUnlocked() : err('owner-pin-not-set');
  const ask = async <T extends Type.TSchema>(
    method: 'GET' | 'POST',
    path: string,
    answer: T,
    body?: object,
  ): Promise<Result<Static<T>, ErrorCode>> => {
    const open = mayOpen();
    if (!open.ok) return open;
    const said = await deps.cloud.call({
      method,
      path,
      answer,
      timeoutMs,
      ...(body === undefined ? {} : { body }),
    });
    if (said.ok) return ok(said.value);
    return err(said.error.sent === 'no' ? 'needs-network' : said.error.code);
  };
  const done = async (path: string, body: object): Promise<Result<{}, ErrorCode>> => {
    const said = await ask('POST', path, DoneSchema, body);
    if (said.ok) deps.coupons.wake();
    return said.ok ? ok({}) : said;
  };
  return {
    'promotion.get': () => ask('GET', '/v1/promotion', PromotionViewSchema),
    'promotion.buy': (purchase) =>
      ask('POST', '/v1/promotion/orders', PromoOrderViewSchema, purchase),
    'promotion.setCounter': (counter) => done('/v1/promotion/counter', counter),
    'promotion.answer': (answer) => done('/v1/promotion/wishes', answer),
  };
}
