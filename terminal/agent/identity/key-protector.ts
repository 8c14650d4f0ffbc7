import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** How the till's private key rests on disk. Whatever it is, the file can be read by its owner only. */
export interface KeyProtector {
  readonly name: 'file-mode' | 'os-store';
  seal(plain: Buffer): Buffer;
  /** Undefined: this is not what this protector sealed, or not on this machine for this user. */
  open(sealed: Buffer): Buffer | undefined;
}

/** For a machine without a key store of the operating system: the rights of the file (0600) are all there is. */
export const fileModeProtector: KeyProtector = {
  name: 'file-mode',
  seal: (plain) => plain,
  open: (sealed) => sealed,
};

const ivBytes = 12;
const tagBytes = 16;
const cipher = 'aes-256-gcm';

/**
 * Seals with a key that the operating system's store keeps for this user (DPAPI, Keychain, libsecret); the desktop host
 * unwraps it and hands it over. Sealed: 12 bytes of nonce, 16 of tag, then AES-256-GCM.
 */
export function createOsStoreProtector(wrapKey: Uint8Array): KeyProtector {
  return {
    name: 'os-store',
    seal(plain) {
      const iv = randomBytes(ivBytes);
      const sealing = createCipheriv(cipher, wrapKey, iv);
      const text = Buffer.concat([sealing.update(plain), sealing.final()]);
      return Buffer.concat([iv, sealing.getAuthTag(), text]);
    },
    open(sealed) {
      try {
        const opening = createDecipheriv(cipher, wrapKey, sealed.subarray(0, ivBytes));
        opening.setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes));
        return Buffer.concat([
          opening.update(sealed.subarray(ivBytes + tagBytes)),
          opening.final(),
        ]);
      } catch {
        return undefined;
      }
    },
  };
}
