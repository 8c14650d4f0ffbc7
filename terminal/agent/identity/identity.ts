import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  ConfigPayloadSchema,
  NextSigningKeySchema,
  PublicKeySchema,
  SignedConfigSchema,
  type ConfigPayload,
  type SignedConfig,
} from '#shared/wire/v1/terminals.ts';
import { TerminalIdSchema } from '#shared/wire/v1/common.ts';
import { signerOf } from '#terminal/agent/identity/pinned-keys.ts';
import { getMeta } from '#terminal/agent/journal/meta.ts';
import type { ReadHandle } from '#terminal/agent/journal/handles.ts';

/** Who this till is to the cloud, and which key the cloud signs with. */
export const IdentitySchema = Type.Object({
  terminalId: TerminalIdSchema,
  serverPublicKey: PublicKeySchema,
  /** The one that takes its place, announced under it; absent: none. */
  nextServerKey: Type.Optional(NextSigningKeySchema),
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
  // It was kept with the key that signed it, so no clock is asked whether a next one may sign by now.
  const opened = openConfig(value, who, 0);
  return opened.ok ? opened.value.config : undefined;
}

/**
 * Opens a configuration from the cloud at `nowMs` of the cloud's time, and says what is pinned when it is in force: the
 * key that signed it, and the next one that it announces. Errors: signed by no key that follows from the pinned one, not
 * for this till, or not a configuration.
 */
export function openConfig(
  signed: SignedConfig,
  who: Identity,
  nowMs: number,
): Result<
  { readonly config: ConfigPayload; readonly who: Identity },
  { readonly type: 'config-signature-invalid' }
> {
  const serverPublicKey = signerOf(signed, who, nowMs);
  if (serverPublicKey === undefined) return err({ type: 'config-signature-invalid' });
  // The signature is over the text: a field that a newer cloud says besides is dropped here, not held against it.
  const config = configPayload.Clean(parseJson(signed.payload));
  if (!configPayload.Check(config) || config.terminalId !== who.terminalId)
    return err({ type: 'config-signature-invalid' });
  const { nextSigningKey: nextServerKey } = config;
  const next = nextServerKey === undefined ? {} : { nextServerKey };
  return ok({ config, who: { terminalId: who.terminalId, serverPublicKey, ...next } });
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
