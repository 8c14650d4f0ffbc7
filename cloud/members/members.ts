import { sql } from 'drizzle-orm';
import { noteConsents, type Consent } from '#cloud/members/consents.ts';
import type { PhoneVault } from '#cloud/members/phone-vault.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { bindReferrer } from '#cloud/points/claim-points.ts';
import { memberPoints } from '#cloud/points/member-points.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import { frozenSince } from '#cloud/review/frozen-member.ts';
import { readWallet } from '#cloud/vouchers/wallet.ts';
import { newId, type MemberId, type OperatorId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import type { MemberView } from '#shared/wire/v1/members.ts';

export interface MemberDeps extends Pick<CloudDeps, 'db' | 'clock' | 'random'> {
  readonly vault: PhoneVault;
}

export interface Registration {
  readonly operatorId: OperatorId;
  readonly phone: string;
  /** Who brought a new member; passed over when he is nobody's number or the member's own. */
  readonly referrerPhone?: string | undefined;
  /** What a new member agreed to; without it nobody new is registered. */
  readonly consent?: (Omit<Consent, 'nowMs'> & { readonly shops: boolean }) | undefined;
}

export interface ConsentMissing {
  readonly type: 'member-consent-missing';
}

/**
 * Registers a phone number, or finds who is registered with it: once per operator, also when two
 * counters do it at the same moment. A new member is bound to his referrer for good (one level,
 * consumer points only), and what he agreed to is kept. Errors: member-consent-missing (a new
 * number without a consent).
 */
export async function registerMember(
  tx: Tx,
  registration: Registration,
  deps: MemberDeps,
): Promise<Result<{ readonly memberId: MemberId; readonly isNew: boolean }, ConsentMissing>> {
  const { operatorId, phone, referrerPhone, consent } = registration;
  const known = await findMemberByPhone(tx, { operatorId, phone }, deps);
  if (known !== undefined) return ok({ memberId: known, isNew: false });
  if (consent === undefined) return err({ type: 'member-consent-missing' });
  const memberId = newId('mbr', deps);
  const guarded = deps.vault.guard(phone, memberId);
  const inserted = await tx.execute(sql`
    INSERT INTO member (operator_id, member_id, phone_hash, phone_mask, phone_cipher, created_at_ms,
      hears_shops)
    VALUES (${operatorId}, ${memberId}, ${guarded.hash}, ${guarded.mask}, ${guarded.cipher},
      ${deps.clock.nowMs()}, ${consent.shops})
    ON CONFLICT (operator_id, phone_hash) DO NOTHING`);
  if (inserted.rowCount === 0) {
    const other = await findMemberByPhone(tx, { operatorId, phone }, deps);
    if (other !== undefined) return ok({ memberId: other, isNew: false });
  }
  const given = [
    { kind: 'register' as const, given: true },
    { kind: 'shops' as const, given: consent.shops },
  ];
  await noteConsents(
    tx,
    { operatorId, memberId },
    { ...consent, nowMs: deps.clock.nowMs(), given },
  );
  if (referrerPhone !== undefined && referrerPhone !== phone)
    await bind(tx, { operatorId, memberId, referrerPhone }, deps);
  return ok({ memberId, isNew: true });
}

async function bind(
  tx: Tx,
  bond: {
    readonly operatorId: OperatorId;
    readonly memberId: MemberId;
    readonly referrerPhone: string;
  },
  deps: MemberDeps,
): Promise<void> {
  const { operatorId, memberId, referrerPhone: phone } = bond;
  const referrerId = await findMemberByPhone(tx, { operatorId, phone }, deps);
  if (referrerId === undefined) return;
  const boundOn = accountingDate(deps.clock.nowMs());
  await bindReferrer(tx, { operatorId, memberId, referrerId, boundOn, related: false });
}

export async function findMemberByPhone(
  db: Db | Tx,
  query: { readonly operatorId: OperatorId; readonly phone: string },
  deps: Pick<MemberDeps, 'vault'>,
): Promise<MemberId | undefined> {
  const { rows } = await db.execute(sql`
    SELECT member_id FROM member
    WHERE operator_id = ${query.operatorId} AND phone_hash = ${deps.vault.hashOf(query.phone)}`);
  return rows[0]?.['member_id'] as MemberId | undefined;
}

/** A member as the till and his own page see him, or undefined when the operator has no such member. */
export async function viewMember(
  db: Db | Tx,
  query: { readonly operatorId: OperatorId; readonly memberId: MemberId },
  deps: Pick<MemberDeps, 'clock'>,
): Promise<MemberView | undefined> {
  const { rows } = await db.execute<{ phone_mask: string }>(sql`
    SELECT phone_mask FROM member
    WHERE operator_id = ${query.operatorId} AND member_id = ${query.memberId}`);
  const member = rows[0];
  if (member === undefined) return undefined;
  const points = await memberPoints(db, query);
  const today = accountingDate(deps.clock.nowMs());
  const isFrozen = (await frozenSince(db, query)) !== undefined;
  const wallet = await readWallet(db, { ...query, today });
  const { config } = await pointsConfigAt(db, { operatorId: query.operatorId, period: today });
  return {
    memberId: query.memberId,
    phoneMask: member.phone_mask,
    pointsFen: points.pendingPoints + points.unreleasedPoints,
    vouchers: wallet.vouchers.map((voucher) => ({ ...voucher })),
    voucherTotalFen: wallet.totalFen,
    voucherMaxShareBp: config.voucherMaxShareBp,
    ...(isFrozen ? { isFrozen } : {}),
  };
}

/**
 * A member as the counter may see him. Of a held account no voucher is offered: a till that is
 * older than the mark leaves it alone as well.
 */
export const atCounter = (member: MemberView): MemberView =>
  member.isFrozen === true ? { ...member, vouchers: [], voucherTotalFen: 0 } : member;

/** The operator of a member, for pages that name only the member. */
export async function operatorOfMember(
  db: Db,
  memberId: MemberId,
): Promise<OperatorId | undefined> {
  const { rows } = await runScoped({ type: 'across', work: 'member-page-by-key' }, () =>
    db.execute(sql`SELECT operator_id FROM member WHERE member_id = ${memberId}`),
  );
  return rows[0]?.['operator_id'] as OperatorId | undefined;
}
