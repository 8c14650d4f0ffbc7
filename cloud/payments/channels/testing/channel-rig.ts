import type { Wallet } from '#shared/tender/payment-code.ts';
import type { Channel } from '#cloud/channel/channel.ts';

/**
 * What a far end must be able to play, so that the laws of {@link Channel}
 * (register-channel-contract.ts) can be put to the test.
 */
export interface ChannelRig {
  readonly channel: Channel;
  readonly channelMerchantNo: string;
  /** The wallet that `codeFor` gives codes of. */
  readonly wallet: Wallet;
  /** A fresh payment code for each behaviour of the far end. */
  codeFor(
    behaviour:
      | 'paid'
      | 'paying'
      | 'unknown-but-paid'
      | 'unknown-not-paid'
      | 'expired'
      | 'answer-lost'
      | 'balance',
  ): string;
  /** What happens to the next answers on the line. */
  setLine(
    fault:
      'none' | 'forge-answer' | 'garbage' | 'lose-answer' | 'lose-request' | 'too-many-requests',
  ): void;
  /** Moves the far end's clock. */
  advance(ms: number): void;
  close(): Promise<void>;
}
