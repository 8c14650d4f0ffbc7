import { sql } from 'drizzle-orm';
import type { OperatorId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import type { Clock } from '#shared/time/clock.ts';
import { signingKeyChangeText } from '#shared/wire/v1/signing.ts';
import {
  signingKeyChangesMax,
  type NextSigningKey,
  type SigningKeyChange,
} from '#shared/wire/v1/terminals.ts';
import type { CloudKeys } from '#cloud/identity/cloud-keys.ts';
import { signText, type KeyPair } from '#cloud/identity/ed25519.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';

/** So long a next key is announced before it signs: tills that are on in that time pin it beside the present one. */
export const signingKeyOverlapMs = 7 * 86_400_000;
/** So late it can be taken back no more: a node whose clock is ahead may sign with it, and tills may have followed. */
export const takingBackEndsMs = 3_600_000;

type HeldKeys = Pick<CloudKeys, 'signing' | 'nextSigning' | 'seal'>;

/** The changes of the configuration key that count, oldest first: the newest {@link signingKeyChangesMax}. */
export async function readSigningKeyChanges(
  db: Pick<Db, 'execute'>,
  operatorId: OperatorId,
): Promise<readonly SigningKeyChange[]> {
  const { rows } = await db.execute<SigningKeyChange & Record<string, unknown>>(sql`
    select from_key as "fromKey", to_key as "toKey", not_before_ms as "notBeforeMs", signature
      from signing_key_change
     where operator_id = ${operatorId} and withdrawn_at_ms is null
     order by change_no desc limit ${signingKeyChangesMax}`);
  return rows.toReversed();
}

export interface SigningState {
  /** Signs now; undefined: no key was ever changed, so it is whichever one the cloud was given. */
  readonly inForceKey: string | undefined;
  /** Announced, and not yet in force. */
  readonly announced: NextSigningKey | undefined;
  /** What led to the key in force, oldest first. */
  readonly done: readonly SigningKeyChange[];
}

/** What the changes come to at `nowMs`. Pure. */
export function signingStateAt(changes: readonly SigningKeyChange[], nowMs: number): SigningState {
  const done = changes.filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
  const pending = changes.find(({ notBeforeMs }) => notBeforeMs > nowMs);
  return {
    inForceKey: done.at(-1)?.toKey ?? pending?.fromKey,
    announced: pending && { publicKey: pending.toKey, notBeforeMs: pending.notBeforeMs },
    done,
  };
}

/** The key pair that signs now. Throws where this node was not given it: tills would refuse what it signs. */
export function pairInForce(
  keys: Pick<HeldKeys, 'signing' | 'nextSigning'>,
  { inForceKey = keys.signing.publicKey }: Pick<SigningState, 'inForceKey'>,
): KeyPair {
  const pair = [keys.signing, keys.nextSigning].find((held) => held?.publicKey === inForceKey);
  assert(
    pair !== undefined,
    () =>
      `CLOUD_SIGNING_KEY and CLOUD_NEXT_SIGNING_KEY: neither is the key in force, ${inForceKey}`,
  );
  return pair;
}

export interface SigningPlan {
  /** The change that is announced is given up. */
  readonly withdraws: boolean;
  readonly announces: KeyPair | undefined;
}

/**
 * What a start does about the keys it was given: announces the next one, gives up an announcement that stands in no
 * setting any more, or nothing. Pure. Throws on keys that the tills would refuse, naming the setting.
 */
export function planSigningKeys(
  keys: HeldKeys,
  changes: readonly SigningKeyChange[],
  known: {
    /** In force at the last start, also when no change led to it; undefined: not known. */
    readonly keptKey: string | undefined;
    readonly nowMs: number;
  },
): SigningPlan {
  const { signing, nextSigning, seal } = keys;
  const { keptKey, nowMs } = known;
  const state = signingStateAt(changes, nowMs);
  // Without a change the next key signs nothing: the tills were never told of it.
  const held = state.inForceKey === undefined ? { signing, nextSigning: undefined } : keys;
  const inForce = pairInForce(held, { inForceKey: state.inForceKey ?? keptKey });
  const isNew = changes.some(({ toKey }) => toKey === signing.publicKey);
  // The seals of the books and the hashes of payers began under the first key, and stay under it.
  assert(
    !(isNew && seal.publicKey === signing.publicKey),
    () => 'CLOUD_SEAL_KEY (cloud-seal.key): must be the first CLOUD_SIGNING_KEY, not the new one',
  );
  const wanted =
    inForce.publicKey === signing.publicKey && nextSigning?.publicKey !== signing.publicKey
      ? nextSigning
      : undefined;
  const isTurning = inForce.publicKey !== signing.publicKey;
  if (isTurning || wanted?.publicKey === state.announced?.publicKey)
    return { withdraws: false, announces: undefined };
  const isFormer = changes.some(({ fromKey }) => fromKey === wanted?.publicKey);
  assert(!isFormer, () => `CLOUD_NEXT_SIGNING_KEY: ${wanted?.publicKey} was in force before`);
  assert(
    state.announced === undefined || state.announced.notBeforeMs - nowMs > takingBackEndsMs,
    () => `CLOUD_NEXT_SIGNING_KEY: too late to take ${state.announced?.publicKey} back`,
  );
  return { withdraws: state.announced !== undefined, announces: wanted };
}

/** Carries out {@link planSigningKeys}, once however many nodes start at a time. Returns what the changes come to. */
export async function renewSigningKeys(
  tx: Tx,
  basis: { readonly operatorId: OperatorId; readonly keys: HeldKeys; readonly clock: Clock },
): Promise<SigningState> {
  const { operatorId, keys } = basis;
  const nowMs = basis.clock.nowMs();
  await tx.execute(sql`lock table signing_key_change in share row exclusive mode`);
  const changes = await readSigningKeyChanges(tx, operatorId);
  const keptKey = await readKeptKey(tx, operatorId);
  const { withdraws, announces } = planSigningKeys(keys, changes, { keptKey, nowMs });
  if (withdraws)
    await tx.execute(sql`
      update signing_key_change set withdrawn_at_ms = ${nowMs}
       where operator_id = ${operatorId} and withdrawn_at_ms is null and not_before_ms > ${nowMs}`);
  if (announces) {
    const by = pairInForce(keys, signingStateAt(changes, nowMs));
    const notBeforeMs = nowMs + signingKeyOverlapMs;
    const change = { fromKey: by.publicKey, toKey: announces.publicKey, notBeforeMs };
    await tx.execute(sql`
      insert into signing_key_change
      select ${operatorId}, coalesce(max(change_no), 0) + 1, ${change.fromKey}, ${change.toKey},
             ${notBeforeMs}, ${signText(by, signingKeyChangeText(change))}, ${nowMs}
        from signing_key_change where operator_id = ${operatorId}`);
  }
  const state = signingStateAt(await readSigningKeyChanges(tx, operatorId), nowMs);
  await keepKey(tx, operatorId, pairInForce(keys, state).publicKey);
  return state;
}

async function readKeptKey(tx: Tx, operatorId: OperatorId): Promise<string | undefined> {
  const { rows } = await tx.execute<{ signing_key: string | null }>(sql`
    select signing_key from config_basis where operator_id = ${operatorId} for update`);
  return rows[0]?.signing_key ?? undefined;
}

/** Before the first start there is no digest; nothing is equal to none. */
const keepKey = (tx: Tx, operatorId: OperatorId, publicKey: string) =>
  tx.execute(sql`
    insert into config_basis (operator_id, digest, signing_key) values (${operatorId}, '', ${publicKey})
    on conflict (operator_id) do update set signing_key = excluded.signing_key`);
