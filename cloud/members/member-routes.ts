import Type from 'typebox';
import encodeQR from 'qr';
import { terminalOf } from '#cloud/identity/terminal-identity.ts';
import { claimPage } from '#cloud/members/pages/claim-page.ts';
import { claimReceipt } from '#cloud/members/claim-receipt.ts';
import { certifyDevice } from '#cloud/members/member-certificates.ts';
import { issueMemberCode, readMemberCode } from '#cloud/members/member-codes.ts';
import {
  createMemberLinks,
  memberLinkKeyPattern,
  type MemberLinks,
} from '#cloud/members/member-links.ts';
import { registerMemberAccount } from '#cloud/members/pages/member-page-routes.ts';
import { memberPage } from '#cloud/members/pages/member-page.ts';
import { workerHeaders, workerScript } from '#cloud/members/pages/member-page-worker.ts';
import {
  atCounter,
  findMemberByPhone,
  operatorOfMember,
  registerMember,
  viewMember,
  type MemberDeps,
} from '#cloud/members/members.ts';
import { findClaim } from '#cloud/members/order-claims.ts';
import { createPhoneVault, loadMemberDataKey } from '#cloud/members/phone-vault.ts';
import { hashClaimToken } from '#cloud/orders/claim-hash.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { frozenSince } from '#cloud/review/frozen-member.ts';
import { mayUseVouchers } from '#cloud/review/voucher-guard.ts';
import { reserveVouchers } from '#cloud/vouchers/reservations.ts';
import type { MemberId, OperatorId, OrderId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  CertificateIdSchema,
  ClaimTokenSchema,
  MemberIdSchema,
  WallMsSchema,
} from '#shared/wire/v1/common.ts';
import { PublicKeySchema, SignatureSchema } from '#shared/wire/v1/terminals.ts';
import {
  ClaimAnswerSchema,
  ClaimRequestSchema,
  MemberCodeAnswerSchema,
  type MemberCodeAnswer,
  MemberViewSchema,
  RegisterMemberSchema,
  ReservationRequestSchema,
  ReservationSchema,
  ResolveMemberSchema,
} from '#shared/wire/v1/members.ts';

interface RouteDeps extends MemberDeps, Pick<CloudDeps, 'keys' | 'operatorId'> {
  readonly links: MemberLinks;
}

/** Strangers with a phone: this many requests a minute from one address. */
const publicPerMinuteMax = 30;
const publicAccess = {
  access: 'public' as const,
  rateLimit: { max: publicPerMinuteMax, timeWindow: 60_000 },
};

/**
 * POST /v1/members, POST /v1/members/resolve, POST /v1/voucher-reservations      the till (shared/wire/v1/members.ts)
 * GET  /claim/{token}, POST /v1/claims                    the customer with a receipt; public, few per minute
 * GET  /m/{memberId}, POST /v1/member-pages               the member's own page; the key comes after the #
 * POST /v1/member-pages/certificates                    the member's phone: its key certified for a day
 * POST /v1/members/{memberId}/codes                       the operator: a member code for tools and the demo
 * POST /admin/v1/members/{memberId}/page-link             the operator: the link to a member's page
 */
export function registerMemberRoutes(
  app: CloudApp,
  cloud: Pick<CloudDeps, 'db' | 'clock' | 'random' | 'keys' | 'operatorId' | 'config'>,
): void {
  const dataKey = loadMemberDataKey(cloud.config);
  const deps: RouteDeps = {
    ...cloud,
    vault: createPhoneVault(dataKey, cloud),
    links: createMemberLinks(dataKey),
  };
  registerTillRoutes(app, deps);
  registerReservation(app, deps);
  registerClaims(app, deps);
  registerCodes(app, deps);
  registerMemberPage(app, deps);
  registerCertificates(app, deps);
  registerMemberAccount(app, deps);
}

function registerTillRoutes(app: CloudApp, deps: RouteDeps): void {
  const register = {
    summary: 'Register a member, or find him',
    body: RegisterMemberSchema,
    response: { 200: MemberViewSchema, 201: MemberViewSchema },
  };
  app.post('/v1/members', { schema: register }, async (request, reply) => {
    const { operatorId, terminalId: atTerminal } = terminalOf(request);
    const { consent: said, ...wanted } = request.body;
    const consent = said && { ...said, source: 'counter' as const, atTerminal };
    const registered = await deps.db.transaction((tx) =>
      registerMember(tx, { operatorId, ...wanted, consent }, deps),
    );
    if (!registered.ok) return sendProblem(reply, { status: 409, code: registered.error.type });
    const { memberId, isNew } = registered.value;
    const member = await viewMember(deps.db, { operatorId, memberId }, deps);
    if (member === undefined) return sendProblem(reply, memberUnknown);
    return reply.code(isNew ? 201 : 200).send(atCounter(member));
  });

  const resolve = {
    summary: 'Find a member by phone or member code',
    body: ResolveMemberSchema,
    response: { 200: MemberViewSchema },
  };
  app.post('/v1/members/resolve', { schema: resolve }, async (request, reply) => {
    const { operatorId } = terminalOf(request);
    const found = await resolveMember({ ...request.body, operatorId }, deps);
    if (!found.ok) return sendProblem(reply, found.error);
    const member = await viewMember(deps.db, { operatorId, memberId: found.value }, deps);
    return member === undefined ? sendProblem(reply, memberUnknown) : reply.send(atCounter(member));
  });
}

const memberUnknown: ProblemInput = { status: 404, code: 'member-unknown' };

async function resolveMember(
  query: {
    readonly operatorId: OperatorId;
    readonly phone?: string;
    readonly code?: string;
  },
  deps: RouteDeps,
): Promise<Result<MemberId, ProblemInput>> {
  const { operatorId, phone, code } = query;
  if (phone !== undefined && code === undefined) {
    const memberId = await findMemberByPhone(deps.db, { operatorId, phone }, deps);
    return memberId === undefined ? err(memberUnknown) : ok(memberId);
  }
  if (code !== undefined && phone === undefined) {
    const read = readMemberCode(code, { nowMs: deps.clock.nowMs(), issuer: deps.keys.issuer });
    return read.ok ? ok(read.value.memberId) : err({ status: 422, code: read.error.type });
  }
  return err({ status: 400, code: 'request-invalid', detail: 'body: either phone or code' });
}

function registerReservation(app: CloudApp, deps: RouteDeps): void {
  const schema = {
    summary: 'Set vouchers aside for one order',
    body: ReservationRequestSchema,
    response: { 200: ReservationSchema },
  };
  app.post('/v1/voucher-reservations', { schema }, async (request, reply) => {
    const { operatorId, merchantId } = terminalOf(request);
    const nowMs = deps.clock.nowMs();
    const wish = { operatorId, merchantId, memberId: request.body.memberId as MemberId, nowMs };
    const reserved = await retriedTransaction(deps.db, async (tx) => {
      const allowed = await mayUseVouchers(tx, wish);
      if (!allowed.ok) return allowed;
      return await reserveVouchers(tx, {
        ...wish,
        orderId: request.body.orderId as OrderId,
        amountFen: fen(request.body.amountFen),
        today: accountingDate(nowMs),
      });
    });
    if (!reserved.ok) return sendProblem(reply, { status: 409, code: reserved.error.type });
    const { reservationId, voucherFen, expiresAtMs } = reserved.value;
    return reply.send({ reservationId, voucherFen, expiresAtMs });
  });
}

function registerClaims(app: CloudApp, deps: RouteDeps): void {
  const page = { hide: true, params: Type.Object({ token: ClaimTokenSchema }) };
  app.get('/claim/:token', { schema: page, config: publicAccess }, async (request, reply) => {
    const claim = await runScoped({ type: 'across', work: 'claim-by-token' }, () =>
      findClaim(deps.db, hashClaimToken(request.params.token)),
    );
    const { html, headers } = claimPage({ merchantName: claim?.merchantName });
    return reply.headers(headers).send(html);
  });

  const schema = {
    summary: 'Claim the points of one receipt',
    body: ClaimRequestSchema,
    response: { 200: ClaimAnswerSchema },
  };
  app.post('/v1/claims', { schema, config: publicAccess }, async (request, reply) => {
    const claimed = await runScoped({ type: 'across', work: 'claim-by-token' }, () =>
      deps.db.transaction((tx) => claimReceipt(tx, request.body, deps)),
    );
    if (claimed.ok) return reply.send(claimed.value);
    const { type } = claimed.error;
    return sendProblem(reply, { status: type === 'claim-unknown' ? 404 : 409, code: type });
  });
}

/** The phone asks for itself: it has the link's key, and proves that it holds its own. */
function registerCertificates(app: CloudApp, deps: RouteDeps): void {
  app.get('/m/worker.js', { schema: { hide: true }, config: publicAccess }, (_request, reply) =>
    reply.headers(workerHeaders).send(workerScript),
  );
  const schema = {
    summary: "Certify the key of a member's phone for a day",
    body: Type.Object(
      { ...ownerFields, devicePublicKey: PublicKeySchema, proof: SignatureSchema },
      { additionalProperties: false },
    ),
    response: { 200: CertificateAnswerSchema },
  };
  const path = '/v1/member-pages/certificates';
  app.post(path, { schema, config: publicAccess }, async (request, reply) => {
    const { key, devicePublicKey, proof } = request.body;
    const memberId = request.body.memberId as MemberId;
    if (!deps.links.isKey(memberId, key)) return sendProblem(reply, memberUnknown);
    const operatorId = await operatorOfMember(deps.db, memberId);
    if (operatorId === undefined) return sendProblem(reply, memberUnknown);
    const device = { operatorId, memberId, devicePublicKey, proof };
    const given = await runScoped({ type: 'operator', operatorId }, () =>
      retriedTransaction(deps.db, (tx) => certifyDevice(tx, device, deps)),
    );
    return given.ok
      ? reply.send(given.value)
      : sendProblem(reply, { status: 409, code: given.error.type });
  });
}

const MemberPathSchema = Type.Object({ memberId: MemberIdSchema });

function registerCodes(app: CloudApp, deps: RouteDeps): void {
  const schema = {
    summary: 'Issue a member code',
    params: MemberPathSchema,
    response: { 200: MemberCodeAnswerSchema },
  };
  const config = { access: 'operator' as const };
  app.post('/v1/members/:memberId/codes', { schema, config }, async (request, reply) => {
    const memberId = request.params.memberId as MemberId;
    const code = await codeOf({ operatorId: deps.operatorId, memberId }, deps);
    return code.ok ? reply.send(code.value) : sendProblem(reply, code.error);
  });
}

async function codeOf(
  member: { readonly operatorId: OperatorId; readonly memberId: MemberId },
  deps: RouteDeps,
): Promise<Result<MemberCodeAnswer, ProblemInput>> {
  if ((await viewMember(deps.db, member, deps)) === undefined) return err(memberUnknown);
  return await deps.db.transaction(async (tx) =>
    (await frozenSince(tx, member)) === undefined
      ? ok(await issueMemberCode(tx, member, deps))
      : err({ status: 409, code: 'member-frozen' as const }),
  );
}

const MemberPageAnswerSchema = Type.Object({
  member: MemberViewSchema,
  code: Type.Optional(MemberCodeAnswerSchema),
  qrSvg: Type.Optional(Type.String()),
});

const CertificateAnswerSchema = Type.Object({
  certificate: Type.String(),
  certificateId: CertificateIdSchema,
  notAfterMs: WallMsSchema,
  serverMs: WallMsSchema,
});

const ownerFields = {
  memberId: MemberIdSchema,
  key: Type.String({ pattern: memberLinkKeyPattern }),
};

function registerMemberPage(app: CloudApp, deps: RouteDeps): void {
  const link = {
    summary: 'Link to a member page',
    params: MemberPathSchema,
    response: { 200: Type.Object({ path: Type.String() }) },
  };
  app.post('/admin/v1/members/:memberId/page-link', { schema: link }, async (request, reply) => {
    const memberId = request.params.memberId as MemberId;
    const { operatorId } = deps;
    // The key opens the page for whoever holds it: it is made for one's own members alone.
    if ((await viewMember(deps.db, { operatorId, memberId }, deps)) === undefined)
      return sendProblem(reply, memberUnknown);
    return { path: `/m/${memberId}#${deps.links.keyOf(memberId)}` };
  });

  const page = { hide: true, params: MemberPathSchema };
  app.get('/m/:memberId', { schema: page, config: publicAccess }, async (_request, reply) => {
    const { html, headers } = memberPage();
    return reply.headers(headers).send(html);
  });

  const schema = {
    summary: 'What a member page shows: points, vouchers and a fresh member code',
    /** `withCode` false: the phone signs its codes itself and needs none of the bearer form. */
    body: Type.Object(
      { ...ownerFields, withCode: Type.Optional(Type.Boolean()) },
      { additionalProperties: false },
    ),
    response: { 200: MemberPageAnswerSchema },
  };
  app.post('/v1/member-pages', { schema, config: publicAccess }, async (request, reply) => {
    const memberId = request.body.memberId as MemberId;
    if (!deps.links.isKey(memberId, request.body.key)) return sendProblem(reply, memberUnknown);
    const operatorId = await operatorOfMember(deps.db, memberId);
    if (operatorId === undefined) return sendProblem(reply, memberUnknown);
    const { member, code } = await runScoped({ type: 'operator', operatorId }, async () => ({
      member: await viewMember(deps.db, { operatorId, memberId }, deps),
      code:
        request.body.withCode === false ? undefined : await codeOf({ operatorId, memberId }, deps),
    }));
    if (member === undefined) return sendProblem(reply, memberUnknown);
    // A held account sees what it has, and no code.
    if (code === undefined || !code.ok) return reply.send({ member });
    const qrSvg = encodeQR(code.value.code, 'svg', { encoding: 'numeric', ecc: 'low' });
    return reply.send({ member, code: code.value, qrSvg });
  });
}
