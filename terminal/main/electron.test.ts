import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it } from 'vitest';
import type { StoreTask } from '#terminal/agent/store/store-tasks.ts';
import { activateFolder } from '#terminal/agent/testing/activated-folder.ts';
import { buildDesktop } from '#terminal/main/build.ts';
import { runDesktopStore } from '#terminal/main/desktop-store.ts';
import { findElectron } from '#terminal/main/electron-binary.ts';
import { createScriptedShell } from '#terminal/main/testing/scripted-shell.ts';

const electron = findElectron();
let outDir: string;
beforeAll(async () => {
  outDir = await buildDesktop();
}, 120_000);

describe('desktop bundles', { timeout: 60_000 }, () => {
  it('keep Electron and native packages outside, and give the sandboxed preload CommonJS without Node', async () => {
    const preload = await readFile(path.join(outDir, 'preload.cjs'), 'utf8');
    expect([...preload.matchAll(/require\("([^"]+)"\)/g)].map((match) => match[1])).toEqual([
      'electron',
    ]);
    const main = await readFile(path.join(outDir, 'main.mjs'), 'utf8');
    expect(/better-sqlite3|serialport/.test(main)).toBe(false);
    for (const name of ['agent.mjs', 'store.mjs']) {
      const bundle = await readFile(path.join(outDir, name), 'utf8');
      expect(/from "better-sqlite3"/.test(bundle)).toBe(true);
      expect(/from "electron"/.test(bundle)).toBe(false);
    }
  });

  it('run a store command beside the app that asks for it', async () => {
    const main = await readFile(path.join(outDir, 'main.mjs'), 'utf8');
    expect(main).toContain('"store.mjs"');
    const folder = await mkdtemp(path.join(tmpdir(), 'greentill-bundle-'));
    const [dataDir, config] = [path.join(folder, 'data'), path.join(folder, 'till.json')];
    await activateFolder(dataDir);
    const till = { dataDir, cloudUrl: 'http://127.0.0.1:9', cashier: '王姐', devices: [] };
    await writeFile(config, JSON.stringify(till));
    const shell = createScriptedShell({ userFolder: folder });
    const said: string[] = [];
    await runDesktopStore(
      { shell, say: (text) => said.push(text), report: (text) => said.push(text) },
      { storeEntry: path.join(outDir, 'store.mjs'), args: ['check', '--config', config] },
    );
    expect(said.join()).toContain('"checked"');
    expect(shell.exits).toEqual([0]);
    await rm(folder, { recursive: true, force: true });
  });

  it('have beside the agent whatever it looks for there', async () => {
    const agent = await readFile(path.join(outDir, 'agent.mjs'), 'utf8');
    const wanted = [...agent.matchAll(/new URL\(([^,]+), import\.meta\.url\)/g)].map(
      ([, what = '']) => what,
    );
    // Another place that reads a file beside itself belongs into the build, and here.
    expect(wanted.toSorted()).toEqual(['"./glyph-pack.br"', 'workerFile']);
    expect(agent).toMatch(/workerFile = .*"store-worker\.mjs"/);
    expect(await readFile(path.join(outDir, 'glyph-pack.br'))).toEqual(
      await readFile(
        path.resolve(import.meta.dirname, '../../drivers/printer/glyphs/glyph-pack.br'),
      ),
    );
  });

  it('make and check a backup in the thread that they bring along', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'greentill-bundle-'));
    await activateFolder(dataDir);
    const done = new Promise((resolve, reject) => {
      const workerData: StoreTask = {
        type: 'backup',
        dataDir,
        folder: path.join(dataDir, 'backups'),
        nowMs: Date.now(),
      };
      const worker = new Worker(path.join(outDir, 'store-worker.mjs'), { workerData });
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    expect(await done).toMatchObject({ type: 'backed-up' });
    await rm(dataDir, { recursive: true, force: true });
  });
});

describe('real Electron', () => {
  it.skipIf(electron === undefined)(
    'opens the till (skipped where there is no Electron binary)',
    async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'greentill-electron-'));
      const config = path.join(folder, 'till.json');
      await writeFile(
        config,
        JSON.stringify({
          dataDir: path.join(folder, 'data'),
          cloudUrl: 'http://127.0.0.1:9',
          cashier: '王姐',
          devices: [],
        }),
      );
      const child = spawn(
        electron ?? '',
        [path.join(outDir, 'main.mjs'), '--config', config, '--no-sandbox'],
        { stdio: 'ignore' },
      );
      const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
      const early = await Promise.race([
        exited,
        new Promise<'running'>((resolve) => setTimeout(resolve, 8_000, 'running')),
      ]);
      expect(early).toBe('running');
      child.kill();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  );
});
