import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import {
  deviceKeyFileName,
  formerKeyFileName,
  openDeviceKey,
  verifySignature,
} from '#terminal/agent/identity/device-key.ts';
import {
  createOsStoreProtector,
  type KeyProtector,
} from '#terminal/agent/identity/key-protector.ts';
import { tempFolder } from '#terminal/agent/testing/temp-store.ts';

const root = tempFolder();
afterAll(() => root.remove());
let folders = 0;
function newFolder(): string {
  folders += 1;
  const path = `${root.path}/${folders}`;
  mkdirSync(path);
  return path;
}
const open = (folder: string, protector?: KeyProtector) =>
  getOrThrow(openDeviceKey(folder, protector));
const fileOf = (folder: string) => `${folder}/${deviceKeyFileName}`;
const osStore = createOsStoreProtector(randomBytes(32));

test('the key is made once, signs, and its file belongs to the owner alone, also when somebody opened it', () => {
  const folder = newFolder();
  const key = open(folder);
  const { publicKey } = key;
  const signature = key.sign('text').toString('base64url');
  expect(verifySignature({ text: 'text', signature, publicKey })).toBe(true);
  expect(statSync(fileOf(folder)).mode & 0o777).toBe(0o600);
  chmodSync(fileOf(folder), 0o644);
  expect(open(folder).publicKey).toBe(publicKey);
  expect(statSync(fileOf(folder)).mode & 0o777).toBe(0o600);
});

test('a change outlives a stop at each step, and the secret for hashes of codes outlives the change', () => {
  const folder = newFolder();
  const before = open(folder);
  const [old, secret] = [before.publicKey, before.hashKey()];
  expect(before.beginChange()).toBe(true);
  const next = before.next()?.publicKey;
  expect(next).not.toBe(old);
  const restarted = open(folder);
  expect([restarted.publicKey, restarted.next()?.publicKey]).toEqual([old, next]);
  expect(restarted.beginChange()).toBe(true);
  expect(restarted.next()?.publicKey).toBe(next);
  expect(restarted.finishChange()).toBe(true);
  const after = open(folder);
  expect([after.publicKey, after.next()]).toEqual([next, undefined]);
  expect(after.hashKey()).toEqual(secret);
  expect(after.beginChange() && after.dropChange()).toBe(true);
  expect([open(folder).publicKey, open(folder).next()]).toEqual([next, undefined]);
});

test('a half-written new file beside the old one is no harm: the old one counts', () => {
  const folder = newFolder();
  const { publicKey } = open(folder);
  writeFileSync(`${fileOf(folder)}.part`, '{"version":1,"sea');
  const again = open(folder);
  expect(again.publicKey).toBe(publicKey);
  expect(again.beginChange()).toBe(true);
  expect(readdirSync(folder)).toEqual([deviceKeyFileName]);
});

test('a disk that refuses changes nothing, on disk and in memory', () => {
  const folder = newFolder();
  const key = open(folder);
  // A folder where the new file would be written first: every write fails, whoever runs this.
  mkdirSync(`${fileOf(folder)}.part`);
  expect(key.beginChange()).toBe(false);
  expect(key.next()).toBeUndefined();
  expect(open(folder).next()).toBeUndefined();
});

test('the key of a till from before keys could change is taken over, with the same hashes', () => {
  const folder = newFolder();
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  writeFileSync(`${folder}/${formerKeyFileName}`, pem, { mode: 0o600 });
  const key = open(folder);
  expect(key.hashKey()).toEqual(key.sign('greentill/code-hash/1').subarray(0, 32));
  expect(existsSync(`${folder}/${formerKeyFileName}`)).toBe(false);
  expect(open(folder).publicKey).toBe(key.publicKey);
});

test('with a key store of the system the private key is nowhere in the file; a plain one is sealed at the next start', () => {
  const folder = newFolder();
  const plain = open(folder);
  const bundle = JSON.parse(
    Buffer.from(
      (JSON.parse(readFileSync(fileOf(folder), 'utf8')) as { sealed: string }).sealed,
      'base64',
    ).toString(),
  ) as { current: string };
  const sealed = open(folder, osStore);
  expect(sealed.publicKey).toBe(plain.publicKey);
  const stored = JSON.parse(readFileSync(fileOf(folder), 'utf8')) as { sealed: string };
  expect(Buffer.from(stored.sealed, 'base64').includes(bundle.current)).toBe(false);
  expect(open(folder, osStore).publicKey).toBe(plain.publicKey);
});

test.each([
  ['another user of the system', createOsStoreProtector(randomBytes(32))],
  ['a start without the key store', undefined],
])('%s cannot open a sealed key, and does not replace it', (_, protector) => {
  const folder = newFolder();
  const { publicKey } = open(folder, osStore);
  const refused = openDeviceKey(folder, protector);
  expect(refused).toMatchObject({ ok: false, error: { code: 'device-key-unreadable' } });
  expect(open(folder, osStore).publicKey).toBe(publicKey);
});

test('a damaged file is said to be unreadable: a new key in its place would lose the identity', () => {
  const folder = newFolder();
  writeFileSync(fileOf(folder), 'rubbish');
  expect(openDeviceKey(folder)).toMatchObject({
    ok: false,
    error: { code: 'device-key-unreadable' },
  });
  expect(readFileSync(fileOf(folder), 'utf8')).toBe('rubbish');
});
