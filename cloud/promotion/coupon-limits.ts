import type { PromoDetails } from '#shared/wire/v1/promotion.ts';

type CouponDetails = Extract<PromoDetails, { service: 'partner-coupon' }>;

/** What one till may do with the coupons of one campaign. Counts, none of them 0. */
export interface CouponLimits {
  /** Coupons that one till at the partner's counter is given in one Shanghai day. */
  readonly printsTerminalDay: number;
  /** Coupons that one till of the issuer uses up in one Shanghai day. */
  readonly redemptionsTerminalDay: number;
  /** Coupons of one till whose sales the cloud has not seen paid: an honest till's journal brings them in seconds. */
  readonly unprovenTerminalMax: number;
}

/** Of a campaign that says nothing: one till alone needs ten days to bring all of it among people. */
const printsDayShare = 10;
export const printsTerminalDayMin = 20;
const redemptionsDayShare = 4;
export const redemptionsTerminalDayMin = 50;
export const unprovenTerminalDefault = 20;

/** The limits of a campaign: its own where it says them, else by the number of coupons that were bought. Pure. */
export function couponLimitsOf(
  { limits }: Pick<CouponDetails, 'limits'>,
  quantity: number,
): CouponLimits {
  const share = (parts: number): number => Math.ceil(quantity / parts);
  return {
    printsTerminalDay:
      limits?.printsTerminalDay ?? Math.max(printsTerminalDayMin, share(printsDayShare)),
    redemptionsTerminalDay:
      limits?.redemptionsTerminalDay ??
      Math.max(redemptionsTerminalDayMin, share(redemptionsDayShare)),
    unprovenTerminalMax: limits?.unprovenTerminalMax ?? unprovenTerminalDefault,
  };
}
