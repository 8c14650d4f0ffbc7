import { sql } from 'drizzle-orm';
import type { OperatorId, TerminalId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { rotationProofText } from '#shared/wire/v1/signing.ts';
import type { RotationAnswer, RotationRequest } from '#shared/wire/v1/terminals.ts';
import { verifyText } from '#cloud/identity/ed25519.ts';
import type { Tx } from '#cloud/platform/db.ts';

/** So long the key before a change is good for requests: a till whose answer was lost does not shut itself out. */
export const keyOverlapMs = 7 * 86_400_000;
/** A key this old is changed without anybody asking. */
export const keyAgeMsMax = 180 * 86_400_000;

export type RotationError = {
  readonly type: 'rotation-proof-invalid' | 'key-rotation-refused';
};

/** Should the terminal change its key now? Pure. */
export const isRotationDue = (
  key: { readonly keySinceMs: number; readonly wantedAtMs: number | undefined },
  nowMs: number,
): boolean =>
  nowMs - key.keySinceMs > keyAgeMsMax ||
  (key.wantedAtMs !== undefined && key.wantedAtMs >= key.keySinceMs);

interface Row extends Record<string, unknown> {
  public_key: string;
  previous_public_key: string | null;
  previous_until_ms: number | null;
}

/**
 * Changes a terminal's key. The request was signed with `signedWith`: the key in force makes the change; the key
 * before it only hears again what it changed to, so that a stolen old key takes over nothing. Errors in order:
 * the new key is not held by who asks, the request names another change than the one that was made.
 */
export async function rotateKey(
  tx: Tx,
  terminal: { readonly operatorId: OperatorId; readonly terminalId: TerminalId },
  change: {
    readonly request: RotationRequest;
    readonly signedWith: string;
    readonly nowMs: number;
  },
): Promise<Result<RotationAnswer, RotationError>> {
  const { operatorId, terminalId } = terminal;
  const { publicKey, proof } = change.request;
  const { rows } = await tx.execute<Row>(sql`
    select public_key, previous_public_key, previous_until_ms from terminal
     where operator_id = ${operatorId} and terminal_id = ${terminalId} for update`);
  const row = rows[0];
  if (row === undefined) return err({ type: 'key-rotation-refused' });
  const isDone = row.public_key === publicKey;
  const oldPublicKey = isDone ? (row.previous_public_key ?? '') : row.public_key;
  const proven = verifyText({
    publicKey,
    text: rotationProofText({ terminalId, oldPublicKey, publicKey }),
    signature: Buffer.from(proof, 'base64url'),
  });
  if (!proven) return err({ type: 'rotation-proof-invalid' });
  if (isDone) return ok({ publicKey, previousUntilMs: row.previous_until_ms ?? 0 });
  if (change.signedWith !== row.public_key) return err({ type: 'key-rotation-refused' });
  const previousUntilMs = change.nowMs + keyOverlapMs;
  await tx.execute(sql`
    update terminal set previous_public_key = public_key, public_key = ${publicKey},
      previous_until_ms = ${previousUntilMs}, key_since_ms = ${change.nowMs}, key_wanted_at_ms = null
     where operator_id = ${operatorId} and terminal_id = ${terminalId}`);
  return ok({ publicKey, previousUntilMs });
}
