import { createHash } from 'node:crypto';

/** What a decision was made of, as it is stored and shown. bigint is written as its digits. */
export type RecordValue =
  | string
  | number
  | boolean
  | null
  | bigint
  | readonly RecordValue[]
  | { readonly [key: string]: RecordValue };

export interface SealedRecord {
  /** JSON with sorted keys and no spaces. */
  readonly text: string;
  /** SHA-256 of the text, lower-case hex. */
  readonly hash: string;
}

/**
 * The canonical text of a record and its hash. Keys are sorted, because jsonb keeps no order: whoever reads the
 * stored record can seal it again and compare.
 */
export function sealRecord(record: RecordValue): SealedRecord {
  const text = JSON.stringify(canonical(record));
  return { text, hash: createHash('sha256').update(text).digest('hex') };
}

function canonical(value: RecordValue): unknown {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return value.map((item: RecordValue) => canonical(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item)]));
}
