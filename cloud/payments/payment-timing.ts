import type { Wallet } from '#shared/tender/payment-code.ts';
import type { ChannelLimits } from '#cloud/channel/channel-profile.ts';
import { assert } from '#shared/result/assert.ts';

/** Whose time rules an attempt follows. */
export type Pace = Wallet | 'withholding';

/** Every duration of taking money that is ours to choose, in one place. All in milliseconds. */
export interface PaymentTiming {
  /** Channels' own durations pass so many times as fast, as those here do already: demos. */
  readonly speedUp: number;
  /** How long the charge itself may take; after that its result is unknown. */
  readonly chargeReadTimeoutMs: number;
  /** How long any later call may take. */
  readonly callReadTimeoutMs: number;
  /** From an unknown charge to its first query. WeChat: wait 5 s. */
  readonly firstQueryAfterMs: number;
  readonly queryEveryMs: number;
  /**
   * "Nobody is paying" proves nothing earlier than this after the charge left: it may still be on
   * its way.
   */
  readonly unpaidBelievedAfterMs: number;
  /**
   * Added to a channel's time before reversals: it counts from when the charge reached it, we from
   * when it left.
   */
  readonly reverseMarginMs: number;
  /** The payer's time is over: one last query, and a reversal right behind it. */
  readonly forcedReverseAfterMs: Readonly<Record<Pace, number>>;
  /**
   * A reversal without a definite answer is repeated so often at `queryEveryMs`, then by the
   * janitor.
   */
  readonly quickReversals: number;
  /** Pauses of the janitor, who never gives up: the last one repeats. */
  readonly janitorPausesMs: readonly number[];
}

/** Our durations and those of the channel that an attempt was made at. */
export interface AttemptTiming extends PaymentTiming {
  /** No reversal earlier than this after the charge left. WeChat: 15.5 s, Alipay: at once. */
  readonly reverseAllowedAfterMs: number;
  /** After this a paid order can only be refunded, not reversed. WeChat: 7 days, Alipay: one. */
  readonly reverseWindowMs: number;
  /** As in {@link ChannelLimits}. */
  readonly unknownNumberFinalAfterMs: number | undefined;
}

/** The rules an attempt follows at a channel with these limits. */
export function attemptTiming(timing: PaymentTiming, limits: ChannelLimits): AttemptTiming {
  const { speedUp, reverseMarginMs } = timing;
  const { reverseNotBeforeMs, reverseWindowMs, unknownNumberFinalAfterMs } = limits;
  return {
    ...timing,
    reverseAllowedAfterMs:
      reverseNotBeforeMs === 0 ? 0 : Math.floor(reverseNotBeforeMs / speedUp) + reverseMarginMs,
    reverseWindowMs,
    unknownNumberFinalAfterMs:
      unknownNumberFinalAfterMs === undefined
        ? undefined
        : Math.floor(unknownNumberFinalAfterMs / speedUp),
  };
}

/** Of a channel that nobody can ask at the moment: the strictest of all. */
export const carefulLimits: ChannelLimits = {
  reverseNotBeforeMs: 15_000,
  reverseWindowMs: 86_400_000,
  refundWindowMs: 0,
  refundsPerOrderMax: 0,
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Source: WeChat Pay codepay best practice (2025-08-14) and Alipay bar_code polling rules. */
export const paymentTiming: PaymentTiming = {
  speedUp: 1,
  chargeReadTimeoutMs: 10_000,
  callReadTimeoutMs: 10_000,
  firstQueryAfterMs: 5_000,
  queryEveryMs: 5_000,
  unpaidBelievedAfterMs: 15_000,
  reverseMarginMs: 500,
  forcedReverseAfterMs: {
    wechat: 45_000,
    alipay: 60_000,
    unionpay: 60_000,
    // Nobody waits at a counter for a withholding, and money that came is what was wanted: ask for
    // long.
    withholding: 10 * minuteMs,
  },
  quickReversals: 6,
  janitorPausesMs: [minuteMs, 5 * minuteMs, 15 * minuteMs, hourMs, 6 * hourMs, dayMs],
};

/** The same rules, `speedUp` times as fast: for demos. The channel must be told the same. */
export function fasterTiming(timing: PaymentTiming, speedUp: number): PaymentTiming {
  assert(speedUp >= 1, () => `speed-up below 1: ${speedUp}`);
  const faster = (ms: number): number => Math.max(1, Math.floor(ms / speedUp));
  const { wechat, alipay, unionpay, withholding } = timing.forcedReverseAfterMs;
  return {
    speedUp: timing.speedUp * speedUp,
    // Reading an answer takes as long as the machine takes: a demo's clock does not make a network
    // faster.
    chargeReadTimeoutMs: timing.chargeReadTimeoutMs,
    callReadTimeoutMs: timing.callReadTimeoutMs,
    firstQueryAfterMs: faster(timing.firstQueryAfterMs),
    queryEveryMs: faster(timing.queryEveryMs),
    unpaidBelievedAfterMs: faster(timing.unpaidBelievedAfterMs),
    reverseMarginMs: faster(timing.reverseMarginMs),
    forcedReverseAfterMs: {
      wechat: faster(wechat),
      alipay: faster(alipay),
      unionpay: faster(unionpay),
      withholding: faster(withholding),
    },
    quickReversals: timing.quickReversals,
    janitorPausesMs: timing.janitorPausesMs.map(faster),
  };
}
