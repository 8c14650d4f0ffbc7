import { createHash } from 'node:crypto';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/**
 * What may be written into the books.
 *
 * Sign: a positive amount puts value into the account, a negative one takes it out; the legs of a journal sum to
 * zero. Accounts are of two natures: a `claim` says whose money it is and holds a positive balance; a `holding` says
 * where money lies and holds a negative one, because what lies there came out of it into the claims.
 * So "release 25.00 of vouchers" is fund_free -2500, voucher_outstanding +2500, and a sale is
 * channel_clearing -N, merchant_payable +…, merchant_reserve +…, concession_pending +….
 *
 * Books: a journal with a merchant id is in that merchant's book, one with null in the operator's. A journal never
 * crosses books: what goes over is booked on `transit` (the claim) and `transit_cash` (the money) on both sides,
 * and each sums to zero over all books of an operator.
 */
export type AccountNature = 'claim' | 'holding';

interface AccountRule {
  readonly nature: AccountNature;
  /** True: the balance may never be of the wrong sign; such an account has one slot, locked while it is posted. */
  readonly guarded: boolean;
  /** Sub-accounts over which concurrent batches spread; the balance is their sum. */
  readonly slots: 1 | 16;
}

const claim = (rule: Omit<AccountRule, 'nature'>): AccountRule => ({ nature: 'claim', ...rule });
const holding = (rule: Omit<AccountRule, 'nature'>): AccountRule => ({
  nature: 'holding',
  ...rule,
});

/** The chart of accounts. Source: docs/points.md 2.2 (K is `ring_fenced_cash`, F, VO and PI follow it). */
export const chart = {
  /** Money at licensed channels, collected for the merchant (merchant's book). */
  channel_clearing: holding({ guarded: false, slots: 1 }),
  /** Fees a channel kept, borne by the merchant. */
  channel_fee: holding({ guarded: false, slots: 1 }),
  /** Concession of cash and box sales that the merchant owes: no channel held it back. */
  concession_receivable: holding({ guarded: true, slots: 1 }),
  /** 货款: due to the merchant now. */
  merchant_payable: claim({ guarded: false, slots: 1 }),
  /** 结算保留款 without the concession: due to the merchant after the hold. */
  merchant_reserve: claim({ guarded: true, slots: 1 }),
  /** Concession whose order is not final yet. */
  concession_pending: claim({ guarded: true, slots: 1 }),
  /** Concession of final orders that is the platform's and lies at a channel still, to be split to it. */
  concession_due: claim({ guarded: true, slots: 1 }),
  /** Paid at a channel beside other money, and on its way back to the payer (cloud/payments/paid-twice). */
  payer_due: claim({ guarded: true, slots: 1 }),
  /** Held for splits, payouts and subsidies that a channel has not answered for certain (any book). */
  instruction_pending: claim({ guarded: true, slots: 1 }),
  /** K: the ring-fenced account at a licensed institution (operator's book, as all that follow). */
  ring_fenced_cash: holding({ guarded: true, slots: 1 }),
  /** Money of agents, margin and contingency. */
  operating_cash: holding({ guarded: false, slots: 16 }),
  /** F: final concession that may become vouchers. */
  fund_free: claim({ guarded: true, slots: 1 }),
  /** VO: vouchers in members' wallets, backed one to one. */
  voucher_outstanding: claim({ guarded: true, slots: 1 }),
  /** PI: vouchers spent whose cash subsidy has not reached the merchant yet. */
  payout_in_flight: claim({ guarded: true, slots: 1 }),
  /** Commissions of final orders; a refund after finality may turn it negative until the next statement. */
  agent_payable: claim({ guarded: false, slots: 16 }),
  margin: claim({ guarded: false, slots: 16 }),
  contingency: claim({ guarded: true, slots: 1 }),
  /** Paid to merchants for offline sales whose money never came, and borne by the platform. */
  guarantee_loss: holding({ guarded: true, slots: 1 }),
  /** Paid to merchants the same way, and owed by the members whose phones signed twice. */
  member_receivable: holding({ guarded: true, slots: 1 }),
  /** Claims on their way between books. */
  transit: claim({ guarded: false, slots: 16 }),
  /** Money on its way between books. */
  transit_cash: claim({ guarded: false, slots: 16 }),
} as const satisfies Record<string, AccountRule>;

export type AccountName = keyof typeof chart;

export interface Leg {
  readonly account: AccountName;
  /** Never zero; at most 10^13. */
  readonly amountFen: Fen;
}

export interface Journal {
  readonly operatorId: OperatorId;
  /** The merchant's book, or null for the operator's own. */
  readonly merchantId: MerchantId | null;
  /** Unique within the book: posting the same key and content again changes nothing. 1..200 characters. */
  readonly idemKey: string;
  readonly kind: string;
  /** Ledger time: when the cloud accepted the event. Not part of the content: a replay may come later. */
  readonly eventAtMs: number;
  readonly legs: readonly Leg[];
}

export const journalLegsMax = 32;
/** 1,000 orders of at most six journals each: sale, subsidy in both books, and what their channel is told. */
export const journalBatchMax = 6_000;

export type JournalError =
  | { readonly type: 'journal-unbalanced'; readonly idemKey: string; readonly sumFen: number }
  | { readonly type: 'journal-malformed'; readonly idemKey: string; readonly why: string };

/** The book's name in the database: the merchant's id, or the empty string for the operator. */
export const bookOf = (journal: Pick<Journal, 'merchantId'>): string => journal.merchantId ?? '';

/** A balance as people read it: positive when the account stands as its nature says. */
export const naturalFen = (account: AccountName, balanceFen: Fen): Fen =>
  (chart[account].nature === 'holding' && balanceFen !== 0 ? -balanceFen : balanceFen) as Fen;

/** Legs without the zero ones: amounts that may vanish (a small order's commission) are simply not booked. */
export const nonZeroLegs = (legs: readonly Leg[]): readonly Leg[] =>
  legs.filter((leg) => leg.amountFen !== 0);

/** Checks one journal: 2..32 legs, none zero, sum zero. */
export function checkJournal(journal: Journal): Result<Journal, JournalError> {
  const { idemKey, legs } = journal;
  const malformed = (why: string): Result<Journal, JournalError> =>
    err({ type: 'journal-malformed', idemKey, why });
  if (idemKey.length < 1 || idemKey.length > 200) return malformed('key length');
  if (legs.length < 2 || legs.length > journalLegsMax) return malformed(`${legs.length} legs`);
  if (legs.some((leg) => leg.amountFen === 0)) return malformed('a leg of zero');
  const sumFen = legs.reduce<number>((sum, leg) => sum + leg.amountFen, 0);
  return sumFen === 0 ? ok(journal) : err({ type: 'journal-unbalanced', idemKey, sumFen });
}

/** SHA-256 over kind and legs in the order given, hex. */
export function contentHash(journal: Pick<Journal, 'kind' | 'legs'>): string {
  const text = [
    'greentill/ledger/1',
    journal.kind,
    ...journal.legs.map((leg) => `${leg.account} ${leg.amountFen}`),
  ].join('\n');
  return createHash('sha256').update(text).digest('hex');
}
