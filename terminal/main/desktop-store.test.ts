import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { getOrThrow } from '#shared/result/result.ts';
import { openDeviceKey } from '#terminal/agent/identity/device-key.ts';
import { createOsStoreProtector } from '#terminal/agent/identity/key-protector.ts';
import { activateFolder } from '#terminal/agent/testing/activated-folder.ts';
import { storeArgsOf } from '#terminal/ipc/store-command.ts';
import { runDesktopStore } from '#terminal/main/desktop-store.ts';
import type { OsSecrets } from '#terminal/main/shell-port.ts';
import { createScriptedShell, scriptSecrets } from '#terminal/main/testing/scripted-shell.ts';
import { loadWrapKey, wrapKeyFileName } from '#terminal/main/wrap-key.ts';

const storeEntry = path.resolve(import.meta.dirname, '../agent/store-process.ts');
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A till that was activated, and whose key a store of this user seals; nobody listens at its cloud's address. */
async function sealedTill(secrets: OsSecrets | undefined) {
  const folder = mkdtempSync(path.join(tmpdir(), 'greentill-desktop-store-'));
  folders.push(folder);
  const [dataDir, userFolder] = [path.join(folder, 'data'), path.join(folder, 'user')];
  await activateFolder(dataDir);
  if (secrets) {
    const kept = loadWrapKey(secrets, userFolder);
    const wrapKey = Buffer.from(kept.type === 'key' ? kept.key : '', 'base64');
    getOrThrow(openDeviceKey(dataDir, createOsStoreProtector(wrapKey)));
  }
  const config = path.join(folder, 'till.json');
  const cloudUrl = 'http://127.0.0.1:9';
  writeFileSync(config, JSON.stringify({ dataDir, cloudUrl, cashier: '王姐', devices: [] }));
  return { dataDir, userFolder, config };
}

async function run(
  till: { readonly userFolder: string; readonly config: string },
  secrets: OsSecrets | undefined,
  ...words: readonly string[]
) {
  const shell = createScriptedShell({
    userFolder: till.userFolder,
    ...(secrets ? { secrets } : {}),
  });
  const [said, reported]: [string[], string[]] = [[], []];
  await runDesktopStore(
    { shell, say: (text) => said.push(text), report: (text) => reported.push(text) },
    { storeEntry, args: [...words, '--config', till.config] },
  );
  expect(shell.windows).toEqual([]);
  expect(shell.exits).toHaveLength(1);
  return { exitCode: shell.exits[0], said: said.join('\n'), reported: reported.join('\n') };
}

const nothing = () => expect.unreachable();
const user = scriptSecrets('王姐');

describe('a store command of the desktop app', { timeout: 120_000 }, () => {
  test('is what stands behind its switch; without the switch the app sells', () => {
    const words = ['restore', '--config', 'till.json', '--alone'];
    expect(storeArgsOf(['main.mjs', '--store', ...words])).toEqual(words);
    expect(storeArgsOf(['main.mjs', '--config', 'till.json', '--kiosk'])).toBeUndefined();
  });

  test('ends the app with the output and the code of the command, and opens no window', async () => {
    const till = await sealedTill(user);
    const made = await run(till, user, 'backup');
    expect(made).toMatchObject({ exitCode: 0, reported: '' });
    expect(JSON.parse(made.said)).toMatchObject({ type: 'backed-up' });
    expect((await run(till, user, 'backups')).said).toContain('.db');
    const unknown = await run(till, user, 'rubbish');
    expect(unknown).toMatchObject({ exitCode: 1, said: '' });
    expect(unknown.reported).toContain('usage');
  });

  test('asks the cloud with the key that the store of the system guards', async () => {
    const till = await sealedTill(user);
    const asked = await run(till, user, 'salvage');
    expect(asked).toMatchObject({ exitCode: 1, said: '' });
    // Nobody listens there: it came as far as asking, which takes the key.
    expect(asked.reported).toContain('cloud-unreachable');
    const alone = await run(till, user, 'salvage', '--alone');
    expect(alone).toMatchObject({ exitCode: 0, reported: '' });
    expect(JSON.parse(alone.said)).toMatchObject({ withCloud: false });
  });

  test.each<[string, OsSecrets | undefined]>([
    ['another user', scriptSecrets('somebody else')],
    ['a machine without a store', undefined],
  ])('%s is told that the key does not open; nothing is changed', async (_who, secrets) => {
    const till = await sealedTill(user);
    const files = () => ({
      key: readFileSync(path.join(till.dataDir, 'device-keys.json')),
      wrap: readFileSync(path.join(till.userFolder, wrapKeyFileName)),
      journal: readFileSync(path.join(till.dataDir, 'journal.db')),
    });
    const before = files();
    const refused = await run(till, secrets, 'salvage');
    expect(refused).toMatchObject({ exitCode: 1, said: '' });
    expect(refused.reported).toContain('device-key-unreadable');
    expect(refused.reported).toContain('--alone');
    expect(refused.reported).toContain('npm run desktop -- --store salvage --config');
    expect(files()).toEqual(before);
  });

  test('makes no key of its own where there is none', async () => {
    const till = await sealedTill(undefined);
    expect(await run(till, user, 'salvage')).toMatchObject({ exitCode: 1 });
    expect(readdirSync(path.dirname(till.userFolder))).not.toContain('user');
    expect(readFileSync(path.join(till.dataDir, 'device-keys.json'), 'utf8')).toContain(
      'file-mode',
    );
  });

  test('whose process dies without a word ends with a code that is not 0', async () => {
    const till = await sealedTill(undefined);
    const shell = createScriptedShell({ userFolder: till.userFolder });
    const silent = path.join(till.dataDir, 'silent.mjs');
    writeFileSync(silent, 'process.exit(0)');
    const deps = { shell, say: nothing, report: nothing };
    await runDesktopStore(deps, { storeEntry: silent, args: ['backups'] });
    expect(shell.exits).toEqual([1]);
  });
});
