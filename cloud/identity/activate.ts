import { sql } from 'drizzle-orm';
import { newId, type MerchantId, type OperatorId, type TerminalId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { activationProofText } from '#shared/wire/v1/signing.ts';
import type { ActivationRequest } from '#shared/wire/v1/terminals.ts';
import { hashActivationCode } from '#cloud/identity/activation-code.ts';
import { verifyText } from '#cloud/identity/ed25519.ts';
import type { IdSource } from '#cloud/identity/provisioning.ts';
import type { Tx } from '#cloud/platform/db.ts';

export type ActivationError = {
  readonly type:
    | 'activation-code-invalid'
    | 'activation-code-locked'
    | 'activation-code-used'
    | 'activation-code-expired'
    | 'activation-proof-invalid';
};

export interface ActivatedTerminal {
  readonly operatorId: OperatorId;
  readonly terminalId: TerminalId;
}

interface CodeRow extends Record<string, unknown> {
  operator_id: OperatorId;
  merchant_id: MerchantId;
  store_id: string;
  expires_at_ms: number;
  tries_left: number;
  used_by_terminal_id: TerminalId | null;
  used_public_key: string | null;
}

/**
 * Turns a one-time code and a fresh public key into a terminal. The same code with the same key again (the answer
 * was lost on the way) returns the same terminal. When several errors apply, they are answered in the order of
 * {@link ActivationError}'s list.
 *
 * The result is a value even when it is a failure, and the transaction must be committed then too: it counts the try.
 */
export async function activateTerminal(
  tx: Tx,
  request: ActivationRequest,
  source: IdSource,
): Promise<Result<ActivatedTerminal, ActivationError>> {
  const codeHash = hashActivationCode(request.code);
  const { rows } = await tx.execute<CodeRow>(sql`
    select c.operator_id, c.merchant_id, c.store_id, c.expires_at_ms, c.tries_left,
           c.used_by_terminal_id, t.public_key as used_public_key
      from activation_code c
      left join terminal t
        on t.operator_id = c.operator_id and t.terminal_id = c.used_by_terminal_id
     where c.code_hash = ${codeHash} for update of c`);
  const row = rows[0];
  if (row === undefined) return err({ type: 'activation-code-invalid' });
  const decision = decide({ row, request, nowMs: source.clock.nowMs() });
  if (!decision.ok) {
    await tx.execute(sql`update activation_code set tries_left = greatest(tries_left - 1, 0)
      where operator_id = ${row.operator_id} and code_hash = ${codeHash}`);
    return decision;
  }
  if (row.used_by_terminal_id !== null) {
    return ok({ operatorId: row.operator_id, terminalId: row.used_by_terminal_id });
  }
  return ok(await create({ tx, row, request, codeHash, source }));
}

function decide(options: {
  readonly row: CodeRow;
  readonly request: ActivationRequest;
  readonly nowMs: number;
}): Result<void, ActivationError> {
  const { row, request, nowMs } = options;
  if (row.tries_left <= 0) return err({ type: 'activation-code-locked' });
  if (row.used_by_terminal_id !== null && row.used_public_key !== request.publicKey) {
    return err({ type: 'activation-code-used' });
  }
  if (row.expires_at_ms < nowMs) return err({ type: 'activation-code-expired' });
  const proven = verifyText({
    publicKey: request.publicKey,
    text: activationProofText(request.code, request.publicKey),
    signature: Buffer.from(request.proof, 'base64url'),
  });
  return proven ? ok(undefined) : err({ type: 'activation-proof-invalid' });
}

async function create(options: {
  readonly tx: Tx;
  readonly row: CodeRow;
  readonly request: ActivationRequest;
  readonly codeHash: string;
  readonly source: IdSource;
}): Promise<ActivatedTerminal> {
  const { tx, row, request, source } = options;
  const terminalId = newId('trm', source);
  await tx.execute(sql`
    insert into terminal (operator_id, terminal_id, merchant_id, store_id, public_key, model,
      app_version, activated_at_ms)
    values (${row.operator_id}, ${terminalId}, ${row.merchant_id}, ${row.store_id},
      ${request.publicKey}, ${request.model}, ${request.appVersion}, ${source.clock.nowMs()})`);
  await tx.execute(sql`update activation_code set used_by_terminal_id = ${terminalId}
    where operator_id = ${row.operator_id} and code_hash = ${options.codeHash}`);
  return { operatorId: row.operator_id, terminalId };
}
