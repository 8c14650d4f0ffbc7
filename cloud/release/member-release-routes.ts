import Type, { type Static } from 'typebox';
import { createMemberLinks, memberLinkKeyPattern } from '#cloud/members/member-links.ts';
import { operatorOfMember } from '#cloud/members/members.ts';
import { loadMemberDataKey } from '#cloud/members/phone-vault.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem } from '#cloud/platform/problem.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { readMemberRelease, type MemberRelease } from '#cloud/release/member-release.ts';
import { isCalendarDay } from '#cloud/settlement/calendar-day-guard.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { addPeriods, isPeriod, periodOf, periodPattern } from '#shared/time/period.ts';
import { pointsConfigAt } from '#cloud/points/points-config-store.ts';
import {
  BusinessDateSchema,
  HashSchema,
  MemberIdSchema,
  VoucherIdSchema,
} from '#shared/wire/v1/common.ts';

type Deps = Pick<CloudDeps, 'db' | 'operatorId' | 'config'>;

const Words = Type.Object({ zh: Type.String(), en: Type.String() });
const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const MemberReleaseSchema = Type.Object({
  memberId: MemberIdSchema,
  runId: Type.String(),
  runBinding: Type.String(),
  limitFen: Type.Integer(),
  theta: Type.String(),
  periodMultBp: Type.Integer(),
  allocFen: Type.Integer(),
  bound: Type.String(),
  allocation: Nullable(
    Type.Object({
      duePoints: Type.Integer(),
      multBp: Type.Integer(),
      scoreBp: Nullable(Type.Integer()),
      wantFen: Type.Integer(),
      mostFen: Type.Integer(),
      monthCapFen: Nullable(Type.Integer()),
      shareFen: Type.Integer(),
      remainder: Type.String(),
      oddFen: Type.Integer(),
      pointsUsed: Type.Integer(),
      voucherId: VoucherIdSchema,
    }),
  ),
  nothing: Nullable(Type.String()),
  words: Type.Object({ run: Words, member: Words, formula: Words, dayFormula: Words }),
  explanationHash: HashSchema,
});

/** Strangers with a phone: this many requests a minute from one address. */
const publicPerMinuteMax = 30;

/**
 * GET  /admin/v1/release-runs/{period}/{day}/members/{memberId}   why one member got what he got
 * POST /v1/member-pages/releases {memberId, key, day}             the same for himself, with the key of his page
 */
export function registerMemberRelease(app: CloudApp, deps: Deps): void {
  registerForOperator(app, deps);
  registerForMember(app, deps);
}

const answerOf = (found: MemberRelease): Static<typeof MemberReleaseSchema> => ({
  ...found,
  words: {
    run: { ...found.words.run },
    member: { ...found.words.member },
    formula: { ...found.words.formula },
    dayFormula: { ...found.words.dayFormula },
  },
});

const notStored = { status: 404, code: 'not-found' } as const;
const noSuchDay = { status: 400, code: 'request-invalid', detail: 'no such day' } as const;

function registerForOperator(app: CloudApp, { db, operatorId }: Deps): void {
  const schema = {
    summary: 'Why one member got what he got on a release day',
    params: Type.Object({
      period: Type.String({ pattern: periodPattern }),
      day: BusinessDateSchema,
      memberId: MemberIdSchema,
    }),
    response: { 200: MemberReleaseSchema },
  };
  const path = '/admin/v1/release-runs/:period/:day/members/:memberId';
  app.get(path, { schema }, async (request, reply) => {
    const { period, day } = request.params;
    if (!isCalendarDay(day) || !isPeriod(period)) return sendProblem(reply, noSuchDay);
    const memberId = request.params.memberId as MemberId;
    const found = await readMemberRelease(db, { operatorId, period, day, memberId });
    return found === undefined ? sendProblem(reply, notStored) : reply.send(answerOf(found));
  });
}

function registerForMember(app: CloudApp, { db, config }: Deps): void {
  const links = createMemberLinks(loadMemberDataKey(config));
  const schema = {
    summary: 'Why I got what I got on a release day',
    body: Type.Object(
      {
        memberId: MemberIdSchema,
        key: Type.String({ pattern: memberLinkKeyPattern }),
        day: BusinessDateSchema,
      },
      { additionalProperties: false },
    ),
    response: { 200: MemberReleaseSchema },
  };
  const route = {
    schema,
    config: {
      access: 'public' as const,
      rateLimit: { max: publicPerMinuteMax, timeWindow: 60_000 },
    },
  };
  app.post('/v1/member-pages/releases', route, async (request, reply) => {
    const { key, day } = request.body;
    const memberId = request.body.memberId as MemberId;
    if (!isCalendarDay(day)) return sendProblem(reply, noSuchDay);
    const operatorId = links.isKey(memberId, key)
      ? await operatorOfMember(db, memberId)
      : undefined;
    if (operatorId === undefined) return sendProblem(reply, notStored);
    const found = await runScoped({ type: 'operator', operatorId }, async () => {
      const { periodKind } = (await pointsConfigAt(db, { operatorId, period: day })).config;
      const period = addPeriods(periodOf(day, periodKind), -1);
      return readMemberRelease(db, { operatorId, period, day, memberId });
    });
    return found === undefined ? sendProblem(reply, notStored) : reply.send(answerOf(found));
  });
}
