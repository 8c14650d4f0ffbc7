import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const strict = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 2, maximum: 100_000 });
const Share = Type.Integer({ minimum: 1, maximum: 10_000 });
/** `hold`: points or vouchers wait for people. The money of a sale is never held by these rules. */
const Act = Type.Union([Type.Literal('off'), Type.Literal('hold')]);
const CountRule = Type.Object({ act: Act, count: Count }, strict);

export const topPayersMax = 20;

/** Counts are of one Shanghai day (or hour) and include the order itself: the order that reaches the number is held. */
export const VelocityRulesSchema = Type.Object(
  {
    /** Orders of one member in one day. */
    memberDay: CountRule,
    /** Orders of one member at one shop in one day. */
    memberShopDay: CountRule,
    /** Orders of one shop in one day. */
    shopDay: CountRule,
    /** Orders of one terminal in one hour. */
    terminalHour: CountRule,
    /** The `members` largest payers of a shop make so large a share of its takings of 30 days, of so many orders. */
    topPayers: Type.Object(
      {
        act: Act,
        members: Type.Integer({ minimum: 1, maximum: topPayersMax }),
        shareBp: Share,
        ordersMin: Count,
      },
      strict,
    ),
    /** Vouchers make more than this share of a shop's takings of a month, of takings of at least so much. */
    voucherShare: Type.Object(
      { act: Act, shareBp: Share, takingsMinFen: Type.Integer({ minimum: 1, maximum: 10 ** 12 }) },
      strict,
    ),
    /** All of a member's points are of this one shop: his vouchers are for others, of which there must be so many. */
    voucherOrigin: Type.Object(
      { act: Act, shopsMin: Type.Integer({ minimum: 2, maximum: 1_000 }) },
      strict,
    ),
    /**
     * Coupons of partners that one terminal was given, or used up, within one hour: it does neither
     * until a person looked (cloud/promotion/coupon-guard.ts). Optional because rules that were
     * made before it still count.
     */
    couponTerminalHour: Type.Optional(CountRule),
  },
  strict,
);
export type VelocityRules = Static<typeof VelocityRulesSchema>;
/** As they are read: every rule says something. */
export type VelocityRulesInForce = Required<VelocityRules>;
export type VelocityRule = keyof VelocityRules;

export const isVelocityRules = (value: unknown): value is VelocityRules => check.Check(value);
const check = Compile(VelocityRulesSchema);

export const velocityRulesDefault: VelocityRulesInForce = {
  memberDay: { act: 'hold', count: 15 },
  memberShopDay: { act: 'hold', count: 8 },
  shopDay: { act: 'hold', count: 3_000 },
  terminalHour: { act: 'hold', count: 300 },
  topPayers: { act: 'hold', members: 3, shareBp: 6_000, ordersMin: 100 },
  voucherShare: { act: 'hold', shareBp: 3_000, takingsMinFen: 100_000 },
  // With fewer shops there is hardly anywhere else to go: a pilot must work.
  voucherOrigin: { act: 'hold', shopsMin: 5 },
  // Two a minute for an hour, with a paper after every sale: more than a counter with one till and one printer does.
  couponTerminalHour: { act: 'hold', count: 120 },
};

/** What was counted about one order. Counts include the order itself; 0 when there is nobody to count. */
export interface OrderVelocity {
  readonly memberDay: number;
  readonly memberShopDay: number;
  readonly shopDay: number;
  readonly terminalHour: number;
  /** Share of the shop's largest payers, if this order's member is one of them; else 0. */
  readonly topPayersBp: number;
}

/** Why points are held, with the number that the rule saw. */
export interface HoldReason {
  readonly rule: VelocityRule;
  readonly seen: number;
}

/** The rules that an order meets. Pure. */
export function velocityReasons(seen: OrderVelocity, rules: VelocityRules): readonly HoldReason[] {
  const counted = (['memberDay', 'memberShopDay', 'shopDay', 'terminalHour'] as const).filter(
    (rule) => rules[rule].act === 'hold' && seen[rule] >= rules[rule].count,
  );
  const { topPayers } = rules;
  const isConcentrated = topPayers.act === 'hold' && seen.topPayersBp >= topPayers.shareBp;
  return [
    ...counted.map((rule) => ({ rule, seen: seen[rule] })),
    ...(isConcentrated ? [{ rule: 'topPayers' as const, seen: seen.topPayersBp }] : []),
  ];
}

/** Do vouchers make more of a shop's takings than the rule lets pass by itself? Exactly the share is enough. Pure. */
export const isVoucherHeavy = (
  takings: { readonly amountFen: number; readonly voucherFen: number },
  { act, shareBp, takingsMinFen }: VelocityRules['voucherShare'],
): boolean =>
  act === 'hold' &&
  takings.amountFen >= takingsMinFen &&
  BigInt(takings.voucherFen) * 10_000n > BigInt(takings.amountFen) * BigInt(shareBp);
