import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { stageOpenMsMax } from '../stage/stage.ts';
import { portsInUse } from './ports.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'greentill-start-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const attemptsMax = 20;

/** A port that is free now, and so are the ones at 10, 20 and 30 above it. */
async function freeBase(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const four = [port, port + 10, port + 20, port + 30];
    if (port <= 65_500 && (await portsInUse(four)).length === 0) return port;
  }
  throw new Error('no four free ports');
}

it(
  'the second command of the README opens everything, says where it is, and ends by Ctrl+C',
  async () => {
    const entry = path.resolve(import.meta.dirname, 'start.ts');
    const args = [entry, '--folder', folder, '--port-base', String(await freeBase())];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = new Promise<number | null>((resolve) => void child.once('exit', resolve));
    let said = '';
    const isOpen = new Promise<void>((resolve) => {
      const hear = (chunk: Buffer): void => {
        said += chunk.toString('utf8');
        if (said.includes('Ctrl+C stops')) resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
    });
    try {
      await Promise.race([isOpen, ended]);
      expect(said).toContain('Greentill 绿点收银 is open');
      const pages = ['virtual counter', 'till', 'cloud API', 'disclosure'].map(
        (name) => new RegExp(`^ {2}${name} +(http\\S+)$`, 'm').exec(said)?.[1] ?? name,
      );
      const answers = await Promise.all(pages.map(async (page) => (await fetch(page)).status));
      expect(answers).toEqual([200, 200, 200, 200]);
    } finally {
      child.kill('SIGINT');
    }
    expect(await ended).toBe(0);
  },
  stageOpenMsMax,
);
