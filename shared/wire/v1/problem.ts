import Type, { type Static } from 'typebox';

/** application/problem+json (RFC 9457). `code` is a code of the error catalogue; `type` its page in docs/errors.md. */
export const ProblemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.Optional(Type.String()),
  retryable: Type.Boolean(),
  /** Only with journal-gap: resume here. */
  expectedSeq: Type.Optional(Type.Integer()),
  /** Only with signature-stale: the server's clock in milliseconds; correct yours and sign again. */
  serverMs: Type.Optional(Type.Integer()),
});
export type Problem = Static<typeof ProblemSchema>;
