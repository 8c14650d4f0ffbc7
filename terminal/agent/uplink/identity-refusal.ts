import type { ErrorCode } from '#shared/errors/catalogue.ts';

/** Refusals that are about who this till is: no repetition helps until somebody activates it again. */
const identityRefusals = new Set<string>([
  'signature-invalid',
  'signature-missing',
  'terminal-revoked',
  'terminal-unknown',
]);

export const isIdentityRefusal = (code: ErrorCode): boolean => identityRefusals.has(code);

/** What one answer says about this till's identity. */
export interface IdentityEvidence {
  readonly path: string;
  /** The refusal; undefined when the cloud did what was asked. */
  readonly refusedWith: ErrorCode | undefined;
}

/**
 * The standing refusal after an answer. Pure. Success ends it, with one exception: the journal's door stays open for a
 * terminal that was closed, so its success proves no more than that the key is known.
 */
export function standingRefusal(
  before: ErrorCode | undefined,
  { path, refusedWith }: IdentityEvidence,
): ErrorCode | undefined {
  if (refusedWith !== undefined) return isIdentityRefusal(refusedWith) ? refusedWith : before;
  const isOpenToClosed = path.startsWith('/v1/journal/');
  return before === 'terminal-revoked' && isOpenToClosed ? before : undefined;
}
