import type { Handlers } from '#terminal/agent/api.ts';
import type { OwnerDesk } from '#terminal/agent/owner/owner-desk.ts';

type SetUp = Pick<
  Handlers,
  'devices.bind' | 'devices.unbind' | 'drawer.calibrate' | 'receipt.template.set'
>;

/** What sets the till up is done in the owner's time only; outside of it these handlers refuse with `owner-locked`. */
export function guardSetUp<H extends SetUp>(handlers: H, owner: OwnerDesk): H {
  const guarded: SetUp = {
    'devices.bind': inOwnersTime(owner, handlers['devices.bind']),
    'devices.unbind': inOwnersTime(owner, handlers['devices.unbind']),
    'drawer.calibrate': inOwnersTime(owner, handlers['drawer.calibrate']),
    'receipt.template.set': inOwnersTime(owner, handlers['receipt.template.set']),
  };
  return { ...handlers, ...guarded };
}

const inOwnersTime =
  <Input, Answer>(owner: OwnerDesk, handle: (input: Input) => Answer) =>
  (input: Input) => {
    const open = owner.requireUnlocked();
    return open.ok ? handle(input) : open;
  };
