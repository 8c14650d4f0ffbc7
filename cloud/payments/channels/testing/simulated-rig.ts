import type { ChannelSimulator } from '#cloud/channel-simulator/channel-simulator.ts';
import type { LineFault } from '#cloud/channel-simulator/line.ts';
import type { ChannelRig } from '#cloud/payments/channels/testing/channel-rig.ts';
import type { ManualClock } from '#shared/testing/manual-clock.ts';

type Behaviour = Parameters<ChannelRig['codeFor']>[0];

/**
 * The last two digits of a payment code tell the simulator how to behave (its payment-scripts.ts).
 */
const suffixes: Readonly<Record<Behaviour, string>> = {
  paid: '01',
  paying: '03',
  'unknown-but-paid': '04',
  'unknown-not-paid': '05',
  expired: '06',
  'answer-lost': '07',
  balance: '12',
};

/** How a wallet's payment codes look: their first digits, and how many digits they have. */
const codeShapes = {
  wechat: { prefix: '13', digits: 18 },
  alipay: { prefix: '28', digits: 18 },
  unionpay: { prefix: '62', digits: 19 },
} as const;

/** The far end of a rig: a simulator, its clock, and fresh codes of one wallet. */
export interface SimulatedEnd<W extends keyof typeof codeShapes> extends Omit<
  ChannelRig,
  'channel' | 'channelMerchantNo' | 'setLine'
> {
  readonly wallet: W;
  readonly simulator: ChannelSimulator;
  readonly clock: ManualClock;
  setLine(fault: LineFault): void;
  /** A fresh payment code with these last two digits. */
  readonly code: (suffix: string) => string;
}

/**
 * What every rig on the simulator does alike; the dialect's rig adds its adapter and its merchant.
 */
export function simulatedEnd<W extends keyof typeof codeShapes>(end: {
  readonly wallet: W;
  readonly simulator: ChannelSimulator;
  readonly clock: ManualClock;
}): SimulatedEnd<W> {
  const { prefix, digits } = codeShapes[end.wallet];
  let codes = 0;
  const code = (suffix: string): string => {
    codes += 1;
    return `${prefix}${String(codes).padStart(digits - prefix.length - suffix.length, '0')}${suffix}`;
  };
  return {
    ...end,
    code,
    codeFor: (behaviour) => code(suffixes[behaviour]),
    setLine: (fault) => end.simulator.setFaults(() => fault),
    advance: (ms) => end.clock.advance(ms),
    close: () => end.simulator.close(),
  };
}
