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
  /** Signs member codes. A key of its own: a till must never take a configuration for a code. */
  readonly issuer: IssuerKeys;
}

/** Keys from the environment, else made once and kept in `{dataFolder}/keys`, readable by the owner only. */
export function loadCloudKeys(
  config: Pick<
    CloudConfig,
    'dataFolder' | 'cloudSigningKey' | 'issuerSigningKey' | 'issuerOtherKeys'
  >,
): CloudKeys {
  const folder = join(config.dataFolder, 'keys');
  return {
    signing: importKeyPair(
      textOf({ folder, name: 'cloud-signing', given: config.cloudSigningKey }),
    ),
    issuer: createIssuerKeys(
      parseIssuerKey(textOf({ folder, name: 'issuer-signing', given: config.issuerSigningKey })),
      config.issuerOtherKeys.map(parseIssuerKey),
    ),
  };
}

function textOf(options: { folder: string; name: string; given: string | undefined }): string {
  if (options.given !== undefined) return options.given;
  const file = join(options.folder, `${options.name}.key`);
  if (!existsSync(file)) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    // Renamed into place: a crash must not leave half a key that would be read next time.
    writeFileSync(`${file}.part`, exportKeyPair(generateKeyPair()), { mode: 0o600, flush: true });
    renameSync(`${file}.part`, file);
  }
  return readFileSync(file, 'utf8').trim();
}
