import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAgainMax } from './failed-files.ts';

const root = path.resolve(import.meta.dirname, '..');
const bin = path.join(root, 'node_modules/.bin');

describe('the second run of what failed', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'greentill-again-'));
    mkdirSync(path.join(folder, 'out'));
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const leave = (files: readonly string[]): void =>
    writeFileSync(path.join(folder, 'out/failed-files.txt'), files.join('\n'));
  const plant = (file: string, equal: number): void =>
    writeFileSync(
      path.join(folder, file),
      `import { expect, it } from 'vitest';\nit('adds', () => expect(1 + 1).toBe(${equal}));\n`,
    );
  function runAgain() {
    const { status, stderr } = spawnSync('node', [path.join(root, '.ci/run-again.ts')], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` },
    });
    return { status, stderr };
  }

  it('is red again where the file is broken, however often it runs', () => {
    plant('sound.test.ts', 2);
    plant('broken.test.ts', 3);
    leave(['sound.test.ts', 'broken.test.ts']);
    const { status, stderr } = runAgain();
    expect(status).toBe(1);
    expect(stderr).toMatch(/and alone:\n {2}- sound.test.ts\n {2}- broken.test.ts/u);
  });

  it('is green where the file passes alone, and names it', () => {
    plant('sound.test.ts', 2);
    leave(['sound.test.ts']);
    const { status, stderr } = runAgain();
    expect(status).toBe(0);
    expect(stderr).toMatch(/passed alone:\n {2}- sound.test.ts/u);
  });

  it('does not take place where no file is to blame, or more than timing explains', () => {
    expect(runAgain().status).toBe(1);
    plant('sound.test.ts', 2);
    leave(Array.from({ length: runAgainMax + 1 }, () => 'sound.test.ts'));
    expect(runAgain().status).toBe(1);
  });
});
