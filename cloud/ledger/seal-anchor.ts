import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { SealAnchor } from '#cloud/ledger/seal-books.ts';

const checkHead = Compile(
  Type.Object({
    runNo: Type.Integer({ minimum: 1 }),
    hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  }),
);

/**
 * The anchor as a file beside the keys: whoever can write the database cannot write here. `read`
 * throws when the file is there and cannot be read: an anchor that was bent is not the same as
 * none.
 */
export function createFileAnchor(file: string): SealAnchor {
  return {
    read() {
      if (!existsSync(file)) return undefined;
      const head: unknown = JSON.parse(readFileSync(file, 'utf8'));
      if (!checkHead.Check(head)) throw new Error(`the anchor of the seals is damaged: ${file}`);
      return head;
    },
    write({ runNo, hash }) {
      mkdirSync(dirname(file), { recursive: true });
      // Renamed into place: a crash must not leave half an anchor.
      writeFileSync(`${file}.part`, `${JSON.stringify({ runNo, hash })}\n`, {
        mode: 0o600,
        flush: true,
      });
      renameSync(`${file}.part`, file);
    },
  };
}
