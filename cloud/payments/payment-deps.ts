import { createHmac, hkdfSync } from 'node:crypto';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { CloudKeys } from '#cloud/identity/cloud-keys.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import type { BookingDesk } from '#cloud/payments/booking/booking-desk.ts';
import type { ChannelHealth } from '#cloud/payments/routing/channel-health.ts';
import {
  attemptTiming,
  carefulLimits,
  type AttemptTiming,
  type PaymentTiming,
} from '#cloud/payments/payment-timing.ts';
import type { VoucherPort } from '#cloud/payments/voucher-port.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

/** What taking money needs. */
export interface PaymentDeps extends Pick<CloudDeps, 'db' | 'clock' | 'hints' | 'logger'> {
  /** The adapters by the name that stands in merchant_channel. */
  readonly channels: ReadonlyMap<string, Channel>;
  readonly timing: PaymentTiming;
  readonly health: ChannelHealth;
  readonly vouchers: VoucherPort;
  /** Where paid charges wait for the books. */
  readonly bookings: BookingDesk;
  /**
   * Keys the content hash of a charge, so that a dump of the database cannot be searched for
   * payment codes.
   */
  readonly contentKey: Uint8Array;
}

/** The rules of time an attempt at this channel follows. */
export const timingAt = (
  { channels, timing }: Pick<PaymentDeps, 'channels' | 'timing'>,
  channel: string,
): AttemptTiming => attemptTiming(timing, channels.get(channel)?.profile.limits ?? carefulLimits);

/**
 * The key of content hashes: derived from the cloud's seal key, so it survives restarts and is
 * stored nowhere.
 */
export const contentKeyOf = (keys: Pick<CloudKeys, 'seal'>): Uint8Array =>
  new Uint8Array(
    hkdfSync(
      'sha256',
      keys.seal.privateKey.export({ format: 'der', type: 'pkcs8' }),
      '',
      'greentill/charge-content/1',
      32,
    ),
  );

/**
 * Keyed hash of a payer's id at a channel: the same payer is known again, who he is stays with the
 * channel.
 */
export const payerHashOf = (contentKey: Uint8Array, channel: string, payerId: string): string =>
  createHmac('sha256', contentKey).update(`payer ${channel} ${payerId}`).digest('hex');

/**
 * Keyed hash of a charge request as it was sent, the payment code included. The order of fields
 * does not matter.
 */
export function contentHashOf(contentKey: Uint8Array, request: ChargeRequest): string {
  const fields = Object.entries(request).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHmac('sha256', contentKey).update(JSON.stringify(fields)).digest('hex');
}
