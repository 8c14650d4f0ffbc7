import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFileAnchor } from '#cloud/ledger/seal-anchor.ts';
import type { SealHead } from '#cloud/ledger/seal-books.ts';

describe('the anchor', () => {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-anchor-'));
  const file = join(folder, 'deep', 'ledger-anchor.json');
  const head: SealHead = { runNo: 7, hash: 'ab'.repeat(32) };
  beforeAll(() => createFileAnchor(file).write(head));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is there after a restart', () => {
    expect(createFileAnchor(file).read()).toEqual(head);
    expect(createFileAnchor(join(folder, 'none')).read()).toBeUndefined();
  });

  test('that was bent is an error and not "none"', () => {
    writeFileSync(file, readFileSync(file, 'utf8').replace('ab', 'x'));
    expect(() => createFileAnchor(file).read()).toThrow(/anchor/);
  });
});
