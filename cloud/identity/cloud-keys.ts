import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  exportKeyPair,
  generateKeyPair,
  importKeyPair,
  type KeyPair,
} from '#cloud/identity/ed25519.ts';
import { createIssuerKeys, parseIssuerKey, type IssuerKeys } from '#cloud/identity/issuer-keys.ts';
import type { CloudConfig } from '#cloud/platform/config.ts';

export interface CloudKeys {
  /** Signs terminal configuration; its public half is pinned by a terminal at activation. */
  readonly signing: KeyPair;
  /** Takes its place when its time has come (signing-key-changes.ts); undefined: no change is on. */
  readonly nextSigning: KeyPair | undefined;
  /** Signs the seals of the books, and hashes of payers and charges are derived of it: it never changes. */
  readonly seal: KeyPair;
  /** Signs member codes. A key of its own: a till must never take a configuration for a code. */
  readonly issuer: IssuerKeys;
}

/** Keys from the environment, else made once and kept in `{dataFolder}/keys`, readable by the owner only. */
export function loadCloudKeys(
  config: Pick<
    CloudConfig,
    | 'dataFolder'
    | 'cloudSigningKey'
    | 'cloudNextSigningKey'
    | 'cloudSealKey'
    | 'issuerSigningKey'
    | 'issuerOtherKeys'
  >,
): CloudKeys {
  const folder = join(config.dataFolder, 'keys');
  const signing = textOf({ folder, name: 'cloud-signing', given: config.cloudSigningKey });
  return {
    signing: importKeyPair(signing),
    nextSigning:
      config.cloudNextSigningKey === undefined
        ? undefined
        : importKeyPair(config.cloudNextSigningKey),
    seal: sealKeyOf(folder, config, signing),
    issuer: createIssuerKeys(
      parseIssuerKey(textOf({ folder, name: 'issuer-signing', given: config.issuerSigningKey })),
      config.issuerOtherKeys.map(parseIssuerKey),
    ),
  };
}

/** A signing key that lies in the folder leaves a copy there that stays when it changes. */
function sealKeyOf(
  folder: string,
  given: Pick<CloudConfig, 'cloudSigningKey' | 'cloudSealKey'>,
  signing: string,
): KeyPair {
  const name = 'cloud-seal';
  const isKept = existsSync(fileOf(folder, name)) || given.cloudSigningKey === undefined;
  const text = given.cloudSealKey ?? (isKept ? undefined : signing);
  return importKeyPair(textOf({ folder, name, given: text, made: () => signing }));
}

const fileOf = (folder: string, name: string): string => join(folder, `${name}.key`);

function textOf(options: {
  readonly folder: string;
  readonly name: string;
  readonly given: string | undefined;
  readonly made?: () => string;
}): string {
  if (options.given !== undefined) return options.given;
  const file = fileOf(options.folder, options.name);
  if (!existsSync(file)) {
    const { made = () => exportKeyPair(generateKeyPair()) } = options;
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    // Renamed into place: a crash must not leave half a key that would be read next time.
    writeFileSync(`${file}.part`, made(), { mode: 0o600, flush: true });
    renameSync(`${file}.part`, file);
  }
  return readFileSync(file, 'utf8').trim();
}
