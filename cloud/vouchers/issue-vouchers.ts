import { createHash } from 'node:crypto';
import { sql, type SQL } from 'drizzle-orm';
import type { OperatorId } from '#shared/ids/ids.ts';
import { bigEndian, idFromUlidBytes } from '#shared/ids/ulid-bytes.ts';

interface VoucherRun {
  readonly operatorId: OperatorId;
  readonly period: string;
  /** Accounting date, YYYY-MM-DD. */
  readonly day: string;
}

/** `vch_` and 16 of the 26 characters; the other ten are the account's ordinal in hexadecimal. */
const stemLength = 20;

/**
 * The common beginning of the ids of a run's vouchers: the day's first millisecond and the
 * beginning of md5 over the run, so that a replay makes the same ids. The ids of one run grow with
 * the ordinals, and an index grows at its end: ids with 80 random bits took 44 µs each to make and
 * went to all places of the index.
 */
export function voucherStem(run: VoucherRun & { readonly dayStartMs: number }): string {
  const seed = createHash('md5').update(`${run.operatorId}:${run.period}:${run.day}`).digest();
  const bytes = Uint8Array.from([...bigEndian(BigInt(run.dayStartMs), 6), ...seed.subarray(0, 10)]);
  return idFromUlidBytes('vch', bytes).slice(0, stemLength);
}

/**
 * The statement that makes one voucher per row of `given` (member_id, ordinal, value). The caller posts F -> VO of the
 * same sum in the same transaction, so every voucher is backed at birth (invariant I1). The row is its own entry
 * `issued`: face, run and day never change.
 */
export const insertVouchers = (
  given: SQL,
  run: VoucherRun & {
    readonly stem: string;
    /** Last day of use. */
    readonly expiresOn: string;
  },
): SQL => sql`
  insert into voucher (operator_id, voucher_id, member_id, period, day, face_fen, left_fen, expires_on)
  select ${run.operatorId}, voucher_id_at(${run.stem}, ordinal), member_id, ${run.period},
         ${run.day}::date, value, value, ${run.expiresOn}::date
    from ${given}`;
