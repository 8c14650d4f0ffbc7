import Type from 'typebox';
import { readBookSeals, readSealRuns } from '#cloud/ledger/read-seals.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';

/** The largest integer of the database. */
const runNoMax = 2_147_483_647;

const RunSchema = Type.Object({
  runNo: Type.Integer(),
  afterNo: Type.Integer(),
  throughNo: Type.Integer(),
  booksCount: Type.Integer(),
  rowsCount: Type.Integer(),
  prevHash: Type.String(),
  hash: Type.String(),
  sealedAtMs: Type.Integer(),
  keyId: Type.String(),
  signature: Type.String(),
});

const BookSealSchema = Type.Object({
  book: Type.String(),
  rowsCount: Type.Integer(),
  prevHash: Type.String(),
  hash: Type.String(),
});

/**
 * GET /admin/v1/ledger-seals?afterRun=N                the chain over all books, 500 runs at a time
 * GET /admin/v1/ledger-seals/{runNo}/books?afterBook=  what one run holds, 1,000 books at a time
 *
 * An auditor who keeps what he read finds out by himself whether the books that he sees later are still those.
 */
export function registerSealRoutes(
  app: CloudApp,
  { db, operatorId, keys }: Pick<CloudDeps, 'db' | 'operatorId' | 'keys'>,
): void {
  const runs = {
    summary: 'Signed seals of the books',
    querystring: Type.Object({
      afterRun: Type.Integer({ minimum: 0, maximum: runNoMax, default: 0 }),
    }),
    response: { 200: Type.Object({ keyId: Type.String(), runs: Type.Array(RunSchema) }) },
  };
  app.get('/admin/v1/ledger-seals', { schema: runs }, async (request) => {
    const { afterRun } = request.query;
    const found = await readSealRuns(db, { operatorId, afterRun });
    return { keyId: keys.seal.publicKey, runs: [...found] };
  });

  const books = {
    summary: 'What one run of seals holds, book by book',
    params: Type.Object({ runNo: Type.Integer({ minimum: 1, maximum: runNoMax }) }),
    querystring: Type.Object({ afterBook: Type.Optional(Type.String({ maxLength: 64 })) }),
    response: { 200: Type.Object({ seals: Type.Array(BookSealSchema) }) },
  };
  app.get('/admin/v1/ledger-seals/:runNo/books', { schema: books }, async (request) => {
    const { afterBook } = request.query;
    const { runNo } = request.params;
    return { seals: [...(await readBookSeals(db, { operatorId, runNo, afterBook }))] };
  });
}
