import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { AuditSpan } from '#cloud/disclosure/audit/audit-tables.ts';
import {
  inOneMoment,
  manifestName,
  manifestText,
  writeAudit,
  type Manifest,
} from '#cloud/disclosure/audit/write-audit.ts';
import type { Db } from '#cloud/platform/db.ts';

/** Exports into a folder; the manifest is written last, so that a folder that has one is whole. */
export async function exportAudit(
  db: Db,
  span: AuditSpan,
  { folder }: { readonly folder: string },
): Promise<Manifest> {
  mkdirSync(folder, { recursive: true });
  const manifest = await inOneMoment(db, (tx) =>
    writeAudit(tx, span, (name) => Promise.resolve(fileSink(join(folder, name)))),
  );
  writeFileSync(join(folder, manifestName), manifestText(manifest));
  return manifest;
}

function fileSink(path: string) {
  const stream = createWriteStream(path);
  return {
    async write(text: string) {
      if (!stream.write(text)) await once(stream, 'drain');
    },
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}
