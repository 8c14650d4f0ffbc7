import { readFile } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { err, ok, type Result } from '#shared/result/result.ts';
import { CashierSchema } from '#shared/wire/v1/common.ts';
import { DeviceConfigSchema } from '#terminal/ipc/devices.ts';
import type { TerminalError } from '#terminal/ipc/terminal-api.ts';

/**
 * The till's configuration file (JSON). Everything that the shop's owner may change lies in the cloud's signed
 * configuration instead; this file says only what belongs to the machine.
 */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

const Name = Type.String({ minLength: 1, maxLength: 64 });

export const ConfigSchema = object({
  /** Holds the journal, the device key and the writer lock. Made when missing; relative to the working folder. */
  dataDir: Type.String({ minLength: 1, maxLength: 400 }),
  /** Where backups of the journal go, best another disk; `backups` in `dataDir` when absent. */
  backupDir: Type.Optional(Type.String({ minLength: 1, maxLength: 400 })),
  /** Origin of the cloud, e.g. "http://127.0.0.1:7300"; no trailing slash. */
  cloudUrl: Type.String({ pattern: '^https?://[^/\\s]{1,200}$' }),
  cashier: CashierSchema,
  /** What this machine is, shown in the cloud's device list. */
  model: Type.Optional(Name),
  /** At most one device per role. These are fixed: the window can bind other roles, never change these. */
  devices: Type.Array(DeviceConfigSchema, { maxItems: 16 }),
});
export type Config = Static<typeof ConfigSchema>;

const validator = Compile(ConfigSchema);

/** Checks a parsed configuration. Errors: `config-invalid` with the first offending path. */
export function parseConfig(value: unknown): Result<Config, TerminalError> {
  if (!validator.Check(value)) {
    const first = validator.Errors(value)[0];
    return err({
      code: 'config-invalid',
      detail: `${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}`.trim(),
    });
  }
  const roles = value.devices.map((device) => device.role);
  if (new Set(roles).size !== roles.length)
    return err({ code: 'config-invalid', detail: 'two devices have the same role' });
  return ok(value);
}

/** Reads and checks a configuration file. Errors: `config-invalid` (missing, not JSON, does not fit). */
export async function loadConfig(path: string): Promise<Result<Config, TerminalError>> {
  try {
    return parseConfig(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    return err({
      code: 'config-invalid',
      detail: error instanceof Error ? error.message : String(error),
    });
  }
}
