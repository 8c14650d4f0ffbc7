import { gunzipSync } from 'node:zlib';
import { inflatedBytesMax } from '#cloud/platform/http/raw-body.ts';
import type { Batch } from '#shared/wire/v1/journal.ts';

/** Reads a batch that the inbox kept. It was checked against its schema before it was stored. */
export const unpackBatch = (packed: Buffer): Batch =>
  JSON.parse(gunzipSync(packed, { maxOutputLength: inflatedBytesMax }).toString('utf8')) as Batch;
