/** How an answer travels: at once, cut off after booking, later than the caller waits, or changed after signing. */
export type Delivery = 'prompt' | 'dropped' | 'slow' | 'tampered';

/** What the channel does with a payment code, told by the code's last two digits. */
export interface PaymentScript {
  /** What the books say right after the charge; `none` = nothing is booked. */
  readonly booked: 'SUCCESS' | 'USERPAYING' | 'NOTPAY' | 'PAYERROR' | 'none';
  /** The code of the answer to the charge, in the neutral words of the books; a face translates it. */
  readonly answer:
    | 'SUCCESS'
    | 'USERPAYING'
    | 'SYSTEM_ERROR'
    | 'AUTH_CODE_EXPIRED'
    | 'NOT_ENOUGH'
    | 'TRADE_ERROR'
    | 'NO_AUTH'
    | 'FREQUENCY_LIMITED';
  readonly delivery: Delivery;
  /** USERPAYING turns into SUCCESS after the configured number of queries. */
  readonly paysAfterPolls: boolean;
  /** Notifies the face sends about the payment, where its dialect has them. */
  readonly notices: 0 | 1 | 2;
  /** The first of them comes so late. */
  readonly noticeAfterMs?: number;
  /** The payer confirms after a reversal closed his order: `told` with the notifies above, or only the books know. */
  readonly paysOnceClosed?: LatePayment;
}

/** Whether the channel tells of a payment that came after the end, or leaves it to query and bill. */
export type LatePayment = 'told' | 'untold';

const prompt = { delivery: 'prompt', paysAfterPolls: false, notices: 1 } as const;
const refused = { ...prompt, booked: 'none', notices: 0 } as const;

/**
 * The same for every face and for payees of payouts (last two digits of the payee's id).
 *
 * | suffix | plays                                              |
 * |--------|----------------------------------------------------|
 * | 01     | paid                                               |
 * | 02     | waits for the password, paid after n queries       |
 * | 03     | waits for the password, never pays                 |
 * | 04     | answers "unknown", but is paid                     |
 * | 05     | answers "unknown", is not paid                     |
 * | 06     | the code has expired                               |
 * | 07     | booked as paid, the answer is cut off              |
 * | 08     | paid, and notified twice                           |
 * | 09     | paid, the answer is changed after signing          |
 * | 10     | booked as paid, the answer comes too late          |
 * | 11     | refused as too many requests                       |
 * | 12     | balance not enough                                 |
 * | 13     | the payment broke off; a reversal is asked for     |
 * | 14     | the merchant has no right to charge here           |
 * | 15     | answers "unknown", is paid, notified late and twice |
 * | 16     | waits for the password; once reversed, is paid all the same, with a notify |
 * | 17     | as 16, and nobody is told: query and bill say so    |
 * | others | paid, and payees that end in 16 or 17              |
 */
const scriptOfSuffix: Readonly<Record<string, PaymentScript>> = {
  '02': { ...prompt, booked: 'USERPAYING', answer: 'USERPAYING', paysAfterPolls: true },
  '03': { ...prompt, booked: 'USERPAYING', answer: 'USERPAYING', notices: 0 },
  '04': { ...prompt, booked: 'SUCCESS', answer: 'SYSTEM_ERROR' },
  '05': { ...prompt, booked: 'NOTPAY', answer: 'SYSTEM_ERROR', notices: 0 },
  '06': { ...refused, answer: 'AUTH_CODE_EXPIRED' },
  '07': { ...prompt, booked: 'SUCCESS', answer: 'SUCCESS', delivery: 'dropped' },
  '08': { ...prompt, booked: 'SUCCESS', answer: 'SUCCESS', notices: 2 },
  '09': { ...prompt, booked: 'SUCCESS', answer: 'SUCCESS', delivery: 'tampered' },
  '10': { ...prompt, booked: 'SUCCESS', answer: 'SUCCESS', delivery: 'slow' },
  '11': { ...refused, answer: 'FREQUENCY_LIMITED' },
  '12': { ...refused, answer: 'NOT_ENOUGH' },
  '13': { ...prompt, booked: 'PAYERROR', answer: 'TRADE_ERROR', notices: 0 },
  '14': { ...refused, answer: 'NO_AUTH' },
  '15': {
    ...prompt,
    booked: 'SUCCESS',
    answer: 'SYSTEM_ERROR',
    notices: 2,
    noticeAfterMs: 60_000,
  },
  '16': { ...prompt, booked: 'USERPAYING', answer: 'USERPAYING', paysOnceClosed: 'told' },
  '17': {
    ...prompt,
    booked: 'USERPAYING',
    answer: 'USERPAYING',
    notices: 0,
    paysOnceClosed: 'untold',
  },
};

const paidScript: PaymentScript = { ...prompt, booked: 'SUCCESS', answer: 'SUCCESS' };

/**
 * Codes of one payer: the first two digits, then 777, then the payer's five digits. Others
 * have no known payer.
 */
export const payerOfCode = (authCode: string): string | undefined =>
  /^\d{2}(777\d{5})/.exec(authCode)?.[1];

/** What a code plays. */
export const scriptOfCode = (authCode: string): PaymentScript =>
  scriptOfSuffix[authCode.slice(-2)] ?? paidScript;

/** What a payee plays. Nobody reverses a payout, so nothing can come after it. */
export const scriptOfPayee = (payee: string): PaymentScript => {
  const script = scriptOfCode(payee);
  return script.paysOnceClosed === undefined ? script : paidScript;
};
