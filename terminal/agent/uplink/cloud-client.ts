import { constants, gzipSync } from 'node:zlib';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Timers } from '#drivers/core/timers.ts';
import { isErrorCode, type ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { ProblemSchema, type Problem } from '#shared/wire/v1/problem.ts';
import type { DeviceKey, Signer } from '#terminal/agent/identity/device-key.ts';
import { createCloudTime, type TimeOfSignature } from '#terminal/agent/uplink/cloud-time.ts';
import { exchange, type Exchange } from '#terminal/agent/uplink/http-exchange.ts';
import type { IdentityEvidence } from '#terminal/agent/uplink/identity-refusal.ts';
import { signatureHeaders } from '#terminal/agent/uplink/request-signature.ts';

/** Why a call to the cloud gave nothing. `sent` says whether the cloud may have acted on it. */
export interface CloudFailure {
  readonly code: ErrorCode;
  /** no: not a byte left. maybe: no usable answer came. yes: the cloud answered and refused. */
  readonly sent: 'no' | 'maybe' | 'yes';
  readonly status: number | undefined;
  /** Of a 429: how long to wait, milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Of journal-gap: where to resume. */
  readonly expectedSeq: number | undefined;
}

export interface CloudRequest<Schema extends TSchema> {
  readonly method: 'GET' | 'POST';
  /** Path and query, beginning with '/'. */
  readonly path: string;
  readonly body?: unknown;
  /** A body whose JSON text is made already, UTF-8; instead of `body`. */
  readonly bodyJson?: Buffer;
  readonly answer: Schema;
  /** Whole exchange; {@link requestTimeoutMs} when absent. */
  readonly timeoutMs?: number;
  /** Only before activation. */
  readonly unsigned?: boolean;
  /** Whose key signs; the till's key in force when absent. */
  readonly signer?: Signer;
}

export interface CloudClient {
  call<Schema extends TSchema>(
    request: CloudRequest<Schema>,
  ): Promise<Result<Static<Schema>, CloudFailure>>;
  /** Asks for anything at all; true when the cloud answered in time. Unsigned and cheap. */
  probe(timeoutMs: number): Promise<boolean>;
  /** The computer's wall time, corrected by what it was off when the cloud's time was last believed. */
  cloudNowMs(): number;
  /**
   * The cloud's last believed time plus the monotonic time since: what nobody at the till can turn back. Undefined
   * until the cloud has taken a signed request in this run.
   */
  trustedNowMs(): number | undefined;
  /**
   * What the last answer of anything gave as the time, the same way: to tell people that a clock may be wrong, and for
   * nothing else. Undefined before there was one.
   */
  claimedNowMs(): number | undefined;
  /** Ends every exchange in flight; their outcomes are not known. */
  close(): void;
}

export interface CloudClientDeps {
  readonly cloudUrl: string;
  readonly key: DeviceKey;
  readonly terminalId: () => string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly fetch: typeof globalThis.fetch;
  /** Every real exchange says something about the line. */
  readonly onOutcome: (reached: boolean) => void;
  /** Every whole answer to a signed request says something about this till's identity. */
  readonly onIdentityEvidence: (evidence: IdentityEvidence) => void;
}

export const requestTimeoutMs = 10_000;
export const probePath = '/healthz';
/** Bodies from this size on are compressed. */
const gzipBytesMin = 1_024;
const nonceBytes = 18;
const retryAfterSecondsMax = 300;
/**
 * Journal texts repeat so much that the fastest level comes within 4% of the usual one in less than
 * half the time, and a window of 8 KB, which holds some twenty entries, takes two thirds of the
 * time of one of 32 KB and packs 4% smaller.
 */
const gzipOptions = {
  level: constants.Z_BEST_SPEED,
  windowBits: 13,
  memLevel: 9,
  chunkSize: 64 * 1_024,
};
const problem = Compile(ProblemSchema);

interface Sent {
  readonly outcome: Exchange;
  /** Undefined when it bore no signature. */
  readonly signed: TimeOfSignature | undefined;
}

/** Speaks wire v1 to the cloud: signs, compresses, bounds, and turns every failure into a catalogue code. */
export function createCloudClient(deps: CloudClientDeps): CloudClient {
  const { clock } = deps;
  const closing = new AbortController();
  const time = createCloudTime(clock);
  // Grows across restarts as long as the clock does; the nonce is what makes a request unique.
  let terminalSeq = clock.nowMs();

  const send = async (request: CloudRequest<TSchema>, byOffsetMs: number): Promise<Sent> => {
    const url = deps.cloudUrl + request.path;
    const { body, headers } = encodeBody(request);
    const terminalId = deps.terminalId();
    const { method, timeoutMs = requestTimeoutMs } = request;
    let signed: TimeOfSignature | undefined;
    if (!request.unsigned && terminalId !== undefined) {
      terminalSeq += 1;
      const created = Math.trunc((clock.nowMs() + byOffsetMs) / 1_000);
      signed = { createdMs: created * 1_000, monotonicMs: clock.monotonicMs() };
      const nonce = Buffer.from(deps.random.bytes(nonceBytes)).toString('base64url');
      const parts = { method, targetUri: url, body, terminalSeq, created, nonce, terminalId };
      Object.assign(headers, signatureHeaders(parts, request.signer ?? deps.key));
    }
    const sent = body.byteLength === 0 ? {} : { body };
    const outcome = await exchange(
      { method, url, headers, ...sent, timeoutMs, signal: closing.signal },
      deps,
    );
    deps.onOutcome(outcome.type === 'answered');
    if (outcome.type === 'answered') time.heed(outcome.headers);
    return { outcome, signed };
  };

  return {
    call: async <Schema extends TSchema>(request: CloudRequest<Schema>) => {
      if (!request.unsigned && deps.terminalId() === undefined)
        return err(failure('agent-not-activated', 'no'));
      let sent = await send(request, time.offsetMs());
      const stale = sent.outcome.type === 'answered' ? staleClock(sent.outcome) : undefined;
      // Tried with this request alone: only that the cloud takes it proves that it was the cloud's time.
      if (stale !== undefined) sent = await send(request, stale - clock.nowMs());
      const answer = judge(sent.outcome, request.answer);
      if (answer.ok && sent.outcome.type === 'answered' && sent.signed !== undefined)
        time.learn(sent.outcome.headers, sent.signed, stale);
      const refusedWith = answer.ok ? undefined : answer.error.code;
      if (!request.unsigned && (answer.ok || answer.error.sent === 'yes'))
        deps.onIdentityEvidence({ path: request.path, refusedWith });
      return answer;
    },
    probe: async (timeoutMs) => {
      const url = deps.cloudUrl + probePath;
      const outcome = await exchange(
        { method: 'GET', url, headers: {}, timeoutMs, signal: closing.signal },
        deps,
      );
      if (outcome.type === 'answered') time.heed(outcome.headers);
      return outcome.type === 'answered' && !deadGateway.has(outcome.status);
    },
    cloudNowMs: () => clock.nowMs() + time.offsetMs(),
    trustedNowMs: () => time.trustedNowMs(),
    claimedNowMs: () => time.claimedNowMs(),
    close: () => closing.abort(),
  };
}

/**
 * The bytes of a request's body as they travel, and the headers that say what they are. Packed here and now: a full
 * batch takes 0.5 ms, less than a detour over the thread pool, where one batch may overtake the one before.
 */
function encodeBody(request: CloudRequest<TSchema>): {
  readonly body: Buffer;
  readonly headers: Record<string, string>;
} {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (request.body === undefined && request.bodyJson === undefined)
    return { body: Buffer.alloc(0), headers };
  headers['content-type'] = 'application/json';
  const body = request.bodyJson ?? Buffer.from(JSON.stringify(request.body), 'utf8');
  if (body.byteLength < gzipBytesMin) return { body, headers };
  headers['content-encoding'] = 'gzip';
  return { body: gzipSync(body, gzipOptions), headers };
}

/** Answers of something in between that says the cloud itself is not there. */
const deadGateway = new Set([502, 503, 504]);

const failure = (
  code: ErrorCode,
  sent: CloudFailure['sent'],
  more: Partial<CloudFailure> = {},
): CloudFailure => ({
  code,
  sent,
  status: undefined,
  retryAfterMs: undefined,
  expectedSeq: undefined,
  ...more,
});

/** What an exchange means. Order: nothing left, nothing came, success, refusal in words, overload, defect, garbage. */
export function judge<Schema extends TSchema>(
  outcome: Exchange,
  schema: Schema,
): Result<Static<Schema>, CloudFailure> {
  if (outcome.type === 'never-sent') return err(failure('cloud-unreachable', 'no'));
  if (outcome.type === 'lost')
    return err(failure(outcome.why === 'timeout' ? 'cloud-timeout' : 'cloud-error', 'maybe'));
  const { status } = outcome;
  const value = parseJson(outcome.body);
  if (status >= 200 && status < 300) {
    return validatorOf(schema).Check(value)
      ? ok(value as Static<Schema>)
      : err(failure('cloud-answer-invalid', 'maybe', { status }));
  }
  if (status === 429) {
    const retryAfterMs = retryAfter(outcome.headers);
    return err(failure('cloud-busy', 'yes', { status, retryAfterMs }));
  }
  if (status >= 500) return err(failure('cloud-error', 'maybe', { status }));
  if (!isProblem(value)) return err(failure('cloud-answer-invalid', 'maybe', { status }));
  const code = isErrorCode(value.code) ? value.code : 'code-not-catalogued';
  return err(failure(code, 'yes', { status, expectedSeq: value.expectedSeq }));
}

const isProblem = (value: unknown): value is Problem => problem.Check(value);

const validators = new WeakMap<TSchema, { Check(value: unknown): boolean }>();

function validatorOf(schema: TSchema): { Check(value: unknown): boolean } {
  const known = validators.get(schema);
  if (known) return known;
  const fresh = Compile(schema);
  validators.set(schema, fresh);
  return fresh;
}

function staleClock({ status, body }: { status: number; body: string }): number | undefined {
  if (status !== 401) return undefined;
  const value = parseJson(body);
  return isProblem(value) && value.code === 'signature-stale' ? value.serverMs : undefined;
}

function retryAfter(headers: Headers): number {
  const seconds = Number(headers.get('retry-after') ?? '1');
  const bounded = Number.isFinite(seconds)
    ? Math.min(Math.max(seconds, 1), retryAfterSecondsMax)
    : 1;
  return bounded * 1_000;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
