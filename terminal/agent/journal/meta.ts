import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';

/** Small single values beside the journal. Each is a cache of something the cloud knows, or a position in it. */
export type MetaKey =
  /** Position up to which the uplink is done: the cloud has the entry, or its order stands in refused_orders. */
  | 'acked-position'
  /** Cursor of the last result from the cloud that was applied. */
  | 'results-cursor'
  /** Terminal id, server key: JSON of Identity. */
  | 'identity'
  /** The signed configuration as received: JSON of SignedConfig. */
  | 'config'
  /** When the cloud last answered a heartbeat: JSON {wallMs}. */
  | 'contact'
  /** Which device serves which role: JSON, see devices/stored/device-store.ts. */
  | 'devices'
  /** Which box was given which sale last: JSON, see checkout/box/box-of-sale.ts. */
  | 'box-of-sale'
  /** What printers were found to answer: JSON, see devices/stored/capability-store.ts. */
  | 'printer-capabilities'
  /** Which logo each printer keeps: JSON, see devices/stored/logo-store.ts. */
  | 'printer-logos'
  /** How the shop's receipts look: JSON of ReceiptTemplate. No cache: the till is its only home. */
  | 'receipt-template'
  /** When the file was last backed up and checked, and with what result: JSON, see store/store-keeper.ts. */
  | 'store-keeping'
  /** Parked entries and refused epochs: JSON, see uplink/set-aside.ts. */
  | 'set-aside';

export const getMeta = (read: ReadHandle, key: MetaKey): string | undefined =>
  read.one<{ value: string }>('SELECT value FROM meta WHERE key = $key', { key })?.value;

export const setMeta = (tx: WriteHandle, key: MetaKey, value: string): void =>
  tx.run(
    `INSERT INTO meta (key, value) VALUES ($key, $value)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    { key, value },
  );

export const getMetaNumber = (read: ReadHandle, key: MetaKey): number =>
  Number(getMeta(read, key) ?? '0');
