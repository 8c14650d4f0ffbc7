import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';

/** Small single values beside the journal. Each is a cache of something the cloud knows, or a position in it. */
export type MetaKey =
  /** Position up to which the cloud has every entry durably. */
  | 'acked-position'
  /** Cursor of the last result from the cloud that was applied. */
  | 'results-cursor'
  /** Terminal id, server key: JSON of Identity. */
  | 'identity'
  /** The signed configuration as received: JSON of SignedConfig. */
  | 'config'
  /** Last contact with the cloud: JSON {serverMs, wallMs}. */
  | 'contact'
  /** JSON array of epochs that the cloud called a fork. */
  | 'forked-epochs';

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
