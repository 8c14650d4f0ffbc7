import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { scriptSecrets } from '#terminal/main/testing/scripted-shell.ts';
import { loadWrapKey, wrapKeyFileName } from '#terminal/main/wrap-key.ts';

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'greentill-wrap-'));
  folders.push(folder);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

test('the key is made once, is 32 bytes, and stands in no file as it is', () => {
  const folder = newFolder();
  const first = loadWrapKey(scriptSecrets('user'), folder);
  expect(loadWrapKey(scriptSecrets('user'), folder)).toEqual(first);
  const key = first.type === 'key' ? first.key : '';
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  const file = path.join(folder, wrapKeyFileName);
  expect(readFileSync(file).includes(key)).toBe(false);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('another user, or a damaged file, is locked out, and the file stays', () => {
  const folder = newFolder();
  const file = path.join(folder, wrapKeyFileName);
  loadWrapKey(scriptSecrets('user'), folder);
  const bytes = readFileSync(file);
  expect(loadWrapKey(scriptSecrets('somebody else'), folder)).toEqual({ type: 'locked' });
  expect(readFileSync(file)).toEqual(bytes);
  writeFileSync(file, 'rubbish');
  expect(loadWrapKey(scriptSecrets('user'), folder)).toEqual({ type: 'locked' });
});
