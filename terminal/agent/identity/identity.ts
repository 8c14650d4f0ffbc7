import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  ConfigPayloadSchema,
  PublicKeySchema,
  SignedConfigSchema,
  type ConfigPayload,
  type SignedConfig,
} from '#shared/wire/v1/terminals.ts';
import { TerminalIdSchema } from '#shared/wire/v1/common.ts';
import { verifySignature } from '#terminal/agent/identity/device-key.ts';
import { getMeta } from '#terminal/agent/journal/meta.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';

/** Who this till is to the cloud, and which key the cloud signs with. */
export const IdentitySchema = Type.Object({
  terminalId: TerminalIdSchema,
  serverPublicKey: PublicKeySchema,
});
export type Identity = Static<typeof IdentitySchema>;

const identity = Compile(IdentitySchema);
const signedConfig = Compile(SignedConfigSchema);
const configPayload = Compile(ConfigPayloadSchema);

export const readIdentity = (read: ReadHandle): Identity | undefined =>
  identityOf(getMeta(read, 'identity'));

/** An identity from its stored text. */
export function identityOf(text: string | undefined): Identity | undefined {
  const value = parseJson(text);
  return identity.Check(value) ? value : undefined;
}

/** The configuration in force, verified again on every start: a file edited by hand does not count. */
export function readConfig(read: ReadHandle, who: Identity): ConfigPayload | undefined {
  const value = parseJson(getMeta(read, 'config'));
  if (!signedConfig.Check(value)) return undefined;
  const opened = openConfig(value, who);
  return opened.ok ? opened.value : undefined;
}

/** Opens a configuration from the cloud. Errors: not signed by it, not for this till, or not a configuration. */
export function openConfig(
  signed: SignedConfig,
  who: Identity,
): Result<ConfigPayload, { readonly type: 'config-signature-invalid' }> {
  const { payload: text, signature } = signed;
  if (!verifySignature({ text, signature, publicKey: who.serverPublicKey }))
    return err({ type: 'config-signature-invalid' });
  // The signature is over the text: a field that a newer cloud says besides is dropped here, not held against it.
  const value = configPayload.Clean(parseJson(text));
  if (!configPayload.Check(value) || value.terminalId !== who.terminalId)
    return err({ type: 'config-signature-invalid' });
  return ok(value);
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
