import type { PromoDetails, PromoService } from '#shared/wire/v1/promotion.ts';

/** What the owner typed for a service, as text until it is sent. */
export interface PromoDraft {
  readonly text: string;
  readonly partnerId: string;
  readonly offYuan: string;
  readonly minimumYuan: string;
  readonly validDays: string;
}

export const emptyPromoDraft: PromoDraft = {
  text: '',
  partnerId: '',
  offYuan: '5',
  minimumYuan: '30',
  validDays: '14',
};

const textCharsMin = 2;
const yuanPattern = /^\d{1,5}$/;
const fenPerYuan = 100;

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
  return { service, text, partnerId, offFen, minimumFen, validDays: days };
}

export const isMoreThanHalf = ({ offYuan, minimumYuan }: PromoDraft): boolean =>
  Number(offYuan) * 2 > Number(minimumYuan);
