import { describe, expect, it } from 'vitest';
import {
  isVoucherHeavy,
  velocityReasons,
  velocityRulesDefault,
} from '#cloud/review/velocity-rules.ts';

describe('the rules of velocity', () => {
  const calm = { memberDay: 1, memberShopDay: 1, shopDay: 1, terminalHour: 1, topPayersBp: 0 };
  const rules = velocityRulesDefault;

  it.each(['memberDay', 'memberShopDay', 'shopDay', 'terminalHour'] as const)(
    '%s is met at its number and not one below',
    (rule) => {
      const { count } = rules[rule];
      expect(velocityReasons({ ...calm, [rule]: count }, rules)).toEqual([{ rule, seen: count }]);
      expect(velocityReasons({ ...calm, [rule]: count - 1 }, rules)).toEqual([]);
      const off = { ...rules, [rule]: { act: 'off' as const, count } };
      expect(velocityReasons({ ...calm, [rule]: count }, off)).toEqual([]);
    },
  );

  it('vouchers may make exactly 30% of the takings of a month, and no fen more', () => {
    const rule = rules.voucherShare;
    expect(isVoucherHeavy({ amountFen: 1_000_000, voucherFen: 300_000 }, rule)).toBe(false);
    expect(isVoucherHeavy({ amountFen: 1_000_000, voucherFen: 300_001 }, rule)).toBe(true);
    expect(isVoucherHeavy({ amountFen: 99_999, voucherFen: 99_999 }, rule)).toBe(false);
  });
});
