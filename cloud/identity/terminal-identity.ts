import type { FastifyRequest } from 'fastify';
import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import type { Db, Statement } from '#cloud/platform/db.ts';

/** Who signed the request. */
export interface TerminalIdentity {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly storeId: string;
  readonly terminalId: TerminalId;
  /** Revoked terminals reach only the routes that take their backlog into quarantine, or witness and refuse. */
  readonly revoked: boolean;
  /** The key that signed. */
  readonly signedWith: string;
}

export interface KnownTerminal extends Omit<TerminalIdentity, 'signedWith'> {
  readonly publicKey: string;
  /** The key before it, and until when its signature counts too. */
  readonly previous: { readonly publicKey: string; readonly untilMs: number } | undefined;
}

/** Keys whose signature counts now: the one in force, then the one before it while it overlaps. */
export const keysOf = ({ publicKey, previous }: KnownTerminal, nowMs: number): readonly string[] =>
  previous !== undefined && nowMs <= previous.untilMs
    ? [publicKey, previous.publicKey]
    : [publicKey];

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
  previous_public_key: string | null;
  previous_until_ms: number | null;
  revoked_at_ms: number | null;
}

/** Those of `ids` that exist. */
export async function findTerminals(
  db: Db,
  ids: readonly TerminalId[],
): Promise<ReadonlyMap<TerminalId, KnownTerminal>> {
  const { rows } = await db.swift(async (line) => {
    const found = line.ask<Row>(terminalsById, [ids]);
    return (await Promise.all([found, line.commit()]))[0];
  });
  return new Map(rows.map((row) => [row.terminal_id, toKnown(row)]));
}

/** Of every signed request: planned once for each connection. */
const terminalsById: Statement = {
  name: 'terminals-by-id',
  text: `
    select operator_id, merchant_id, store_id, terminal_id, public_key, previous_public_key,
           previous_until_ms, revoked_at_ms
      from terminal where terminal_id = any($1::text[])`,
};

const toKnown = (row: Row): KnownTerminal => ({
  operatorId: row.operator_id,
  merchantId: row.merchant_id,
  storeId: row.store_id,
  terminalId: row.terminal_id,
  publicKey: row.public_key,
  previous:
    row.previous_public_key === null
      ? undefined
      : { publicKey: row.previous_public_key, untilMs: row.previous_until_ms ?? 0 },
  revoked: row.revoked_at_ms !== null,
});
