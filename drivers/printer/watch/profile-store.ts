import type { PrinterCapabilities } from '#drivers/printer/watch/printer-capabilities.ts';

/** Who a printer says it is (GS I 67, GS I 68), and where it was found. null: it does not say. */
export interface PrinterIdentity {
  readonly model: string | null;
  readonly serial: string | null;
  /** Address of the transport. */
  readonly port: string;
}

/**
 * Where the results of probes are kept, so that a printer is not probed at every start. Both calls are made rarely and
 * may read or write a small file. A store that fails answers null, and the printer is probed again.
 */
export interface ProfileStore {
  load(identity: string): PrinterCapabilities | null;
  save(identity: string, capabilities: PrinterCapabilities): void;
}

/** Keeps nothing: every start probes. */
export const forgetfulStore: ProfileStore = { load: () => null, save: () => undefined };

/**
 * The key of a printer: its serial number if it has one; else model and port, because two of one model may hang on one
 * till; else the port alone.
 */
export function identityKey({ model, serial, port }: PrinterIdentity): string {
  if (serial !== null) return `serial ${model ?? '?'} ${serial}`;
  return model === null ? `port ${port}` : `model ${model} at ${port}`;
}

/**
 * Keeps what a probe found. A yes is a proof; a no may have been a slow answer, and would take a printer's word from it
 * for life: one that says no to anything is asked again at the next start, until two probes agree on every no.
 * `doubted`: a job that went unconfirmed was the first no already.
 */
export function remember(
  store: ProfileStore,
  found: {
    readonly identity: string;
    readonly capabilities: PrinterCapabilities;
    readonly doubted: boolean;
  },
): void {
  const { identity, capabilities, doubted } = found;
  const heardOnce = `once ${identity}`;
  const before = store.load(heardOnce);
  const isSure =
    doubted || flagNames.every((flag) => capabilities[flag] || before?.[flag] === false);
  store.save(isSure ? identity : heardOnce, capabilities);
}

/** Reads what a store kept; null when it is not the record of a probe. Data from our own disk is an edge too. */
export function parseCapabilities(value: unknown): PrinterCapabilities | null {
  if (typeof value !== 'object' || value === null) return null;
  const flags = new Map<string, unknown>(Object.entries(value));
  const flag = (name: keyof PrinterCapabilities): boolean => flags.get(name) === true;
  if (flags.size !== flagNames.length) return null;
  if (!flagNames.every((name) => typeof flags.get(name) === 'boolean')) return null;
  return {
    realTimeStatus: flag('realTimeStatus'),
    processId: flag('processId'),
    fence: flag('fence'),
    cutCounter: flag('cutCounter'),
    autoStatus: flag('autoStatus'),
  };
}

const flagNames: readonly (keyof PrinterCapabilities)[] = [
  'realTimeStatus',
  'processId',
  'fence',
  'cutCounter',
  'autoStatus',
];
