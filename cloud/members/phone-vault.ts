import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudConfig } from '#cloud/platform/config.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import type { Random } from '#shared/time/random.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/** What the database may keep of a phone number. */
export interface GuardedPhone {
  /** HMAC-SHA256, hex: finds a member by number, worthless without the key. */
  readonly hash: string;
  /** 138****0001 */
  readonly mask: string;
  /** AES-256-GCM, base64url of nonce, ciphertext and tag, bound to the member's id. */
  readonly cipher: string;
}

export interface PhoneVault {
  hashOf(phone: string): string;
  guard(phone: string, memberId: MemberId): GuardedPhone;
  /** The number again, to reach or to erase a member. Fails when it was changed or is another member's. */
  open(cipher: string, memberId: MemberId): Result<string, { readonly type: 'phone-unreadable' }>;
}

export const maskPhone = (phone: string): string => `${phone.slice(0, 3)}****${phone.slice(-4)}`;

/**
 * Guards phone numbers with one data key of 32 bytes; two keys are derived from it (HKDF-SHA256), one to find and one
 * to read. A keyed hash, because the 10^10 numbers are few enough to try against a plain one.
 */
export function createPhoneVault(
  dataKey: Uint8Array,
  deps: { readonly random: Random },
): PhoneVault {
  assert(dataKey.length === keyBytes, () => `a data key has 32 bytes, got ${dataKey.length}`);
  const derive = (use: string): Buffer =>
    Buffer.from(hkdfSync('sha256', dataKey, '', `greentill/phone/${use}/1`, keyBytes));
  const [findKey, readKey] = [derive('find'), derive('read')];
  const hashOf = (phone: string): string =>
    createHmac('sha256', findKey).update(phone, 'ascii').digest('hex');
  return {
    hashOf,
    guard(phone, memberId) {
      const nonce = deps.random.bytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', readKey, nonce).setAAD(Buffer.from(memberId));
      const sealed = Buffer.concat([nonce, cipher.update(phone, 'ascii'), cipher.final()]);
      const packed = Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url');
      return { hash: hashOf(phone), mask: maskPhone(phone), cipher: packed };
    },
    open(cipher, memberId) {
      const packed = Buffer.from(cipher, 'base64url');
      if (packed.length <= nonceBytes + tagBytes) return err({ type: 'phone-unreadable' });
      const [nonce, tag] = [packed.subarray(0, nonceBytes), packed.subarray(-tagBytes)];
      const decipher = createDecipheriv('aes-256-gcm', readKey, nonce, { authTagLength: tagBytes })
        .setAAD(Buffer.from(memberId))
        .setAuthTag(tag);
      try {
        const opened = decipher.update(packed.subarray(nonceBytes, -tagBytes));
        return ok(Buffer.concat([opened, decipher.final()]).toString('ascii'));
      } catch {
        return err({ type: 'phone-unreadable' });
      }
    },
  };
}

/** The data key: from the environment, else made once and kept in `{dataFolder}/keys`, readable by the owner only. */
export function loadMemberDataKey(
  config: Pick<CloudConfig, 'dataFolder' | 'memberDataKey'>,
): Uint8Array {
  if (config.memberDataKey !== undefined) return Buffer.from(config.memberDataKey, 'base64url');
  const folder = join(config.dataFolder, 'keys');
  const file = join(folder, 'member-data.key');
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const key = randomBytes(keyBytes).toString('base64url');
    // Renamed into place: half a key would lock every number away.
    writeFileSync(`${file}.part`, key, { mode: 0o600, flush: true });
    renameSync(`${file}.part`, file);
  }
  return Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url');
}
