import { sql } from 'drizzle-orm';
import Type from 'typebox';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Db } from '#cloud/platform/db.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { BusinessDateSchema, MemberIdSchema } from '#shared/wire/v1/common.ts';

/** Changes that are shown: at most four rises and four falls a year make this many years. */
export const tierChangesMax = 100;

const TierSchema = Type.Object({
  tier: Type.Integer({ minimum: 0, maximum: 4 }),
  /** Of the last look; absent for who never had a tier above 0. */
  scoreFen: Type.Optional(Type.Integer()),
  reachedOn: Type.Optional(BusinessDateSchema),
  changes: Type.Array(
    Type.Object({
      tierBefore: Type.Integer(),
      tierAfter: Type.Integer(),
      scoreFen: Type.Integer(),
      ownFen: Type.Integer(),
      referredFen: Type.Integer(),
      onDay: BusinessDateSchema,
      why: Type.Union([Type.Literal('purchase'), Type.Literal('close')]),
    }),
    { maxItems: tierChangesMax },
  ),
});

/** GET /admin/v1/members/{memberId}/tier: the tier, the score it was given for, and every change, newest first. */
export function registerTierRoutes(
  app: CloudApp,
  { db, operatorId }: Pick<CloudDeps, 'db' | 'operatorId'>,
): void {
  const schema = {
    summary: "A member's tier and its history",
    params: Type.Object({ memberId: MemberIdSchema }),
    response: { 200: TierSchema },
  };
  app.get('/admin/v1/members/:memberId/tier', { schema }, (request) =>
    readTier(db, { operatorId, memberId: request.params.memberId as MemberId }),
  );
}

interface TierRow extends Record<string, unknown> {
  readonly tier: number;
  readonly score_fen: number;
  readonly reached_on: string;
}

interface TierChange {
  readonly tierBefore: number;
  readonly tierAfter: number;
  readonly scoreFen: number;
  readonly ownFen: number;
  readonly referredFen: number;
  readonly onDay: string;
  readonly why: 'purchase' | 'close';
}

export interface TierView {
  readonly tier: number;
  readonly scoreFen?: number;
  readonly reachedOn?: string;
  changes: TierChange[];
}

export async function readTier(
  db: Db,
  member: { readonly operatorId: OperatorId; readonly memberId: MemberId },
): Promise<TierView> {
  const own = sql`operator_id = ${member.operatorId} and member_id = ${member.memberId}`;
  const { rows } = await db.execute<TierRow>(sql`
    select tier, score_fen, reached_on::text as reached_on from member_tier where ${own}`);
  const { rows: changes } = await db.execute<TierChange & Record<string, unknown>>(sql`
    select tier_before as "tierBefore", tier_after as "tierAfter", score_fen as "scoreFen",
           own_fen as "ownFen", referred_fen as "referredFen", on_day::text as "onDay", why
      from member_tier_change where ${own} order by change_no desc limit ${tierChangesMax}`);
  const row = rows[0];
  return row === undefined
    ? { tier: 0, changes }
    : { tier: row.tier, scoreFen: row.score_fen, reachedOn: row.reached_on, changes };
}
