import { gunzipSync } from 'node:zlib';
import Fastify from 'fastify';
import type { Batch, BatchAnswer } from '#shared/wire/v1/journal.ts';

/**
 * A process of its own: answers journal batches as the cloud does, after inflating and parsing them, and keeps
 * nothing. What it does per second is the limit of the client and of HTTP.
 */
const app = Fastify({ bodyLimit: 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/v1/journal/batches', (request): BatchAnswer => {
  const raw = request.body as Buffer;
  const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
  const batch = JSON.parse(text.toString('utf8')) as Batch;
  const last = batch.entries.at(-1);
  return {
    ackedThrough: last?.seq ?? 0,
    headHash: last?.hash ?? '',
    verdicts: batch.entries.map(({ seq }) => ({ seq, verdict: 'accepted' })),
  };
});
const origin = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`ready ${origin}`);
