import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** Lines of code, without blank lines and comments, from a function's first to its last. */
const functionLinesMax = 70;

const root = join(import.meta.dirname, '..');
const oxlint = join(
  dirname(createRequire(import.meta.url).resolve('oxlint/package.json')),
  'bin/oxlint',
);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'greentill-lint-'));
  copyFileSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The rules that a file breaks which stands at `path` under our own lint settings. */
function brokenRules(path: string, text: string): readonly string[] {
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  const { stdout } = spawnSync(process.execPath, [oxlint, '--format', 'json', path], {
    cwd: folder,
    encoding: 'utf8',
  });
  const report = JSON.parse(stdout) as { diagnostics: readonly { code: string }[] };
  return report.diagnostics.map(({ code }) => code);
}

/** A factory of so many lines, most of them in a function inside it: it counts whole. */
function factoryOf(lines: number): string {
  const inner = Array.from({ length: lines - 6 }, (_, index) => `    total += ${index};`);
  return [
    'export function createSum(): () => number {',
    '  return () => {',
    '    let total = 0;',
    '',
    '    // Neither a blank line nor a comment is counted.',
    ...inner,
    '    return total;',
    '  };',
    '}',
    '',
  ].join('\n');
}

const tooLong = factoryOf(functionLinesMax + 1);

test.each(['shared/a.ts', 'drivers/b/a.ts', 'terminal/renderer/b/a.tsx', 'cloud/a.ts'])(
  'planted violation: a function of 71 lines in %s is noticed',
  (path) => {
    expect(brokenRules(path, tooLong)).toEqual(['eslint(max-lines-per-function)']);
  },
);

test('a function of 70 lines passes', () => {
  expect(brokenRules('drivers/just-right.ts', factoryOf(functionLinesMax))).toEqual([]);
});

test.each(['drivers/a.test.ts', 'terminal/agent/testing/a.ts', 'drivers/register-a-contract.ts'])(
  'what proves the code may tell its story at length: %s',
  (path) => {
    expect(brokenRules(path, tooLong)).toEqual([]);
  },
);
