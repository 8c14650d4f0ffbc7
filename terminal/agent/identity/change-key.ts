import { rotationProofText } from '#shared/wire/v1/signing.ts';
import { RotationAnswerSchema } from '#shared/wire/v1/terminals.ts';
import type { KeyRing, Signer } from '#terminal/agent/identity/device-key.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';

/** Refusals after which the same change is never made: the key in force stays. */
const final = new Set<string>(['key-rotation-refused', 'rotation-proof-invalid']);

/**
 * Finishes the change of keys that is on, if one is. Safe to cut anywhere: both keys rest on disk until the cloud has
 * confirmed, and the cloud answers the same change again, whichever of the two signs. The new key signs only when the
 * cloud no longer knows the old one: then an answer was lost more than seven days ago.
 */
export async function finishKeyChange(deps: {
  readonly key: KeyRing;
  readonly cloud: CloudClient;
  readonly terminalId: string;
}): Promise<void> {
  const { key, cloud, terminalId } = deps;
  const next = key.next();
  if (!next) return;
  const { publicKey } = next;
  const text = rotationProofText({ terminalId, oldPublicKey: key.publicKey, publicKey });
  const proof = next.sign(text).toString('base64url');
  const ask = (signer: Signer) =>
    cloud.call({
      method: 'POST',
      path: '/v1/terminals/me/key',
      body: { publicKey, proof },
      answer: RotationAnswerSchema,
      signer,
    });
  let answer = await ask(key);
  if (!answer.ok && answer.error.code === 'signature-invalid') answer = await ask(next);
  if (answer.ok && answer.value.publicKey === publicKey) key.finishChange();
  if (!answer.ok && final.has(answer.error.code)) key.dropChange();
}
