import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { promissoryWords } from '#shared/points/words/promissory-words.ts';
import { codeFileCount, fileLinesMax, importsOf, rules, tidy, type SourceFile } from './tidy.ts';

const textFile = /\.(ts|tsx|mjs|json|md|css|html|sql|sh|yml)$/;

function trackedFiles(): readonly SourceFile[] {
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' });
  return list
    .split('\n')
    .filter((path) => textFile.test(path) && path !== 'package-lock.json' && existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/** One planted violation per rule at least: a guard that cannot fail is no guard. */
const planted: readonly (SourceFile & { readonly rule: string })[] = [
  {
    rule: 'imports',
    path: 'shared/order/a.ts',
    text: "import { x } from '#drivers/core/transport.ts';",
  },
  { rule: 'imports', path: 'shared/order/a.ts', text: "import { x } from '../../cloud/app.ts';" },
  { rule: 'imports', path: 'shared/order/a.ts', text: "import fs from 'node:fs';" },
  { rule: 'imports', path: 'shared/order/a.ts', text: "import { Decimal } from 'decimal.js';" },
  {
    rule: 'imports',
    path: 'terminal/renderer/a.tsx',
    text: "import { x } from '#terminal/agent/agent.ts';",
  },
  {
    rule: 'imports',
    path: 'terminal/main/a.ts',
    text: "const x = await import('#terminal/agent/agent.ts');",
  },
  { rule: 'imports', path: 'terminal/agent/a.ts', text: "import fastify from 'fastify';" },
  { rule: 'imports', path: 'cloud/a.ts', text: "export { x } from '#terminal/ipc/state.ts';" },
  {
    rule: 'imports',
    path: 'cloud/ledger/a.ts',
    text: "import type { x } from '#cloud/points/issue.ts';",
  },
  {
    rule: 'imports',
    path: 'cloud/channel/a.ts',
    text: "import type { x } from '#cloud/payments/attempt.ts';",
  },
  { rule: 'imports', path: 'cloud/channel/a.ts', text: "import { x } from '../platform/db.ts';" },
  {
    rule: 'imports',
    path: 'cloud/payments/a.ts',
    text: "import { x } from '../settlement/split.ts';",
  },
  {
    rule: 'imports',
    path: 'shared/time/a.ts',
    text: "import { x } from '#shared/points/gate/gate.ts';",
  },
  { rule: 'imports', path: 'shared/money/a.ts', text: "import { x } from '../points/gate.ts';" },
  { rule: 'file-size', path: 'cloud/big.ts', text: '\n'.repeat(fileLinesMax + 1) },
  { rule: 'file-name', path: 'cloud/BigFile.ts', text: '' },
  { rule: 'money-arithmetic', path: 'cloud/a.ts', text: 'const yuan = (fen / 100).toFixed(2);' },
  { rule: 'clock-and-random', path: 'terminal/agent/a.ts', text: 'const now = Date.now();' },
  { rule: 'default-export', path: 'cloud/a.ts', text: 'export default function app() {}' },
  { rule: 'type-escape', path: 'cloud/a.ts', text: '// @ts-ignore' },
  { rule: 'type-escape', path: 'cloud/a.ts', text: 'const x = y as any;' },
  { rule: 'type-escape', path: 'cloud/a.ts', text: '// oxlint-disable-next-line no-console' },
  { rule: 'unfinished-work', path: 'cloud/a.ts', text: '// TODO: reverse' },
  { rule: 'unfinished-work', path: 'cloud/a.test.ts', text: "it.skip('works', () => {});" },
  { rule: 'promissory-words', path: 'terminal/renderer/i18n/zh.ts', text: "points: '积分分红'" },
  { rule: 'promissory-words', path: 'cloud/disclosure/a-page.ts', text: "both('收益率 5%', 'x')" },
  { rule: 'promissory-words', path: 'cloud/members/a-page.ts', text: '<p>最高 5 倍</p>' },
  { rule: 'promissory-words', path: 'lab/page/words.ts', text: "word('积分翻倍', 'x')" },
  { rule: 'promissory-words', path: 'lab/page/index.html', text: '<p>静态</p>' },
  { rule: 'promissory-words', path: 'drivers/printer/receipt/a.ts', text: "'積分增\u200b值'" },
  { rule: 'promissory-words', path: 'shared/errors/a.ts', text: String.raw`zh: '\u5165\u80a1'` },
  { rule: 'promissory-words', path: 'cloud/migrations/a.sql', text: "values ('消费全返')" },
  { rule: 'promissory-words', path: 'e2e/stage/a.ts', text: "name: '躺·赚小店'" },
  { rule: 'promissory-words', path: 'docs/points.md', text: '消费可以稳\n赚不赔' },
  { rule: 'promissory-words', path: 'README.md', text: '积分&#22238;&#25253;' },
  { rule: 'machine-paths', path: 'README.md', text: 'cd /home/me/greentill' },
  { rule: 'log-secrets', path: 'cloud/a.ts', text: 'logger.info({ authCode });' },
];

describe('tidy', () => {
  it('sees the code: a run over nothing would be green and prove nothing', () => {
    expect(codeFileCount(trackedFiles())).toBeGreaterThan(40);
  });

  it('finds nothing in the tree', () => {
    expect(
      tidy(trackedFiles()).map(({ rule, path, detail }) => `${rule} ${path} ${detail}`),
    ).toEqual([]);
  });

  it.each(planted)('$rule catches a planted violation: $text', ({ rule, path, text }) => {
    expect(tidy([{ path, text }]).map((violation) => violation.rule)).toContain(rule);
  });

  it.each(promissoryWords)('promissory-words catches %s in whatever is shown', (word) => {
    for (const path of ['cloud/a-page.ts', 'lab/page/a.tsx', 'shared/errors/a.ts', 'docs/a.md'])
      expect(tidy([{ path, text: `积分${word}了` }]), path).toHaveLength(1);
  });

  it('promissory-words leaves alone what a test must spell out, and what only stands near', () => {
    const fine = [
      { path: 'cloud/a.test.ts', text: '分红' },
      { path: 'docs/a.md', text: '一分\n- 红包' },
    ];
    expect(tidy(fine)).toEqual([]);
  });

  it('has a planted violation for every rule', () => {
    expect(new Set(planted.map(({ rule }) => rule))).toEqual(new Set(Object.keys(rules)));
  });

  it('reads every form of import', () => {
    const text = [
      "import 'a';",
      "import b from 'b';",
      "import { c,\n d } from 'c';",
      "import type { D } from 'd';",
      "export { e } from 'e';",
      "export * from 'f';",
      "await import('g');",
    ].join('\n');
    expect(importsOf(text)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });
});
