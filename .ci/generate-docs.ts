import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allTables } from '#lab/command/tables.ts';
import { economicsPage } from './economics-page.ts';
import { generatedDocs } from './generated-docs.ts';

/**
 * node .ci/generate-docs.ts: writes docs/errors.md, the tables of docs/payments.md and
 * docs/economics.md and docs/wire/*.schema.json, and removes schemas that are gone.
 */
const root = join(import.meta.dirname, '..');
const wire = join(root, 'docs/wire');
const docs = await generatedDocs();
mkdirSync(wire, { recursive: true });
for (const name of readdirSync(wire)) {
  if (name.endsWith('.schema.json') && !docs.has(`docs/wire/${name}`)) rmSync(join(wire, name));
}
for (const [path, text] of docs) writeFileSync(join(root, path), text);
writeFileSync(join(root, 'docs/economics.md'), await economicsPage(allTables()));
process.stdout.write(`${docs.size + 1} documents written\n`);
