import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { OperatorId } from '#shared/ids/ids.ts';
import { defaultPromiseLimits } from '#shared/promise/promise-limits.ts';
import type { CloudKeys } from '#cloud/identity/cloud-keys.ts';
import type { Clock } from '#shared/time/clock.ts';
import { renewSigningKeys } from '#cloud/identity/signing-key-changes.ts';
import { defaultCaps } from '#cloud/identity/terminal-config.ts';
import type { Tx } from '#cloud/platform/db.ts';

/**
 * What every configuration shares stands in the program and its keys, not in a row: the caps, the issuer keys, and the
 * change of the signing key that is on, which is announced here (signing-key-changes.ts). When it differs from what the last start had, each terminal's configuration gets the next version, so that each pulls it.
 * Returns whether it did. Call at start.
 */
export async function renewConfigBasis(
  tx: Tx,
  basis: {
    readonly operatorId: OperatorId;
    readonly keys: CloudKeys;
    readonly caps?: object;
    readonly clock: Clock;
  },
): Promise<boolean> {
  const { operatorId } = basis;
  if (basis.caps === undefined) await keepEdition(tx, { operatorId, nowMs: basis.clock.nowMs() });
  const { inForceKey, announced } = await renewSigningKeys(tx, basis);
  const shared = {
    caps: basis.caps ?? defaultCaps,
    promises: defaultPromiseLimits,
    issuerKeys: basis.keys.issuer.accepted.map(({ keyId, pair }) => [keyId, pair.publicKey]),
    // Before the first change nothing of it is said, nor is there anything to pull.
    ...(inForceKey === undefined ? {} : { signing: [inForceKey, announced?.publicKey] }),
  };
  const digest = createHash('sha256').update(JSON.stringify(shared)).digest('hex');
  const { rows } = await tx.execute<{ digest: string }>(sql`
    select digest from config_basis where operator_id = ${operatorId} for update`);
  if (rows[0]?.digest === digest) return false;
  await tx.execute(sql`
    insert into config_basis (operator_id, digest) values (${operatorId}, ${digest})
    on conflict (operator_id) do update set digest = excluded.digest`);
  await tx.execute(sql`
    update terminal set config_version = config_version + 1 where operator_id = ${operatorId}`);
  return true;
}

/** Since when an edition of the caps is signed. What was signed first under a version stays what it means. */
async function keepEdition(
  tx: Tx,
  { operatorId, nowMs }: { readonly operatorId: OperatorId; readonly nowMs: number },
): Promise<void> {
  const { version } = defaultCaps;
  await tx.execute(sql`
    insert into offline_caps_edition (operator_id, version, caps, since_ms)
    values (${operatorId}, ${version}, ${JSON.stringify(defaultCaps)}::jsonb, ${nowMs})
    on conflict do nothing`);
}
