/** What the channel does with a payment code, told by the code's last two digits. */
export interface PaymentScript {
  /** What the books say right after the charge; `none` = nothing is booked. */
  readonly booked: 'SUCCESS' | 'USERPAYING' | 'NOTPAY' | 'none';
  /** The code of the answer to the charge. */
  readonly answer: 'SUCCESS' | 'USERPAYING' | 'SYSTEM_ERROR' | 'AUTH_CODE_EXPIRED' | 'NOT_ENOUGH';
  /** How the answer travels: at once, cut off after booking, or later than the caller waits. */
  readonly delivery: 'prompt' | 'dropped' | 'slow';
  /** USERPAYING turns into SUCCESS after the configured number of queries. */
  readonly paysAfterPolls: boolean;
}

const prompt = { delivery: 'prompt', paysAfterPolls: false } as const;

/**
 * | suffix | plays                                              |
 * |--------|----------------------------------------------------|
 * | 01     | paid                                               |
 * | 02     | waits for the password, paid after n queries       |
 * | 03     | waits for the password, never pays                 |
 * | 04     | answers "unknown", but is paid                     |
 * | 05     | answers "unknown", is not paid                     |
 * | 06     | the code has expired                               |
 * | 07     | booked as paid, the answer is cut off              |
 * | 08     | booked as paid, the answer comes too late          |
 * | 09     | balance not enough                                 |
 * | others | paid                                               |
 */
const scriptOfSuffix: Readonly<Record<string, PaymentScript>> = {
  '02': { booked: 'USERPAYING', answer: 'USERPAYING', delivery: 'prompt', paysAfterPolls: true },
  '03': { ...prompt, booked: 'USERPAYING', answer: 'USERPAYING' },
  '04': { ...prompt, booked: 'SUCCESS', answer: 'SYSTEM_ERROR' },
  '05': { ...prompt, booked: 'NOTPAY', answer: 'SYSTEM_ERROR' },
  '06': { ...prompt, booked: 'none', answer: 'AUTH_CODE_EXPIRED' },
  '07': { booked: 'SUCCESS', answer: 'SUCCESS', delivery: 'dropped', paysAfterPolls: false },
  '08': { booked: 'SUCCESS', answer: 'SUCCESS', delivery: 'slow', paysAfterPolls: false },
  '09': { ...prompt, booked: 'none', answer: 'NOT_ENOUGH' },
};

const paidScript: PaymentScript = { ...prompt, booked: 'SUCCESS', answer: 'SUCCESS' };

export const scriptOfCode = (authCode: string): PaymentScript =>
  scriptOfSuffix[authCode.slice(-2)] ?? paidScript;
