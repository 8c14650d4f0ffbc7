import type { AccountName } from '#cloud/ledger/posting.ts';
import type { MerchantId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import type { Fen } from '#shared/money/fen.ts';

/**
 * What a channel is told to do with money that it holds; `subsidy-payout` is told to people.
 *
 * | kind           | says                                                            | moves in our books                     |
 * |----------------|-----------------------------------------------------------------|----------------------------------------|
 * | subsidy        | 券补贴: the vouchers' worth to the merchant, before the split     | merchant_payable -> channel_clearing   |
 * | subsidy-cancel | nothing is left to subsidise of a charge that was marked for it | nothing                                |
 * | same-day       | 货款: the merchant's share of the day; the rest stays frozen      | merchant_payable -> channel_clearing   |
 * | concession     | 让利 of a final order to the platform's account                  | concession_due -> channel_clearing     |
 * | release        | the rest of 结算保留款 to the merchant; ends splitting of the order | merchant_payable -> channel_clearing   |
 * | payout         | an agent's commissions to the agent                             | agent_payable -> operating_cash        |
 * | split-return   | a share back from the merchant, before a refund                 | channel_clearing -> merchant_payable   |
 * | subsidy-return | a subsidy back to the platform, after a refund with vouchers    | channel_clearing -> merchant_payable   |
 * | subsidy-payout | a shop's day of vouchers that no channel subsidises, by hand    | merchant_payable -> channel_clearing   |
 */
export type InstructionKind =
  | 'subsidy'
  | 'subsidy-cancel'
  | 'same-day'
  | 'concession'
  | 'release'
  | 'payout'
  | 'split-return'
  | 'subsidy-return'
  | 'subsidy-payout';

/**
 * `ready`: no byte has left. `open`: it may have; only the channel's word ends it. `failed`: by a final refusal, the
 * amount is back where it came from, and people look. `cancelled`: never sent, because what it was for has changed.
 */
export type InstructionState = 'ready' | 'open' | 'done' | 'failed' | 'cancelled';

interface InstructionRule {
  /** Of one order, a lower step comes first. */
  readonly step: number;
  /** Last letter of its number at the channel. */
  readonly letter: string;
  /** Undefined: no money moves, and the books know nothing of it. */
  readonly moves:
    | {
        readonly from: AccountName;
        readonly to: AccountName;
        readonly ledgerKind: 'split' | 'payout' | 'subsidy';
      }
    | undefined;
}

const toMerchant = { from: 'merchant_payable', to: 'channel_clearing' } as const;
const backFromMerchant = { from: 'channel_clearing', to: 'merchant_payable' } as const;

export const instructionRules: Readonly<Record<InstructionKind, InstructionRule>> = {
  subsidy: { step: 1, letter: 'V', moves: { ...toMerchant, ledgerKind: 'subsidy' } },
  'subsidy-cancel': { step: 1, letter: 'X', moves: undefined },
  'same-day': { step: 2, letter: 'D', moves: { ...toMerchant, ledgerKind: 'split' } },
  concession: {
    step: 3,
    letter: 'C',
    moves: { from: 'concession_due', to: 'channel_clearing', ledgerKind: 'split' },
  },
  release: { step: 4, letter: 'F', moves: { ...toMerchant, ledgerKind: 'split' } },
  payout: {
    step: 1,
    letter: 'P',
    moves: { from: 'agent_payable', to: 'operating_cash', ledgerKind: 'payout' },
  },
  'split-return': { step: 5, letter: 'R', moves: { ...backFromMerchant, ledgerKind: 'split' } },
  'subsidy-return': { step: 5, letter: 'W', moves: { ...backFromMerchant, ledgerKind: 'subsidy' } },
  'subsidy-payout': { step: 1, letter: 'B', moves: { ...toMerchant, ledgerKind: 'subsidy' } },
};

/** An order as its channel knows it. */
export interface OrderAtChannel {
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  readonly channelMerchantNo: string;
  readonly outTradeNo: string;
  readonly channelRef: string;
}

export interface NewInstruction {
  readonly operatorId: OperatorId;
  /** 1..64 characters of what the channel allows; never used for another content. */
  readonly instructionNo: string;
  readonly kind: InstructionKind;
  readonly channel: string;
  /** Above 0; 0 of what moves no money. */
  readonly amountFen: Fen;
  /** Absent for payouts. */
  readonly order?: OrderAtChannel;
  /** Of a subsidy-payout alone: whose it is, and what its number begins with. */
  readonly shopDay?: Pick<OrderAtChannel, 'merchantId' | 'outTradeNo'>;
  readonly payee?: string;
  readonly payeeName?: string;
  readonly ofInstructionNo?: string;
  readonly notBeforeMs: number;
  readonly freezeLapsesAtMs?: number;
  /** No channel can be told, and why in `code`: people move it. */
  readonly isByHand?: boolean;
  readonly code?: InstructionCode;
}

/** Why people have to move it. */
export type InstructionCode = 'subsidy-over-limit' | 'subsidy-was-by-hand' | 'subsidy-no-channel';

/**
 * The number of an order's instruction at the channel, or of a shop's day for people: `tries` counts from 1 and goes up only after
 * a final failure.
 */
export const orderInstructionNo = (
  kind: InstructionKind,
  of: { readonly outTradeNo: string; readonly tries: number },
): string => `${of.outTradeNo}${instructionRules[kind].letter}${of.tries}`;
