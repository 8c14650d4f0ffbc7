import { expect, test } from 'vitest';
import { err, ok } from '#shared/result/result.ts';
import { createPromotionHandlers } from '#terminal/agent/promotion/promotion-handlers.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';

/** A till with or without a PIN, with or without the owner's time, and a line that answers what a test says. */
function till(options: {
  readonly isPinSet: boolean;
  readonly isOpen: boolean;
  readonly answer?: Awaited<ReturnType<CloudClient['call']>>;
}) {
  const asked: string[] = [];
  let woken = 0;
  const handlers = createPromotionHandlers({
    coupons: { wake: () => (woken += 1) },
    owner: {
      isPinSet: () => options.isPinSet,
      requireUnlocked: () => (options.isOpen ? ok({ by: 'owner' }) : err('owner-locked')),
    },
    cloud: {
      call: (request) => {
        asked.push(`${request.method} ${request.path}`);
        return Promise.resolve((options.answer ?? ok({ done: true })) as never);
      },
    },
  });
  return { asked, handlers, woken: () => woken };
}
const counter = { isOpen: true };

test('without a PIN, or outside of the owner’s time, nothing is asked of the cloud', async () => {
  const bare = till({ isPinSet: false, isOpen: true });
  expect(await bare.handlers['promotion.get']({})).toEqual(err('owner-pin-not-set'));
  const locked = till({ isPinSet: true, isOpen: false });
  expect(await locked.handlers['promotion.get']({})).toEqual(err('owner-locked'));
  const purchase = {
    idemKey: 'a-key-of-one',
    priceVersion: 1,
    details: { service: 'push-slot' as const, text: '欢迎' },
  };
  expect(await locked.handlers['promotion.buy'](purchase)).toEqual(err('owner-locked'));
  expect(await locked.handlers['promotion.setCounter'](counter)).toEqual(err('owner-locked'));
  expect([...bare.asked, ...locked.asked]).toEqual([]);
});

test('in the owner’s time the cloud is asked, and its refusal or a dead line is told', async () => {
  const open = till({ isPinSet: true, isOpen: true });
  expect(await open.handlers['promotion.setCounter'](counter)).toEqual(ok({}));
  expect(open.asked).toEqual(['POST /v1/promotion/counter']);
  // The next sale asks at once what it brings.
  expect(open.woken()).toBe(1);
  const refused = err({ code: 'promotion-ended' as const, sent: 'yes' as const });
  const said = till({ isPinSet: true, isOpen: true, answer: refused as never });
  const answer = { promoOrderId: 'pro_01J00000000000000000000001', agrees: true };
  expect(await said.handlers['promotion.answer'](answer)).toEqual(err('promotion-ended'));
  expect(said.woken()).toBe(0);
  const dead = err({ code: 'cloud-unreachable' as const, sent: 'no' as const });
  const alone = till({ isPinSet: true, isOpen: true, answer: dead as never });
  expect(await alone.handlers['promotion.get']({})).toEqual(err('needs-network'));
});
