import type { CouponPrint, CouponRedeemed } from '#shared/wire/v1/promotion.ts';
import { problem, type ScriptedAnswer } from '#terminal/agent/testing/scripted-answer.ts';

/**
 * Partner coupons as the cloud keeps them: what sales bring here, and the papers of this shop, each
 * good for one sale; asked again for the same sale it is held anew, and a sale that was not made
 * gives it back.
 */
export function createScriptedCoupons() {
  const papers = new Map<string, CouponRedeemed & { usedFor: string | undefined }>();
  const asked: { orderId: string; token: string }[] = [];
  let brings: CouponPrint | null = null;

  const redeem = (wish: { orderId: string; token: string; amountFen: number }): ScriptedAnswer => {
    const paper = papers.get(wish.token);
    if (!paper) return problem(404, 'coupon-unknown');
    if (wish.amountFen < paper.minimumFen) return problem(409, 'coupon-too-small-sale');
    if (paper.usedFor !== undefined && paper.usedFor !== wish.orderId)
      return problem(409, 'coupon-used');
    paper.usedFor = wish.orderId;
    const { offFen, minimumFen, text } = paper;
    return { status: 200, body: { offFen, minimumFen, text } };
  };
  const back = ({ orderId }: { orderId: string }): ScriptedAnswer => {
    const paper = [...papers.values()].find(({ usedFor }) => usedFor === orderId);
    if (paper) paper.usedFor = undefined;
    return { status: 200, body: { done: paper !== undefined } };
  };

  return {
    /** undefined: not a question about coupons. */
    route: (path: string, body: unknown): ScriptedAnswer | undefined => {
      if (path === '/v1/promotion/coupons/redeem') return redeem(body as never);
      if (path === '/v1/promotion/coupons/back') return back(body as never);
      if (path !== '/v1/promotion/coupons') return undefined;
      asked.push(body as { orderId: string; token: string });
      return { status: 200, body: { coupon: brings } };
    },
    /** Sales that asked what they bring. */
    asked,
    bring: (coupon: CouponPrint | null): void => {
      brings = coupon;
    },
    /** A paper of this shop is somewhere in town. */
    issue: (token: string, paper: CouponRedeemed): void => {
      papers.set(token, { ...paper, usedFor: undefined });
    },
    usedFor: (token: string): string | undefined => papers.get(token)?.usedFor,
  };
}
