import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { errorAreas, generatedDocs } from './generated-docs.ts';

const root = join(import.meta.dirname, '..');

/** Paths of generated documents that are missing, different or left over. */
async function staleDocs(read: (path: string) => string | undefined): Promise<readonly string[]> {
  const docs = await generatedDocs();
  const changed = [...docs].filter(([path, text]) => read(path) !== text).map(([path]) => path);
  const leftOver = readdirSync(join(root, 'docs/wire'))
    .map((name) => `docs/wire/${name}`)
    .filter((path) => path.endsWith('.schema.json') && !docs.has(path));
  return [...changed, ...leftOver];
}

function readDoc(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

test('docs/errors.md and docs/wire/*.schema.json say what the code says: else run node .ci/generate-docs.ts', async () => {
  expect(await staleDocs(readDoc)).toEqual([]);
});

test('planted violation: one changed character and one missing file are both noticed', async () => {
  const changed = 'docs/errors.md';
  const missing = 'docs/wire/batch.schema.json';
  const read = (path: string) => {
    if (path === missing) return undefined;
    return path === changed ? `${readDoc(path)} ` : readDoc(path);
  };
  expect(await staleDocs(read)).toEqual([changed, missing]);
});

test('every code of the catalogue stands in one area of docs/errors.md', async () => {
  const documented = [...(await errorAreas()).values()].flatMap((area) => Object.keys(area));
  expect(documented.toSorted()).toEqual(Object.keys(errorCatalogue).toSorted());
});
