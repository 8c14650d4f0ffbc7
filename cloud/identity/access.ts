import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  isSignedBy,
  readSignature,
  type ReceivedRequest,
  type SignatureClaim,
  type SignatureError,
} from '#cloud/identity/request-signature.ts';
import {
  keysOf,
  rememberTerminal,
  terminalOf,
  type KnownTerminal,
  type TerminalIdentity,
} from '#cloud/identity/terminal-identity.ts';
import { busyProblem, isBusy } from '#cloud/platform/http/busy.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { laneOf } from '#cloud/platform/http/lanes.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { readBody, type BodyError } from '#cloud/platform/http/raw-body.ts';
import { nobody, runScoped, type Scope } from '#cloud/platform/tenancy/scope.ts';

/**
 * Who may call a route.
 * - `terminal`: signed by an activated terminal (RFC 9421), not revoked.
 * - `terminal-even-revoked`: likewise, and a revoked one too: its backlog is taken into quarantine, its heartbeat is
 *   kept as a witness and refused.
 * - `operator`: the operator's bearer token.
 * - `public`: anyone.
 * - `channel`: anyone; the body stays as it came, because the route itself verifies a channel's signature over it.
 */
export type Access = 'terminal' | 'terminal-even-revoked' | 'operator' | 'public' | 'channel';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** Closed unless opened: what a route does not declare follows from its path, and never is `public`. */
export const accessOf = (declared: Access | undefined, path: string): Access =>
  declared ?? (path.startsWith('/admin/') ? 'operator' : 'terminal');

/**
 * Takes bodies as raw bytes, checks access, then inflates and parses: no stranger makes the cloud inflate anything,
 * and the signature covers the bytes as sent.
 */
export function registerAccess(app: CloudApp, deps: CloudDeps): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('preValidation', async (request, reply) => {
    if (request.is404) return undefined;
    const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const access = accessOf(request.routeOptions.config.access, request.url);
    const refused = await checkAccess({ request, rawBody, access, deps });
    if (refused !== undefined) return sendProblem(reply, refused);
    if (access === 'channel') {
      request.body = rawBody;
      return undefined;
    }
    return parse(request, reply, rawBody);
  });
  // With a callback and not a promise: what follows then runs inside the scope.
  app.addHook('preValidation', (request, _reply, done) => {
    runScoped(scopeOf(request, deps), done);
  });
}

/** For whom the database works while this request is answered. */
function scopeOf(request: FastifyRequest, { operatorId }: Pick<CloudDeps, 'operatorId'>): Scope {
  if (request.is404) return nobody;
  const access = accessOf(request.routeOptions.config.access, request.url);
  switch (access) {
    case 'public':
    case 'channel':
      return nobody;
    case 'operator':
      return { type: 'operator', operatorId };
    case 'terminal':
    case 'terminal-even-revoked':
      return terminalScope(terminalOf(request));
    default:
      return exhaustive(access);
  }
}

const terminalScope = (terminal: Omit<TerminalIdentity, 'signedWith'>): Scope => ({
  type: 'terminal',
  operatorId: terminal.operatorId,
  merchantId: terminal.merchantId,
  terminalId: terminal.terminalId,
});

function parse(
  request: FastifyRequest,
  reply: FastifyReply,
  rawBody: Buffer,
): FastifyReply | undefined {
  if (rawBody.length === 0) {
    request.body = undefined;
    return undefined;
  }
  const parsed = readBody(request, rawBody);
  if (!parsed.ok) return sendProblem(reply, bodyProblem(parsed.error));
  request.body = parsed.value;
  return undefined;
}

const bodyProblem = (error: BodyError): ProblemInput =>
  error.type === 'body-too-large'
    ? { status: 413, code: 'batch-too-large' }
    : { status: 400, code: 'request-invalid', detail: `body: ${error.why}` };

async function checkAccess(options: {
  readonly request: FastifyRequest;
  readonly rawBody: Buffer;
  readonly access: Access;
  readonly deps: CloudDeps;
}): Promise<ProblemInput | undefined> {
  const { request, rawBody, access, deps } = options;
  switch (access) {
    case 'public':
    case 'channel':
      return undefined;
    case 'operator':
      return isBearer(request.headers.authorization, deps.operatorToken)
        ? undefined
        : { status: 401, code: 'operator-token-invalid' };
    case 'terminal':
    case 'terminal-even-revoked': {
      const identity = await identify({ request, rawBody, access, deps });
      if (identity === undefined) return busyProblem(deps.random);
      if (!identity.ok) return signatureProblem(identity.error);
      if (identity.value.revoked && access === 'terminal') {
        return { status: 403, code: 'terminal-revoked' };
      }
      rememberTerminal(request, identity.value);
      return undefined;
    }
    default:
      return exhaustive(access);
  }
}

/** Undefined: load kept us from looking, and nothing was done. */
async function identify(options: {
  readonly request: FastifyRequest;
  readonly rawBody: Buffer;
  readonly access: Access;
  readonly deps: CloudDeps;
}): Promise<Result<TerminalIdentity, AuthenticationError> | undefined> {
  const { request, rawBody, access, deps } = options;
  const { config, url = '' } = request.routeOptions;
  // Where money moves a revoked till is recognized with its next request, on every node.
  const fresh = laneOf({ declared: config.lane, access, path: url }) === 'counter';
  try {
    return await authenticate(received(request, rawBody, deps), { ...deps, fresh });
  } catch (error) {
    if (isBusy(error)) return undefined;
    throw error;
  }
}

export type AuthenticationError =
  SignatureError | { readonly type: 'terminal-unknown' } | { readonly type: 'nonce-reused' };

/**
 * Who signed this request. When several errors apply the order is: shape, digest, age, terminal, signature, nonce;
 * a nonce is only remembered for a true signature, so strangers cannot fill the table.
 */
export async function authenticate(
  request: ReceivedRequest,
  deps: Pick<CloudDeps, 'clock' | 'terminals'> & { readonly fresh: boolean },
): Promise<Result<TerminalIdentity, AuthenticationError>> {
  const nowMs = deps.clock.nowMs();
  const claim = readSignature(request, nowMs);
  if (!claim.ok) return claim;
  const signer = await findSigner(claim.value, { ...deps, nowMs });
  if (!signer.ok) return signer;
  const { nonce } = claim.value.parts;
  const isFresh = await deps.terminals.takeNonce({ ...signer.value, nonce, nowMs });
  return isFresh ? signer : err({ type: 'nonce-reused' });
}

/**
 * The terminal whose key signed. One that is remembered with other keys is looked up anew: it may
 * have changed them.
 */
async function findSigner(
  claim: SignatureClaim,
  deps: Pick<CloudDeps, 'terminals'> & { readonly fresh: boolean; readonly nowMs: number },
): Promise<Result<TerminalIdentity, AuthenticationError>> {
  for (const fresh of deps.fresh ? [true] : [false, true]) {
    const known = await deps.terminals.find(claim.terminalId, { fresh });
    if (known === undefined) return err({ type: 'terminal-unknown' });
    const signedWith = keysOf(known, deps.nowMs).find((key) => isSignedBy(claim, key));
    if (signedWith !== undefined) return ok(toIdentity(known, signedWith));
  }
  return err({ type: 'signature-invalid', why: 'signature' });
}

const toIdentity = (known: KnownTerminal, signedWith: string): TerminalIdentity => ({
  operatorId: known.operatorId,
  merchantId: known.merchantId,
  storeId: known.storeId,
  terminalId: known.terminalId,
  revoked: known.revoked,
  signedWith,
});

function received(request: FastifyRequest, rawBody: Buffer, deps: CloudDeps): ReceivedRequest {
  const origin = deps.config.publicOrigin ?? `${request.protocol}://${request.host}`;
  return {
    method: request.method,
    targetUri: `${origin}${request.raw.url ?? ''}`,
    headers: request.headers,
    rawBody,
  };
}

function signatureProblem(error: AuthenticationError): ProblemInput {
  const code: ErrorCode = error.type;
  const base = { status: 401, code };
  if (error.type === 'signature-stale') return { ...base, serverMs: error.serverMs };
  return error.type === 'signature-invalid' ? { ...base, detail: error.why } : base;
}

/** Compares hashes in constant time, so that neither content nor length of the token leaks. */
export const isBearer = (header: string | undefined, token: string): boolean =>
  timingSafeEqual(hash(header ?? ''), hash(`Bearer ${token}`));

const hash = (text: string) => createHash('sha256').update(text).digest();
