import { sql } from 'drizzle-orm';
import type { FastifyRequest } from 'fastify';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import type { Db } from '#cloud/platform/db.ts';

/** Who signed the request. */
export interface TerminalIdentity {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly storeId: string;
  readonly terminalId: TerminalId;
  /** Revoked terminals reach only the routes that take their backlog into quarantine. */
  readonly revoked: boolean;
}

export interface KnownTerminal extends TerminalIdentity {
  readonly publicKey: string;
}

const identities = new WeakMap<FastifyRequest, TerminalIdentity>();

/** Set by the access check only. */
export const rememberTerminal = (request: FastifyRequest, identity: TerminalIdentity): void => {
  identities.set(request, identity);
};

/** The terminal that signed this request. Throws on a route whose access is not `terminal`: a mistake of ours. */
export function terminalOf(request: FastifyRequest): TerminalIdentity {
  const identity = identities.get(request);
  assert(identity !== undefined, () => `no terminal signed ${request.method} ${request.url}`);
  return identity;
}

interface Row extends Record<string, unknown> {
  operator_id: OperatorId;
  merchant_id: MerchantId;
  store_id: string;
  terminal_id: TerminalId;
  public_key: string;
  revoked_at_ms: number | null;
}

export async function findTerminal(
  db: Db,
  terminalId: TerminalId,
): Promise<KnownTerminal | undefined> {
  const { rows } = await db.execute<Row>(sql`
    select operator_id, merchant_id, store_id, terminal_id, public_key, revoked_at_ms
      from terminal where terminal_id = ${terminalId}`);
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    operatorId: row.operator_id,
    merchantId: row.merchant_id,
    storeId: row.store_id,
    terminalId: row.terminal_id,
    publicKey: row.public_key,
    revoked: row.revoked_at_ms !== null,
  };
}
