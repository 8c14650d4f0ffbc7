import { fen } from '#shared/money/fen.ts';
import type { TerminalId } from '#shared/ids/ids.ts';
import type {
  MovedOutcome,
  PaidOrder,
  SplitOutcome,
  SplitReceiver,
} from '#cloud/channel/channel-money.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { ChannelOrder, ChargeOrder } from '#cloud/channel/channel-exchange.ts';
import { assert } from '#shared/result/assert.ts';

export const terminalId = 'trm_01ARZ3NDEKTSV4RRFFQ69G5FAV' as TerminalId;

/**
 * What a test of splits has in hand: an adapter that can split, one merchant, and his payers'
 * codes.
 */
interface MoneyRig {
  readonly channel: Channel;
  readonly channelMerchantNo: string;
  readonly wallet: ChargeOrder['wallet'];
  readonly code: (suffix: string) => string;
}

type Charged = Awaited<ReturnType<Channel['charge']>>['outcome'];

/**
 * The steps that the money tests of every channel take, in words: sell, then split what was paid.
 */
export interface MoneyScript {
  readonly newOrder: (netFen?: number) => ChannelOrder;
  /**
   * `suffix`: the last two digits of the payment code, by which the far end knows how to behave.
   */
  readonly charge: (
    order: ChannelOrder & Pick<ChargeOrder, 'subsidyFen'>,
    suffix?: string,
  ) => Promise<Charged>;
  /** `subsidyFen`: what its charge says is going to be subsidised. */
  readonly paidOrder: (netFen?: number, subsidyFen?: number) => Promise<ChannelOrder & PaidOrder>;
  readonly split: (
    order: PaidOrder,
    receivers: readonly SplitReceiver[],
    change?: { readonly outSplitNo?: string; readonly releasesRest?: boolean },
  ) => Promise<SplitOutcome>;
  /** Makes the platform's account a receiver of the merchant's splits. */
  readonly bind: (account: string) => Promise<{ readonly outcome: MovedOutcome }>;
}

/**
 * `rig` is asked at each step: every test opens a new one. Numbers are never used twice, over all
 * tests of a file. `opened`: for a channel that must be told when the order was opened.
 */
export function createMoneyScript(
  rig: () => MoneyRig,
  opened: Pick<ChannelOrder, 'openedAtMs'> = {},
): MoneyScript {
  let numbers = 0;
  const desk = () => {
    const { splits } = rig().channel;
    assert(splits !== undefined, () => 'the channel of a money test splits');
    return splits;
  };
  const newOrder: MoneyScript['newOrder'] = (netFen = 10_000) => {
    numbers += 1;
    return {
      channelMerchantNo: rig().channelMerchantNo,
      outTradeNo: `MONEY${String(numbers).padStart(10, '0')}`,
      netFen: fen(netFen),
      ...opened,
    };
  };
  const charge: MoneyScript['charge'] = async (order, suffix = '01') => {
    const { channel, wallet, code } = rig();
    const asked = { ...order, wallet, authCode: code(suffix), terminalId };
    return (await channel.charge(asked)).outcome;
  };
  return {
    newOrder,
    charge,
    paidOrder: async (netFen, subsidyFen) => {
      const order = newOrder(netFen);
      const outcome = await charge(
        subsidyFen === undefined ? order : { ...order, subsidyFen: fen(subsidyFen) },
      );
      assert(outcome.type === 'paid', () => `not paid: ${outcome.type}`);
      return { ...order, channelRef: outcome.channelRef };
    },
    split: async (order, receivers, change = {}) => {
      numbers += 1;
      const { outSplitNo = `SPLIT${numbers}`, releasesRest = false } = change;
      const asked = { ...order, outSplitNo, receivers, releasesRest };
      return (await desk().split(asked)).outcome;
    },
    bind: (account) =>
      desk().addReceiver({
        channelMerchantNo: rig().channelMerchantNo,
        type: 'merchant',
        account,
        name: '绿点平台有限公司',
        round: 0,
      }),
  };
}

/** A share for a merchant's account. */
export const to = (account: string, amountFen: number): SplitReceiver => ({
  type: 'merchant',
  account,
  amountFen: fen(amountFen),
  description: '分账',
});
