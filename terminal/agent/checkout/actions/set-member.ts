import type { MemberView } from '#shared/wire/v1/members.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';

/**
 * The member of the sale at hand. Of a held account the cashier hears that it is, and whom to ask,
 * never why; the sale goes on without its vouchers, and its points are still the member's.
 */
export function setMember({ screen, businessClock }: Counter, member: MemberView): Outcome {
  const set = screen.step({ type: 'member-set', member });
  if (set.ok && member.isFrozen === true)
    return screen.step({ type: 'noticed', code: 'member-frozen', atMs: businessClock.nowMs() });
  return set;
}
