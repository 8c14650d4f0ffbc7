import { openChannels, type PaymentEnvironment } from '#cloud/open-channels.ts';
import { createBookingDesk } from '#cloud/payments/booking/booking-desk.ts';
import { createChannelHealth } from '#cloud/payments/routing/channel-health.ts';
import type { OfflineSettlementDeps } from '#cloud/payments/offline/settlement.ts';
import { contentKeyOf } from '#cloud/payments/payment-deps.ts';
import { fasterTiming, paymentTiming } from '#cloud/payments/payment-timing.ts';
import { createVoucherDesk } from '#cloud/payments/voucher-desk.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

/** Everything that taking money needs, put together. */
export type PaymentRoom = OfflineSettlementDeps;

/**
 * | variable         | default   | meaning                                                                             |
 * |------------------|-----------|-------------------------------------------------------------------------------------|
 * | CHANNEL_URL      | (none)    | the channel's address; without it every charge is answered no-channel               |
 * | CHANNEL_APP      | greentill | our app id there                                                                    |
 * | CHANNEL_KEYS     | .data/channel | folder with app-private-key.pem and channel-public-key.pem                      |
 * | WECHAT_URL, WECHAT_KEYS, … | (none) | wallet WeChat speaks WeChat Pay v3 (channels/wechat/config.ts)           |
 * | ALIPAY_URL, ALIPAY_KEYS, … | (none) | wallet Alipay speaks to Alipay's gateway (channels/alipay/config.ts)     |
 * | UNIONPAY_URL, …  | (none)    | wallet UnionPay speaks to UnionPay's gateway (channels/unionpay/config.ts)          |
 * | CHANNEL_SPEED_UP | 1         | demos: time rules so many times as fast; tell the simulator the same                |
 * | NOTIFY_ORIGIN    | (none)    | https origin at which channels reach this cloud; without it nothing is asked to be told |
 * | CHANNEL_ACCOUNTS | (none)    | folder with one folder per further account: account.env and its keys (docs/operations/channels.md) |
 */
export function createPaymentRoom(deps: CloudDeps, environment: PaymentEnvironment): PaymentRoom {
  const timing = fasterTiming(paymentTiming, Number(environment['CHANNEL_SPEED_UP'] ?? 1));
  const { db, clock, hints, logger } = deps;
  const { callReadTimeoutMs: readTimeoutMs } = timing;
  const vouchers = createVoucherDesk();
  return {
    db,
    clock,
    hints,
    logger,
    channels: openChannels({ clock, random: deps.random, readTimeoutMs }, environment),
    timing,
    health: createChannelHealth(),
    vouchers,
    bookings: createBookingDesk({ db, clock, logger, vouchers }),
    contentKey: contentKeyOf(deps.keys),
    issuerKeys: deps.keys.issuer.accepted.map(({ keyId, pair }) => ({
      keyId,
      publicKey: pair.publicKey,
    })),
  };
}
