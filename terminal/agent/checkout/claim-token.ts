import type { Random } from '#shared/time/random.ts';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const tokenChars = 16;

/** The secret of a receipt's claim QR: 16 characters of Crockford base 32, 80 random bits. */
export const claimToken = (random: Random): string =>
  [...random.bytes(tokenChars)].map((byte) => crockford[byte & 31]).join('');
