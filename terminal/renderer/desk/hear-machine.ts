import type { TillState } from '#terminal/ipc/state.ts';
import type { Desk } from './desk.ts';
import { adopt, screenKey, shownScreen } from './desk-machine.ts';

/**
 * Takes over what the agent says, and ends a refusal whose reason is gone: goods, a member or a coupon came without
 * a key (a scanner of the agent's own), another screen is shown, or the agent has something newer to say. The echo
 * of what was typed here ends nothing: it may come after the key that was refused.
 * @param before What the agent said last; null at the first time.
 */
export function hear(
  desk: Desk,
  {
    before,
    now,
    settled,
  }: { readonly before: TillState | null; readonly now: TillState; readonly settled: boolean },
): Desk {
  const next = adopt(desk, now, settled);
  if (before === null || next.notice === null) return next;
  const isScreenNew = screenKey(shownScreen(desk, before)) !== screenKey(shownScreen(next, now));
  const isOver =
    isScreenNew ||
    next.entry !== desk.entry ||
    isSaleChanged(before.draft, now.draft) ||
    isNoticeNew(before, now);
  return isOver ? { ...next, notice: null } : next;
}

/** A coupon that goes says nothing: it goes with an amount that was cleared here. */
const isSaleChanged = (before: TillState['draft'], now: TillState['draft']): boolean =>
  JSON.stringify(before.goods?.lines) !== JSON.stringify(now.goods?.lines) ||
  before.member?.memberId !== now.member?.memberId ||
  (now.coupon !== null && before.coupon?.text !== now.coupon.text);

/** Did the agent find a new reason to speak? The same code at another time is one. */
export const isNoticeNew = (before: TillState | null, now: TillState): boolean =>
  now.notice !== null &&
  (before?.notice?.code !== now.notice.code || before.notice.atMs !== now.notice.atMs);
