import { createHash } from 'node:crypto';

/** What the cloud keeps of a receipt's claim token: SHA-256 of its 16 ASCII characters, lower-case hex. */
export const hashClaimToken = (claimToken: string): string =>
  createHash('sha256').update(claimToken, 'ascii').digest('hex');
