import { createHash, createHmac } from 'node:crypto';
import type { OrderId } from '#shared/ids/ids.ts';
import { couponCodePrefix } from '#shared/wire/v1/promotion.ts';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const tokenChars = 16;

/**
 * The secret on the paper of the coupon that a sale brings: 16 characters of Crockford base 32, 80
 * bits. Made from a secret of this till and the order's number, so that a sale that is asked about
 * twice names the same paper and no journal needs to hold it.
 */
export function couponToken(hashKey: Buffer, orderId: OrderId): string {
  const mac = createHmac('sha256', hashKey).update(`greentill/coupon/1:${orderId}`).digest();
  return [...mac.subarray(0, tokenChars)].map((byte) => crockford[byte & 31]).join('');
}

/** SHA-256 in hex: what the journal and the cloud keep of a token. */
export const couponTokenHash = (token: string): string =>
  createHash('sha256').update(token, 'ascii').digest('hex');

/** What the QR on the paper says. */
export const couponCode = (token: string): string => couponCodePrefix + token;
