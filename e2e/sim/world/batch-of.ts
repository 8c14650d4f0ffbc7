import { gunzipSync } from 'node:zlib';
import type { Batch } from '#shared/wire/v1/journal.ts';

export const batchesPath = '/v1/journal/batches';

/** The journal batch in the body of a request, packed or not. */
export function batchOf(body: Uint8Array): Batch {
  const isPacked = body[0] === 0x1f && body[1] === 0x8b;
  const text = Buffer.from(isPacked ? gunzipSync(body) : body).toString('utf8');
  return JSON.parse(text) as Batch;
}
