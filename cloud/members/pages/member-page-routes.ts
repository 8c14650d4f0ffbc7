import Type from 'typebox';
import { readWishes, setWishes } from '#cloud/members/consents.ts';
import { memberLinkKeyPattern, type MemberLinks } from '#cloud/members/member-links.ts';
import { messagesShownMax, readMessages } from '#cloud/members/member-messages.ts';
import { operatorOfMember } from '#cloud/members/members.ts';
import { givenShownMax, readGiven } from '#cloud/members/given-vouchers.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { memberPoints } from '#cloud/points/member-points.ts';
import { readWallet } from '#cloud/vouchers/wallet.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { bestVoucher } from '#shared/points/vouchers/voucher-spend.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { MemberIdSchema } from '#shared/wire/v1/common.ts';
import { memberConsentWords } from '#shared/wire/v1/members.ts';

interface Deps extends Pick<CloudDeps, 'db' | 'clock'> {
  readonly links: MemberLinks;
}

const Points = Type.Integer({ minimum: 0 });
const Wishes = Type.Object({ hearsVouchers: Type.Boolean(), hearsShops: Type.Boolean() });
const Message = Type.Union([
  Type.Object({
    kind: Type.Union([Type.Literal('next-visit'), Type.Literal('expiry')]),
    onDay: Type.String(),
    amountFen: Type.Integer(),
    expiresOn: Type.String(),
  }),
  Type.Object({
    kind: Type.Literal('shop'),
    onDay: Type.String(),
    shopName: Type.String(),
    text: Type.String(),
  }),
  Type.Object({
    kind: Type.Union([Type.Literal('frozen'), Type.Literal('thawed')]),
    onDay: Type.String(),
  }),
]);
const AccountSchema = Type.Object({
  /** Of orders inside the hold; final and not yet released; the part of it that is due. Point-fen. */
  pendingPoints: Points,
  unreleasedPoints: Points,
  duePoints: Points,
  /** The voucher to come back for; null with an empty wallet. */
  best: Type.Union([
    Type.Object({ leftFen: Type.Integer(), expiresOn: Type.String() }),
    Type.Null(),
  ]),
  /** What release days gave, the newest first; POST /v1/member-pages/releases says why. */
  given: Type.Array(Type.Object({ day: Type.String(), faceFen: Type.Integer() }), {
    maxItems: givenShownMax,
  }),
  messages: Type.Array(Message, { maxItems: messagesShownMax }),
  wishes: Wishes,
});

/** Strangers with a phone: this many requests a minute from one address. */
const publicPerMinuteMax = 30;

/**
 * POST /v1/member-pages/account {memberId, key}                            points, vouchers given, messages, wishes
 * POST /v1/member-pages/wishes {memberId, key, hearsVouchers?, hearsShops?} what he wants to hear
 */
export function registerMemberAccount(app: CloudApp, deps: Deps): void {
  const owner = { memberId: MemberIdSchema, key: Type.String({ pattern: memberLinkKeyPattern }) };
  const config = {
    access: 'public' as const,
    rateLimit: { max: publicPerMinuteMax, timeWindow: 60_000 },
  };
  const unknown = { status: 404, code: 'member-unknown' } as const;
  const account = {
    summary: "A member's points, what he was given, and messages",
    body: Type.Object(owner, { additionalProperties: false }),
    response: { 200: AccountSchema },
  };
  app.post('/v1/member-pages/account', { schema: account, config }, async (request, reply) => {
    const found = await asOwner(deps, request.body, (member) => readAccount(deps, member));
    return found === undefined ? sendProblem(reply, unknown) : reply.send(found);
  });
  const wishes = {
    summary: 'What a member wants to hear',
    body: Type.Object(
      {
        ...owner,
        hearsVouchers: Type.Optional(Type.Boolean()),
        hearsShops: Type.Optional(Type.Boolean()),
      },
      { additionalProperties: false },
    ),
    response: { 200: Wishes },
  };
  app.post('/v1/member-pages/wishes', { schema: wishes, config }, async (request, reply) => {
    const { memberId: _, key: __, ...change } = request.body;
    const said = { words: memberConsentWords, source: 'page' as const, nowMs: deps.clock.nowMs() };
    const now = await asOwner(deps, request.body, async (member) => {
      await retriedTransaction(deps.db, (tx) => setWishes(tx, member, { ...said, ...change }));
      return await readWishes(deps.db, member);
    });
    return now === undefined ? sendProblem(reply, unknown) : reply.send(now);
  });
}

interface Member {
  readonly operatorId: OperatorId;
  readonly memberId: MemberId;
}

/** Does `work` for the member whose page this is; undefined when the key is not his. */
async function asOwner<T>(
  { db, links }: Deps,
  who: { readonly memberId: string; readonly key: string },
  work: (member: Member) => Promise<T>,
): Promise<T | undefined> {
  const memberId = who.memberId as MemberId;
  if (!links.isKey(memberId, who.key)) return undefined;
  const operatorId = await operatorOfMember(db, memberId);
  if (operatorId === undefined) return undefined;
  return await runScoped({ type: 'operator', operatorId }, () => work({ operatorId, memberId }));
}

async function readAccount({ db, clock }: Deps, member: Member) {
  const today = accountingDate(clock.nowMs());
  const points = await memberPoints(db, member);
  const { vouchers } = await readWallet(db, { ...member, today });
  const best = bestVoucher(
    vouchers.map(({ voucherId: id, ...rest }) => ({ id, ...rest })),
    today,
  );
  const wishes = await readWishes(db, member);
  return {
    ...points,
    best: best === undefined ? null : { leftFen: best.leftFen, expiresOn: best.expiresOn },
    given: await readGiven(db, member),
    messages: await readMessages(db, { ...member, today }),
    wishes: wishes ?? { hearsVouchers: false, hearsShops: false },
  };
}
