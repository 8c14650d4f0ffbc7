import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { orderAmountFenMax } from '#shared/money/fen.ts';

const strict = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 1, maximum: 10_000 });
const WindowMs = Type.Integer({ minimum: 60_000, maximum: 7 * 86_400_000 });
const Minute = Type.Integer({ minimum: 0, maximum: 1_440 });
/**
 * `off`: not looked at. `hold`: the payer pays, the sale waits for people before it is final.
 * `stop`: the till is told in words and nothing is sent; only by an operator's rule, never by
 * default.
 */
const Act = Type.Union([Type.Literal('off'), Type.Literal('hold'), Type.Literal('stop')]);
/** What is known only behind the payment cannot stop it. */
const ActAfter = Type.Union([Type.Literal('off'), Type.Literal('hold')]);

export const ReviewRulesSchema = Type.Object(
  {
    /** One payer so many times at one merchant within the window. */
    samePayer: Type.Object({ act: ActAfter, count: Count, windowMs: WindowMs }, strict),
    /** One amount so many times at one terminal within the window. */
    sameAmount: Type.Object({ act: Act, count: Count, windowMs: WindowMs }, strict),
    /** A large amount in the night; minutes of the Shanghai day, from > until runs over midnight. */
    night: Type.Object(
      {
        act: Act,
        fromMinute: Minute,
        untilMinute: Minute,
        amountFen: Type.Integer({ minimum: 1, maximum: orderAmountFenMax }),
      },
      strict,
    ),
    /** So many of a merchant's sales of seven days were refunded, with at least so many sales. */
    refunds: Type.Object(
      { act: Act, shareBp: Type.Integer({ minimum: 1, maximum: 10_000 }), salesMin: Count },
      strict,
    ),
    /** Sales come from another network than this terminal's, which is one it sold from so often. */
    moved: Type.Object({ act: Act, salesMin: Count }, strict),
  },
  strict,
);
export type ReviewRules = Static<typeof ReviewRulesSchema>;

export const isReviewRules = (value: unknown): value is ReviewRules => check.Check(value);
const check = Compile(ReviewRulesSchema);

export const reviewRulesDefault: ReviewRules = {
  samePayer: { act: 'hold', count: 6, windowMs: 3_600_000 },
  sameAmount: { act: 'hold', count: 40, windowMs: 600_000 },
  night: { act: 'hold', fromMinute: 0, untilMinute: 300, amountFen: 200_000 },
  refunds: { act: 'hold', shareBp: 3_000, salesMin: 20 },
  // Many shops have an address that changes with every dial-in: off until an operator knows his shops.
  moved: { act: 'off', salesMin: 20 },
};

/** What was counted about one sale. Counts include the sale itself. */
export interface SaleFacts {
  readonly amountFen: number;
  /** Minute of the Shanghai day, 0..1439. */
  readonly minute: number;
  /** 0 when the payer is not known (yet). */
  readonly samePayerCount: number;
  readonly sameAmountCount: number;
  /** Of seven days. */
  readonly saleCount: number;
  readonly refundCount: number;
  /** Earlier sales of this terminal from this sale's network, and from the one it sold from most. */
  readonly networkSales: number;
  readonly homeSales: number;
}

/** Why a sale is held, with the number that the rule saw. */
export interface ReviewReason {
  readonly rule: keyof ReviewRules;
  readonly seen: number;
}

/** The rules that a sale meets, of those that do `act`. Pure. */
export function reviewReasons(
  facts: SaleFacts,
  rules: ReviewRules,
  act: 'hold' | 'stop',
): readonly ReviewReason[] {
  const { samePayer, sameAmount, night, refunds, moved } = rules;
  const refundBp = facts.saleCount === 0 ? 0 : (facts.refundCount * 10_000) / facts.saleCount;
  const met: readonly (ReviewReason & { readonly act: string; readonly isMet: boolean })[] = [
    {
      rule: 'samePayer',
      act: samePayer.act,
      seen: facts.samePayerCount,
      isMet: facts.samePayerCount >= samePayer.count,
    },
    {
      rule: 'sameAmount',
      act: sameAmount.act,
      seen: facts.sameAmountCount,
      isMet: facts.sameAmountCount >= sameAmount.count,
    },
    {
      rule: 'night',
      act: night.act,
      seen: facts.amountFen,
      isMet: facts.amountFen >= night.amountFen && isNight(facts.minute, night),
    },
    {
      rule: 'refunds',
      act: refunds.act,
      seen: Math.floor(refundBp),
      isMet: facts.saleCount >= refunds.salesMin && refundBp >= refunds.shareBp,
    },
    {
      rule: 'moved',
      act: moved.act,
      seen: facts.networkSales,
      isMet: facts.networkSales < moved.salesMin && facts.homeSales >= moved.salesMin,
    },
  ];
  return met.flatMap(({ rule, seen, isMet, act: its }) =>
    isMet && its === act ? [{ rule, seen }] : [],
  );
}

const isNight = (minute: number, { fromMinute, untilMinute }: ReviewRules['night']): boolean =>
  fromMinute <= untilMinute
    ? minute >= fromMinute && minute < untilMinute
    : minute >= fromMinute || minute < untilMinute;

/** Does any rule stop sales? Then they are counted before anything is sent. */
export const stopsAnything = (rules: ReviewRules): boolean =>
  [rules.sameAmount, rules.night, rules.refunds, rules.moved].some(({ act }) => act === 'stop');
