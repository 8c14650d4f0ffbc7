import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect, test } from 'vitest';

/** Every link between pages leads to a file that exists and to a heading in it, and every page can be reached. */

const root = join(import.meta.dirname, '..');

type Pages = ReadonlyMap<string, string>;

const withoutCode = (text: string): string => text.replaceAll(/```[^]*?```/g, '');

/** The anchor of a heading as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set([...withoutCode(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!)));

interface Link {
  readonly from: string;
  readonly to: string;
  readonly anchor: string | undefined;
}

function linksOf(pages: Pages): readonly Link[] {
  return [...pages].flatMap(([from, text]) =>
    [...withoutCode(text).matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]+))?\)/g)].map(
      ([, path, anchor]) => ({
        from,
        to: path === '' ? from : posix.join(posix.dirname(from), path!),
        anchor,
      }),
    ),
  );
}

function deadLinks(pages: Pages, exists: (path: string) => boolean): readonly string[] {
  return linksOf(pages)
    .filter(({ to, anchor }) => {
      if (!exists(to)) return true;
      const page = pages.get(to);
      return anchor !== undefined && page !== undefined && !anchorsOf(page).has(anchor);
    })
    .map(({ from, to, anchor }) => `${from}: ${to}${anchor === undefined ? '' : `#${anchor}`}`);
}

/** Pages that cannot be reached by links from the README. Decisions are a folder; licences stand beside what they license. */
function orphans(pages: Pages): readonly string[] {
  const links = linksOf(pages);
  const reached = new Set(['README.md']);
  for (const page of reached)
    for (const { from, to } of links) if (from === page && pages.has(to)) reached.add(to);
  return [...pages.keys()].filter(
    (path) => !reached.has(path) && !path.startsWith('docs/adr/') && !path.includes('LICENSE'),
  );
}

const pages: Pages = new Map(
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
);
const isThere = (path: string): boolean => existsSync(join(root, path));

test('every link of a page leads to a file, and to a heading of it', () => {
  expect(linksOf(pages).length).toBeGreaterThan(100);
  expect(deadLinks(pages, isThere)).toEqual([]);
});

test('every page can be reached from the README', () => {
  expect(orphans(pages)).toEqual([]);
});

test('planted violation: a missing page, a missing heading and a page that nobody links are noticed', () => {
  const planted: Pages = new Map([
    ['README.md', '[a](docs/a.md#keys) [b](docs/gone.md)\n```\n[c](no-link.md)\n```'],
    ['docs/a.md', '# Money\n[up](../README.md)'],
    ['docs/lonely.md', '# Lonely'],
  ]);
  const exists = (path: string): boolean => planted.has(path);
  expect(deadLinks(planted, exists)).toEqual([
    'README.md: docs/a.md#keys',
    'README.md: docs/gone.md',
  ]);
  expect(orphans(planted)).toEqual(['docs/lonely.md']);
});
