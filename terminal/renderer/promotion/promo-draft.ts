import type { PromoDetails, PromoService } from '#shared/wire/v1/promotion.ts';

type CouponLimits = NonNullable<Extract<PromoDetails, { service: 'partner-coupon' }>['limits']>;

/** What the owner typed for a service, as text until it is sent. */
export interface PromoDraft {
  readonly text: string;
  readonly partnerId: string;
  readonly offYuan: string;
  readonly minimumYuan: string;
  readonly validDays: string;
  /** What one till may do with the campaign; empty: the cloud takes it from the number of coupons. */
  readonly printsDay: string;
  readonly usesDay: string;
  readonly unproven: string;
}

export const emptyPromoDraft: PromoDraft = {
  text: '',
  partnerId: '',
  offYuan: '5',
  minimumYuan: '30',
  validDays: '14',
  printsDay: '',
  usesDay: '',
  unproven: '',
};

const textCharsMin = 2;
const yuanPattern = /^\d{1,5}$/;
const fenPerYuan = 100;
const limitPattern = /^(?:[1-9]\d{0,4}|100000)?$/;

/** The service as it is bought; undefined while something is missing or a discount is more than half of its sale. */
export function detailsOf(service: PromoService, draft: PromoDraft): PromoDetails | undefined {
  const text = draft.text.trim();
  if (text.length < textCharsMin) return undefined;
  if (service !== 'partner-coupon') return { service, text };
  const { partnerId, offYuan, minimumYuan, validDays } = draft;
  if (partnerId === '' || ![offYuan, minimumYuan, validDays].every((one) => yuanPattern.test(one)))
    return undefined;
  const offFen = Number(offYuan) * fenPerYuan;
  const minimumFen = Number(minimumYuan) * fenPerYuan;
  const days = Number(validDays);
  if (offFen < fenPerYuan || isMoreThanHalf(draft) || days < 1 || days > 90) return undefined;
  const limits = limitsOf(draft);
  if (limits === undefined) return undefined;
  const coupon = { service, text, partnerId, offFen, minimumFen, validDays: days };
  return Object.keys(limits).length === 0 ? coupon : { ...coupon, limits };
}

/** The limits that were typed, 1 to 100,000 each; undefined when one of them is no such number. */
function limitsOf({ printsDay, usesDay, unproven }: PromoDraft): CouponLimits | undefined {
  if (![printsDay, usesDay, unproven].every((one) => limitPattern.test(one))) return undefined;
  return {
    ...(printsDay === '' ? {} : { printsTerminalDay: Number(printsDay) }),
    ...(usesDay === '' ? {} : { redemptionsTerminalDay: Number(usesDay) }),
    ...(unproven === '' ? {} : { unprovenTerminalMax: Number(unproven) }),
  };
}

export const isMoreThanHalf = ({ offYuan, minimumYuan }: PromoDraft): boolean =>
  Number(offYuan) * 2 > Number(minimumYuan);
