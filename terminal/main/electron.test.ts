import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildDesktop } from '#terminal/main/build.ts';
import { findElectron } from '#terminal/main/electron-binary.ts';

const electron = findElectron();

describe('desktop bundles', () => {
  it('keep Electron and native packages outside, and give the sandboxed preload CommonJS without Node', async () => {
    const outDir = await buildDesktop();
    const preload = await readFile(path.join(outDir, 'preload.cjs'), 'utf8');
    expect([...preload.matchAll(/require\("([^"]+)"\)/g)].map((match) => match[1])).toEqual([
      'electron',
    ]);
    const main = await readFile(path.join(outDir, 'main.mjs'), 'utf8');
    expect(/better-sqlite3|serialport/.test(main)).toBe(false);
    const agent = await readFile(path.join(outDir, 'agent.mjs'), 'utf8');
    expect(/from "better-sqlite3"/.test(agent)).toBe(true);
    expect(/from "electron"/.test(agent)).toBe(false);
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
      const outDir = await buildDesktop();
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
