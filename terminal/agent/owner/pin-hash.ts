import { scrypt, timingSafeEqual } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { err, ok, type Result } from '#shared/result/result.ts';

/**
 * What is kept of a PIN: scrypt (RFC 7914) of it, with its parameters and 16 random bytes of salt.
 * A PIN has few digits, so whoever has the file can find it in time; 32 MB and a tenth of a second
 * each make a million of them a day's work, and the lock (pin-lock-machine.ts) is what guards the
 * till itself.
 */
export const PinHashSchema = Type.Object({
  /** Cost: 2^15 blocks, RFC 7914 section 2. */
  n: Type.Integer({ minimum: 32_768, maximum: 1_048_576 }),
  /** Block size in units of 128 bytes. */
  r: Type.Integer({ minimum: 8, maximum: 32 }),
  /** Lanes. */
  p: Type.Integer({ minimum: 1, maximum: 16 }),
  salt: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});
export type PinHash = Static<typeof PinHashSchema>;

export const pinCost = { n: 32_768, r: 8, p: 1 } as const;
export const pinSaltBytes = 16;
const hashBytes = 32;
const bytesPerUnit = 128;
/** The library needs a little more than the 128 * N * r bytes of the algorithm. */
const spareBytes = 1_048_576;

/** There was no memory for it, or the library refused the parameters. It says nothing about the PIN. */
type Unchecked = 'owner-pin-unchecked';

/** Hashes a PIN under a fresh salt. Runs on a thread of its own: the till goes on. */
export async function hashPin(pin: string, salt: Uint8Array): Promise<Result<PinHash, Unchecked>> {
  const hash = await derive(pin, Buffer.from(salt), pinCost);
  if (!hash.ok) return hash;
  const texts = { salt: Buffer.from(salt).toString('hex'), hash: hash.value.toString('hex') };
  return ok({ ...pinCost, ...texts });
}

/** Whether this is the PIN. The comparison takes as long for every wrong one. */
export async function isPin(pin: string, kept: PinHash): Promise<Result<boolean, Unchecked>> {
  const hash = await derive(pin, Buffer.from(kept.salt, 'hex'), kept);
  return hash.ok ? ok(timingSafeEqual(hash.value, Buffer.from(kept.hash, 'hex'))) : hash;
}

const derive = (
  pin: string,
  salt: Buffer,
  { n, r, p }: Pick<PinHash, 'n' | 'r' | 'p'>,
): Promise<Result<Buffer, Unchecked>> =>
  new Promise((resolve) => {
    const maxmem = bytesPerUnit * r * (n + p) + spareBytes;
    try {
      scrypt(pin, salt, hashBytes, { N: n, r, p, maxmem }, (error, key) => {
        resolve(error ? err('owner-pin-unchecked') : ok(key));
      });
    } catch {
      // It checks its parameters before it goes to its thread.
      resolve(err('owner-pin-unchecked'));
    }
  });
