import {
  refusedMoney,
  type MoneyGround,
  type MoneyRefusal,
} from '#cloud/channel-simulator/books/money-ground.ts';
import { scriptOfPayee, type Delivery } from '#cloud/channel-simulator/payment-scripts.ts';

export interface PayoutRequest {
  /** Who pays. */
  readonly account: string;
  readonly outPayoutNo: string;
  readonly payee: string;
  readonly amountFen: number;
}

export interface BookedPayout extends PayoutRequest {
  readonly ref: string;
  readonly atMs: number;
  readonly confirmsAfterPolls: boolean;
  polls: number;
  state: 'WAITING' | 'PROCESSING' | 'DONE' | 'LAPSED';
}

export interface PayoutBooks {
  /** What is booked and what is said differ on purpose: `said` is a refusal, or the record. */
  readonly submit: (
    request: PayoutRequest,
    nowMs: number,
  ) => { readonly said: BookedPayout | MoneyRefusal; readonly delivery: Delivery };
  readonly query: (
    request: Pick<PayoutRequest, 'account' | 'outPayoutNo'>,
    nowMs: number,
  ) => BookedPayout | MoneyRefusal;
  readonly all: () => readonly BookedPayout[];
}

/** Transfers to people. The payee's id ends in the same two digits as payment codes do (payment-scripts.ts). */
export function payoutDesk({ rules, refOf, drawer }: MoneyGround): PayoutBooks {
  const payouts = drawer<BookedPayout>('payout');
  return {
    submit: (request, nowMs) => {
      const key = `${request.account}/${request.outPayoutNo}`;
      const known = payouts.get(key);
      if (known !== undefined) {
        const isSame = known.payee === request.payee && known.amountFen === request.amountFen;
        return { said: isSame ? known : refusedMoney('NUMBER_USED'), delivery: 'prompt' };
      }
      const { booked, answer, delivery, paysAfterPolls } = scriptOfPayee(request.payee);
      const isBooked = booked !== 'none' && booked !== 'NOTPAY' && booked !== 'PAYERROR';
      const made = isBooked
        ? payouts.put(key, {
            ...request,
            ref: refOf(`payout/${key}`),
            atMs: nowMs,
            polls: 0,
            confirmsAfterPolls: paysAfterPolls,
            state: booked === 'USERPAYING' ? 'WAITING' : 'PROCESSING',
          })
        : undefined;
      if (made === undefined || answer === 'SYSTEM_ERROR')
        return { said: refusedMoney(payoutWord(answer)), delivery };
      return { said: made, delivery };
    },
    query: ({ account, outPayoutNo }, nowMs) => {
      const key = `${account}/${outPayoutNo}`;
      const known = payouts.get(key);
      if (known === undefined) return refusedMoney('NOT_FOUND');
      known.polls += 1;
      if (known.polls >= rules().pollsUntilDone) {
        if (known.state === 'PROCESSING') known.state = 'DONE';
        if (known.state === 'WAITING' && known.confirmsAfterPolls) known.state = 'PROCESSING';
      }
      const isLate = nowMs - known.atMs > rules().payoutLapsesAfterMs;
      if (known.state === 'WAITING' && isLate) known.state = 'LAPSED';
      return payouts.put(key, known);
    },
    all: payouts.all,
  };
}

/** A payee is no payment code: what would be its refusals are refusals of the account. */
const payoutWord = (answer: string): string =>
  answer === 'AUTH_CODE_EXPIRED' || answer === 'TRADE_ERROR' ? 'ACCOUNT_ERROR' : answer;
