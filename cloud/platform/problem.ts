import { errorCatalogue, type ErrorCode } from '#shared/errors/catalogue.ts';
import type { Problem } from '#shared/wire/v1/problem.ts';

export interface ProblemInput {
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail?: string;
  /** Only with journal-gap. */
  readonly expectedSeq?: number;
  /** Only with signature-stale: the server's clock, so that the terminal corrects its own. */
  readonly serverMs?: number;
  readonly retryAfterSeconds?: number;
}

/**
 * The body of application/problem+json (RFC 9457) for a code of the catalogue. `type` is served at
 * /errors/{code}.
 */
export function toProblem(input: ProblemInput): Problem {
  const entry = errorCatalogue[input.code];
  return {
    type: `/errors/${input.code}`,
    title: entry.meaning,
    status: input.status,
    code: input.code,
    retryable: entry.retry === 'yes',
    ...(input.detail === undefined ? {} : { detail: input.detail }),
    ...(input.expectedSeq === undefined ? {} : { expectedSeq: input.expectedSeq }),
    ...(input.serverMs === undefined ? {} : { serverMs: input.serverMs }),
  };
}

interface ProblemReply {
  code(status: number): unknown;
  header(name: string, value: string | number): unknown;
  serializer(serialize: (payload: unknown) => string): unknown;
  send(payload: never): unknown;
}

/**
 * Answers with a problem:
 * `return sendProblem(reply, { status: 409, code: 'journal-gap', expectedSeq })`.
 */
export function sendProblem<R extends ProblemReply>(reply: R, input: ProblemInput): R {
  reply.code(input.status);
  reply.header('content-type', 'application/problem+json; charset=utf-8');
  if (input.retryAfterSeconds !== undefined) reply.header('retry-after', input.retryAfterSeconds);
  // The route's answer schema describes success; a problem is always written whole.
  reply.serializer(JSON.stringify);
  reply.send(toProblem(input) as never);
  return reply;
}
