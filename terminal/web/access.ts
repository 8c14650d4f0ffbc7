import { timingSafeEqual } from 'node:crypto';

/** What a request says about itself, as far as access is concerned. */
export interface RequestFacts {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly token: string | undefined;
}

export type AccessRefusal = 'host-refused' | 'origin-refused' | 'token-refused';

/**
 * Decides whether a request to the loopback host may speak to the agent.
 * - Host must be our own address: a page of another site that rebinds its name to 127.0.0.1 is refused.
 * - Origin, when a browser sends one, must be our own.
 * - The token, known to whoever started the host, must match; compared in constant time.
 */
export function judgeAccess(
  facts: RequestFacts,
  own: { readonly authority: string; readonly token: string },
): AccessRefusal | undefined {
  if (facts.host !== own.authority) return 'host-refused';
  if (facts.origin !== undefined && facts.origin !== `http://${own.authority}`)
    return 'origin-refused';
  return facts.token !== undefined && sameText(facts.token, own.token)
    ? undefined
    : 'token-refused';
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
