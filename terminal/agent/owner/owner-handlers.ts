import { ok } from '#shared/result/result.ts';
import type { Handlers } from '#terminal/agent/api.ts';
import type { OwnerDesk } from '#terminal/agent/owner/owner-desk.ts';
import type { ownerMethods } from '#terminal/ipc/owner.ts';

/** The methods of terminal/ipc/owner.ts. */
export const createOwnerHandlers = (
  owner: OwnerDesk,
): Pick<Handlers, keyof typeof ownerMethods> => ({
  'owner.state': () => ok(owner.state()),
  'owner.setPin': async (pins) => {
    const kept = await owner.setPin(pins);
    return kept.ok ? ok({}) : kept;
  },
  'owner.approve': ({ pin, ...wish }) => owner.approve(pin, wish),
  'owner.unlock': ({ pin }) => owner.unlock(pin),
  'owner.lock': () => {
    owner.lock();
    return ok({});
  },
  'owner.setRules': (rules) => {
    const kept = owner.setRules(rules);
    return kept.ok ? ok({}) : kept;
  },
});
