import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tierNames } from '../torture/tiers.ts';
import { runNight } from './night.ts';
import { nightlyParts, type Part } from './parts.ts';
import type { NightReport } from './report.ts';
import { judgePart } from './verdict.ts';

const root = path.resolve(import.meta.dirname, '../..');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

let out: string;
beforeEach(() => {
  out = mkdtempSync(path.join(tmpdir(), 'greentill-nightly-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

const page = (): string => readFileSync(path.join(out, 'report.md'), 'utf8');

/** The command with an npm that is this one line of a shell. */
function nightly(npm: string, ...words: readonly string[]): Promise<[unknown, string]> {
  writeFileSync(path.join(out, 'npm'), `#!/bin/sh\n${npm}\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${out}:${process.env['PATH'] ?? ''}` };
  const all = [path.join(root, 'e2e/nightly/main.ts'), '--out', out, ...words];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env }, (error, said) => {
      resolve([error?.code ?? 0, said]);
    });
  });
}

describe('the list of the night', () => {
  const parts = nightlyParts(7);

  it('names only what there is: scripts, tests, switches that those tests read', () => {
    for (const { command, env = {} } of parts) {
      const [program, word, ...words] = command;
      const files = words.filter((one) => one.endsWith('.test.ts'));
      if (program === 'npm') expect(Object.keys(scripts)).toContain(words[1]);
      else expect([program, word, files.length]).toEqual(['vitest', 'run', words.length]);
      const texts = files.map((file) => readFileSync(path.join(root, file), 'utf8'));
      for (const name of Object.keys(env))
        expect(texts.map((text) => text.includes(name))).not.toContain(false);
    }
  });

  it('leaves out no tier of torture, and no part has the name of another', () => {
    const tortured: readonly string[] = parts.find(({ name }) => name === 'torture')?.command ?? [];
    expect(tierNames.filter((name) => !tortured.includes(name))).toEqual(['charges']);
    expect(new Set(parts.map(({ name }) => name)).size).toBe(parts.length);
  });

  it('gives each night worlds of its own', () => {
    const worlds = [1, 2].map((seed) => nightlyParts(seed).at(-1)?.command.at(-1));
    expect(worlds).toEqual(['1..10000', '10001..20000']);
  });
});

describe('a night', () => {
  const held: Part = {
    name: 'held',
    law: 'it holds',
    command: [process.execPath, '-e', 'console.log("3 passed, 0 failed, 0 skipped")'],
    seed: 'none',
    budgetMinutes: 1,
    result: /passed/u,
  };
  const program = (name: string, text: string, change: Partial<Part> = {}): Part => ({
    ...held,
    name,
    command: [process.execPath, '-e', text],
    ...change,
  });
  const about = { commit: 'abc1234', began: 'now', cores: 2, seed: 1 };
  const run = (parts: readonly Part[], isStopped = () => false): Promise<NightReport> =>
    runNight({ parts, folder: root, out, about, say: () => undefined, isStopped });

  it('goes on behind a part that fails, names it first and tells what each said', async () => {
    const failing = program('failing', 'console.log("2 passed, 1 failed"); process.exit(1)');
    const { parts } = await run([failing, held]);
    expect(parts.map(({ name, verdict }) => [name, verdict])).toEqual([
      ['failing', 'broken'],
      ['held', 'held'],
    ]);
    expect(page()).toContain('not everything held');
    expect(page()).toContain('Look at: failing.');
    expect(page()).toContain('2 passed, 1 failed');
    expect(JSON.parse(readFileSync(path.join(out, 'report.json'), 'utf8'))).toMatchObject({
      commit: 'abc1234',
      parts: [{ name: 'failing', verdict: 'broken' }, { name: 'held' }],
    });
  });

  it('believes no part that ends well and says no result, and none that cannot be started', async () => {
    const nowhere: Part = { ...held, name: 'nowhere', command: ['no-such-program-here'] };
    const { parts } = await run([program('silent', ''), nowhere]);
    expect(parts.map(({ verdict }) => verdict)).toEqual(['broken', 'broken']);
  });

  it('ends a part at its budget with all that it started', async () => {
    const sleeps = 'setInterval(() => {}, 1000)';
    const text = `const { pid } = require("node:child_process").spawn(process.execPath, ["-e", "${sleeps}"]);
      console.log("0 passed, child " + pid); ${sleeps}`;
    const { parts } = await run([program('endless', text, { budgetMinutes: 0.05 })]);
    expect(parts[0]?.verdict).toBe('over its budget');
    const child = Number(/child (\d+)/u.exec(parts[0]?.result[0] ?? '')?.[1]);
    await expect.poll(() => existsSync(`/proc/${child}/exe`)).toBe(false);
  });

  it('that was cut off tells what it had proved, and what it did not reach', async () => {
    let asked = 0;
    const { parts, notReached } = await run([held, { ...held, name: 'later' }], () => {
      asked += 1;
      return asked > 1;
    });
    expect([parts.length, notReached]).toEqual([1, ['later']]);
    expect(page()).toContain('Not run: later.');
  });

  it('does not call held what the machine could not run', () => {
    const said = 'kills: tried 5 kills, lost 0\nreal-power NOT RUN on this machine: no QEMU';
    const resultLine = /tried|NOT RUN/u;
    const ended = { exitCode: 0, isOverBudget: false, said, resultLine };
    expect(judgePart(ended)).toEqual({ verdict: 'not run here', result: said.split('\n') });
  });
});

describe('npm run nightly', { timeout: 60_000 }, () => {
  it('ends well when every part held, and with exit code 1 when one did not', async () => {
    const [good] = await nightly('echo 5 of 5 checks as they must be', '--only', 'rig');
    const [bad, said] = await nightly('exit 3', '--only', 'rig', '--only', 'differential');
    expect([good, bad]).toEqual([0, 1]);
    expect(said.match(/broken/gu)).toHaveLength(2);
  });

  it('tells the parts with their commands, and runs none', async () => {
    const [code, said] = await nightly('exit 3', '--list', '--seed', '3');
    expect(code).toBe(0);
    for (const { name } of nightlyParts(3)) expect(said).toContain(`${name}: `);
    expect(said).toContain('npm run sim -- --seeds 20001..30000');
    expect(existsSync(path.join(out, 'report.md'))).toBe(false);
  });
});
