import { readFile } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { err, ok, type Result } from '#shared/result/result.ts';
import { CashierSchema } from '#shared/wire/v1/common.ts';
import type { TerminalError } from '#terminal/ipc/terminal-api.ts';

/**
 * The till's configuration file (JSON). Everything that the shop's owner may change lies in the cloud's signed
 * configuration instead; this file says only what belongs to the machine.
 */
const object = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

const Name = Type.String({ minLength: 1, maxLength: 64 });

export const TransportConfigSchema = Type.Union([
  object({
    type: Type.Literal('serial'),
    /** "/dev/ttyUSB0", "COM3" or a pty. */
    path: Type.String({ minLength: 1, maxLength: 160 }),
    /** Bits per second; 115200 when absent. */
    baudRate: Type.Optional(Type.Integer({ minimum: 300, maximum: 4_000_000 })),
  }),
  object({
    type: Type.Literal('tcp'),
    host: Type.String({ minLength: 1, maxLength: 160 }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  }),
  /** A transport handed to createAgent under this name: tests and the demo. */
  object({ type: Type.Literal('memory'), name: Name }),
]);
export type TransportConfig = Static<typeof TransportConfigSchema>;

export const DeviceConfigSchema = Type.Union([
  object({ role: Type.Literal('scanner'), name: Name, transport: TransportConfigSchema }),
  object({
    role: Type.Literal('printer'),
    name: Name,
    transport: TransportConfigSchema,
    /** Paper width in millimetres; 80 when absent. */
    paperMm: Type.Optional(Type.Union([Type.Literal(58), Type.Literal(80)])),
  }),
  /** A drawer hangs on the printer's drawer port: it has no wire of its own. */
  object({
    role: Type.Literal('drawer'),
    name: Name,
    transport: object({ type: Type.Literal('printer') }),
  }),
]);
export type DeviceConfig = Static<typeof DeviceConfigSchema>;

export const ConfigSchema = object({
  /** Holds the journal, the device key and the writer lock. Made when missing; relative to the working folder. */
  dataDir: Type.String({ minLength: 1, maxLength: 400 }),
  /** Origin of the cloud, e.g. "http://127.0.0.1:7300"; no trailing slash. */
  cloudUrl: Type.String({ pattern: '^https?://[^/\\s]{1,200}$' }),
  cashier: CashierSchema,
  /** What this machine is, shown in the cloud's device list. */
  model: Type.Optional(Name),
  /** At most one device per role. */
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
