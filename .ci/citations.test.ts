import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/**
 * What code cites must lie in this repository: docs/points.md by section, rule and invariant, pages
 * by path, and files by their path or name.
 */

interface Source {
  readonly path: string;
  readonly text: string;
}

interface Citable {
  /** 2.4, R12, I2: headings and table rows of docs/points.md. */
  readonly marks: ReadonlySet<string>;
  readonly hasPage: (path: string) => boolean;
  /** A path from the root, or the end of one. */
  readonly hasFile: (name: string) => boolean;
}

const pointsPage = 'docs/points.md';

function marksOf(page: string): ReadonlySet<string> {
  const headings = [...page.matchAll(/^## (\d+\.\d+) /gm)];
  const rows = [...page.matchAll(/^\| ([RI]\d+) +\|/gm)];
  return new Set([...headings, ...rows].map((match) => match[1]!));
}

/** R2-R5 names four rules. */
function spread(cited: string): readonly string[] {
  const [first, last] = cited.split('-').map((mark) => Number(mark.slice(1)));
  if (last === undefined) return [cited];
  return Array.from({ length: last - first! + 1 }, (_, step) => `${cited[0]}${first! + step}`);
}

/** Comments without their line breaks: a citation may wrap. */
const unwrapped = (text: string): string => text.replaceAll(/\n\s*(?:\*|\/\/|--)\s+/g, ' ');

function marksCited(text: string): readonly string[] {
  const sections = [...text.matchAll(/docs\/points\.md (\d+\.\d+(?:(?:, | and )\d+\.\d+)*)/g)];
  const rules = [...text.matchAll(/(?<![\w}$.])(R\d{1,2}(?:-R\d{1,2})?|I\d(?:-I\d)?)(?!\w)/g)];
  return [
    ...sections.flatMap((match) => match[1]!.split(/, | and /)),
    ...rules.flatMap((match) => spread(match[1]!)),
  ];
}

const pagesCited = (text: string): readonly string[] =>
  [...text.matchAll(/\bdocs\/(?:adr\/\d{4}|[\w/-]+\.md)/g)].map((match) => match[0]);

/** Files that a comment or a page sends its reader to. Relative imports are the compiler's to check. */
const filesNamed = (text: string): readonly string[] =>
  [...text.matchAll(/(?<![\w./@…-])(?:[\w-]+\/)*[\w-]+(?:\.[\w-]+)*\.(?:tsx?|py)\b/g)].map(
    (match) => match[0],
  );

/** A number without its page, and words for documents that a reader of this repository cannot open. */
const elsewhere =
  /(?<!RFC \d+,? )\b[Ss]ections? \d+\.\d+|\b[Rr]ules? \d+\.\d+|\bdecision D\d|\bresearch\b|\bpoints specification\b|\bfirst plan\b/g;

function deadCitations({ path, text }: Source, citable: Citable): readonly string[] {
  const plain = unwrapped(text);
  const elsewhereCited = [...plain.matchAll(elsewhere)].map((match) => match[0]);
  return [
    ...marksCited(plain).filter((mark) => !citable.marks.has(mark)),
    ...pagesCited(plain).filter((page) => !citable.hasPage(page)),
    ...filesNamed(text).filter((name) => !citable.hasFile(name)),
    ...elsewhereCited,
  ].map((cited) => `${path}: ${cited}`);
}

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => existsSync(path));
const sources: readonly Source[] = tracked
  .filter((path) => /^(shared|cloud|drivers|terminal|lab|bench|e2e)\/.*\.(tsx?|sql)$/.test(path))
  .concat(
    tracked.filter((path) =>
      /^(README|docs\/((adr|operations)\/.*|architecture|benchmarks|devices|economics|operations|terminal-api|wire))\.md$/.test(
        path,
      ),
    ),
  )
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const citable: Citable = {
  marks: marksOf(readFileSync(pointsPage, 'utf8')),
  hasPage: (page) => tracked.some((path) => path === page || path.startsWith(`${page}-`)),
  hasFile: (name) => tracked.some((path) => path === name || path.endsWith(`/${name}`)),
};

test('docs/points.md has all its sections, rules and invariants, and code cites many of them', () => {
  const sections = Array.from({ length: 13 }, (_, index) => `2.${index + 1}`);
  const invariants = Array.from({ length: 8 }, (_, index) => `I${index + 1}`);
  expect([...citable.marks]).toEqual(expect.arrayContaining([...sections, ...invariants]));
  const cited = new Set(sources.flatMap(({ text }) => marksCited(unwrapped(text))));
  expect(cited.size).toBeGreaterThan(25);
});

test('every citation leads to a heading or row of docs/points.md, or to a page that exists', () => {
  expect(sources.flatMap((source) => deadCitations(source, citable))).toEqual([]);
});

test.each([
  ['a section', '/** Pays (docs/points.md 2.4 and 2.99). */', '2.99'],
  ['a wrapped section', '/**\n * Pays as docs/points.md\n * 2.98 says.\n */', '2.98'],
  ['a rule', '// Rule R99: pays.', 'R99'],
  ['the end of a range of rules', '-- rules R31-R32', 'R32'],
  ['an invariant', "it('keeps the floor (I9)', run);", 'I9'],
  ['a page', '// See docs/weather.md for more.', 'docs/weather.md'],
  ['a decision', '// See docs/adr/9999 for more.', 'docs/adr/9999'],
  ['a file', '/** The pure half of box-heart.ts. */', 'box-heart.ts'],
  ['a moved file', '// See drivers/ecr/stx-etx-box.ts.', 'drivers/ecr/stx-etx-box.ts'],
  ['a section of nothing', '/** Pays (section 2.4). */', 'section 2.4'],
  ['a document elsewhere', '// Source: points specification.', 'points specification'],
])('planted violation: %s that does not exist is noticed', (_name, text, dead) => {
  expect(deadCitations({ path: 'cloud/a.ts', text }, citable)).toEqual([`cloud/a.ts: ${dead}`]);
});

test('standards, template texts and identifiers are no citations of points', () => {
  const text = '// RFC 9421 section 2.5; `${no}R1`; ISO 8601.\nconst R1x = I18n.R7;';
  expect(deadCitations({ path: 'cloud/a.ts', text }, citable)).toEqual([]);
});
