import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { loadMemberDataKey } from '#cloud/members/phone-vault.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { AgentId, MerchantId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

const PayeeSchema = Type.Object(
  {
    /** An agent's id in our app at the channel; the number of a shop's bank account. */
    account: Type.String({ minLength: 1, maxLength: 64 }),
    /** Where the channel wants it; of a bank account always. */
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    /** Of a bank account. */
    bank: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  },
  { additionalProperties: false },
);
export type Payee = Static<typeof PayeeSchema>;
const isPayee = Compile(PayeeSchema);

/** Guards where agents and shops are paid: the database keeps ciphertext only. */
export interface PayeeVault {
  /** AES-256-GCM, base64url of nonce, ciphertext and tag, bound to whose account it is. */
  seal(payee: Payee, ownerId: AgentId | MerchantId): string;
  /** Fails when it was changed, or is somebody else's. */
  open(
    sealed: string,
    ownerId: AgentId | MerchantId,
  ): Result<Payee, { readonly type: 'payee-unreadable' }>;
}

/** `dataKey`: 32 bytes, the one of members' data; the key used here is derived from it (HKDF-SHA256). */
export function createPayeeVault(dataKey: Uint8Array, deps: Pick<CloudDeps, 'random'>): PayeeVault {
  assert(dataKey.length === keyBytes, () => `a data key has 32 bytes, got ${dataKey.length}`);
  const key = Buffer.from(hkdfSync('sha256', dataKey, '', 'greentill/payee/read/1', keyBytes));
  return {
    seal(payee, ownerId) {
      const nonce = deps.random.bytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(ownerId));
      const text = cipher.update(JSON.stringify(payee), 'utf8');
      return Buffer.concat([nonce, text, cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      );
    },
    open(sealed, ownerId) {
      const packed = Buffer.from(sealed, 'base64url');
      if (packed.length <= nonceBytes + tagBytes) return err({ type: 'payee-unreadable' });
      const [nonce, tag] = [packed.subarray(0, nonceBytes), packed.subarray(-tagBytes)];
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
        .setAAD(Buffer.from(ownerId))
        .setAuthTag(tag);
      try {
        const opened = decipher.update(packed.subarray(nonceBytes, -tagBytes));
        const text = Buffer.concat([opened, decipher.final()]).toString('utf8');
        const payee: unknown = JSON.parse(text);
        return isPayee.Check(payee) ? ok(payee) : err({ type: 'payee-unreadable' });
      } catch {
        return err({ type: 'payee-unreadable' });
      }
    },
  };
}

/** The vault of this cloud, over the data key of its members. */
export const openPayeeVault = (deps: Pick<CloudDeps, 'config' | 'random'>): PayeeVault =>
  createPayeeVault(loadMemberDataKey(deps.config), deps);
