import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';

/** What a member agreed to, or took back, as he saw it. */
export interface Consent {
  /** The edition of the words. */
  readonly words: string;
  readonly source: 'counter' | 'claim' | 'page';
  /** Where he said so, at a counter. */
  readonly atTerminal?: string | undefined;
  readonly nowMs: number;
}

export interface MemberWishes {
  /** Told about his own vouchers. */
  readonly hearsVouchers: boolean;
  /** Told what shops of the platform say. */
  readonly hearsShops: boolean;
}

type Member = { readonly operatorId: OperatorId; readonly memberId: MemberId };

/** Notes consents of a member, each as it was given; nothing of it is ever changed. */
export async function noteConsents(
  tx: Tx,
  member: Member,
  consent: Consent & {
    readonly given: readonly {
      readonly kind: 'register' | 'vouchers' | 'shops' | 'payer';
      readonly given: boolean;
    }[];
  },
): Promise<void> {
  await tx.execute(sql`
    insert into member_consent (operator_id, member_id, kind, given, words, source, at_terminal, at_ms)
    select ${member.operatorId}, ${member.memberId}, c.kind, c.given, ${consent.words},
           ${consent.source}, ${consent.atTerminal ?? null}, ${consent.nowMs}
      from jsonb_to_recordset(${JSON.stringify(consent.given)}::jsonb) as c(kind text, given boolean)`);
}

/** Changes what a member wants to hear; only what changes is noted. */
export async function setWishes(
  tx: Tx,
  member: Member,
  change: Consent & Partial<MemberWishes>,
): Promise<void> {
  const before = await readWishes(tx, member);
  if (before === undefined) return;
  const { hearsVouchers = before.hearsVouchers, hearsShops = before.hearsShops } = change;
  await tx.execute(sql`
    update member set hears_vouchers = ${hearsVouchers}, hears_shops = ${hearsShops}
     where operator_id = ${member.operatorId} and member_id = ${member.memberId}`);
  const given = [
    ...(hearsVouchers === before.hearsVouchers
      ? []
      : [{ kind: 'vouchers' as const, given: hearsVouchers }]),
    ...(hearsShops === before.hearsShops ? [] : [{ kind: 'shops' as const, given: hearsShops }]),
  ];
  if (given.length > 0) await noteConsents(tx, member, { ...change, given });
}

export async function readWishes(db: Db | Tx, member: Member): Promise<MemberWishes | undefined> {
  const { rows } = await db.execute<{ vouchers: boolean; shops: boolean }>(sql`
    select hears_vouchers as vouchers, hears_shops as shops from member
     where operator_id = ${member.operatorId} and member_id = ${member.memberId}`);
  const row = rows[0];
  return row && { hearsVouchers: row.vouchers, hearsShops: row.shops };
}
