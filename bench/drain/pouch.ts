import { createRequire } from 'node:module';

/** The little of PouchDB that the benchmark uses; the package brings no types. */
export interface PouchDatabase {
  bulkDocs(documents: readonly object[]): Promise<unknown>;
  info(): Promise<{ readonly doc_count: number }>;
  close(): Promise<void>;
  readonly replicate: {
    to(
      target: string,
      options?: { readonly batch_size?: number },
    ): Promise<{ readonly docs_written: number; readonly ok: boolean }>;
  };
}

export interface PouchConstructor {
  new (name: string): PouchDatabase;
  defaults(options: { readonly prefix: string }): PouchConstructor;
}

const requirePackage = createRequire(import.meta.url);

export const loadPouch = (): PouchConstructor => requirePackage('pouchdb') as PouchConstructor;

/** The CouchDB-compatible server of the same project, as an Express app that answers plain HTTP requests. */
export const loadPouchServer = (): ((
  pouch: PouchConstructor,
  options: { readonly mode: string; readonly inMemoryConfig: boolean; readonly logPath: string },
) => (request: unknown, response: unknown) => void) =>
  requirePackage('express-pouchdb') as ReturnType<typeof loadPouchServer>;
