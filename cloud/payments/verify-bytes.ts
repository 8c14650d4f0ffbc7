import { verify } from 'node:crypto';
import type { VerifySignature } from '#shared/member/judge-member-code.ts';
import { parsePublicKey } from '#cloud/identity/ed25519.ts';

/** Ed25519 on node:crypto for the pure member code rules; false for anything that is not a key or a signature. */
export const verifyBytes: VerifySignature = ({ publicKey, bytes, signature }) => {
  try {
    return verify(null, bytes, parsePublicKey(publicKey), signature);
  } catch {
    return false;
  }
};
