import { findPromissoryWord } from '#shared/points/words/promissory-words.ts';
import { bans, layers, provingRooms, type Room } from './layers.ts';

/** A tracked text file: path from the root with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly detail: string;
}

type Rule = (file: SourceFile) => readonly string[];

export const fileLinesMax = 400;

const isCode = (path: string): boolean => /\.(ts|tsx|mjs)$/.test(path);
const isTest = (path: string): boolean =>
  /\.test\.tsx?$|\/register-[a-z-]+-contract\.ts$|\/testing\//.test(path);
const isProving = (path: string): boolean =>
  provingRooms.some((room) => path.startsWith(`${room}/`));
const isShippedCode = (path: string): boolean =>
  /^(shared|drivers|terminal|cloud|lab)\//.test(path) && isCode(path) && !isTest(path);

/** Import specifiers: static, type-only, re-export and dynamic. */
export function importsOf(text: string): readonly string[] {
  const pattern =
    /(?:^|[\s;}])(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g;
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? '');
}

function roomOf(path: string): Room | undefined {
  return layers
    .filter((room) => path.startsWith(`${room.folder}/`))
    .toSorted((a, b) => b.folder.length - a.folder.length)[0];
}

function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (!specifier.startsWith('.')) return undefined;
  const parts = from.split('/').slice(0, -1);
  for (const step of specifier.split('/')) {
    if (step === '..') parts.pop();
    else if (step !== '.') parts.push(step);
  }
  return parts.join('/');
}

const packageName = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

const importRule: Rule = ({ path, text }) => {
  const room = roomOf(path);
  if (!room || isTest(path) || !isCode(path)) return [];
  const allowed = [room.folder, ...room.rooms];
  return importsOf(text).flatMap((specifier) => {
    const target = resolve(path, specifier);
    if (target !== undefined) {
      const ban = bans.find((one) => path.startsWith(one.from) && one.to.test(target));
      if (ban) return [`${specifier}: ${ban.why}`];
      return allowed.some((folder) => target.startsWith(`${folder}/`))
        ? []
        : [`${specifier} lies outside what this room may import`];
    }
    if (specifier.startsWith('node:'))
      return room.node ? [] : [`${specifier}: this room has no Node`];
    if (/\.(css|svg|woff2)$/.test(specifier)) return [];
    return room.packages.includes(packageName(specifier))
      ? []
      : [`${specifier} is not on this room's list of packages`];
  });
};

/** A rule that refuses a pattern in some files, with the reason. */
const refuse =
  (applies: (path: string) => boolean, pattern: RegExp, why: string): Rule =>
  ({ path, text }) =>
    applies(path)
      ? text
          .split('\n')
          .flatMap((line, index) => (pattern.test(line) ? [`line ${index + 1}: ${why}`] : []))
      : [];

const inMoney = (path: string): boolean => path.startsWith('shared/money/');
/** Where the real clock and the real randomness may be read: the shells that implement the ports. */
const isPortShell = (path: string): boolean =>
  /(^|\/)system(-[a-z]+)?\.ts$/.test(path) || path.startsWith('terminal/renderer/');

/** What people see or read: the shipped rooms, the demo and its stage, and every document. */
const isShown = (path: string): boolean =>
  !isTest(path) &&
  // Spells the list by its code points, for this very rule.
  path !== 'shared/points/words/promissory-words.ts' &&
  (/^(shared|drivers|terminal|cloud|lab|e2e\/(demo|stage|browser))\/.*\.(ts|tsx|mjs|html|css|json|sql|md)$/.test(
    path,
  ) ||
    /^(docs\/.*|README|CHANGELOG)\.md$/.test(path));

const wordOf = (line: string): string | undefined =>
  /\p{Script=Han}/u.test(line) ? findPromissoryWord(line) : undefined;

/**
 * Lines that promise, also in other characters, with something between two of them, as escapes, or broken over two lines.
 */
function promissoryLines(text: string): readonly string[] {
  const lines = text
    .replaceAll(/\\u\{?([0-9a-fA-F]{4})\}?/g, (_all, code: string) =>
      String.fromCodePoint(Number.parseInt(code, 16)),
    )
    .replaceAll(/&#(?:x([0-9a-fA-F]+)|(\d+));/g, (_all, hex?: string, digits?: string) =>
      String.fromCodePoint(
        Math.min(hex === undefined ? Number(digits) : Number.parseInt(hex, 16), 0x10ffff),
      ),
    )
    .split('\n');
  return lines.flatMap((line, index) => {
    const next = lines[index + 1] ?? '';
    const isBroken =
      wordOf(next) === undefined &&
      /\p{Script=Han}\s*$/u.test(line) &&
      /^\s*\p{Script=Han}/u.test(next);
    const word = wordOf(line) ?? (isBroken ? wordOf(`${line}${next}`) : undefined);
    return word === undefined
      ? []
      : [`line ${index + 1}: points are never a promise: ${word} may not be shipped`];
  });
}

export const rules: Readonly<Record<string, Rule>> = {
  imports: importRule,
  'file-size': ({ path, text }) =>
    isCode(path) &&
    !/\/(i18n|vectors|profiles|errors)\//.test(path) &&
    text.split('\n').length > fileLinesMax + 1
      ? [`${text.split('\n').length} lines, at most ${fileLinesMax}`]
      : [],
  'file-name': ({ path }) => {
    const name = path.split('/').at(-1) ?? '';
    return isCode(path) && !/^\.?[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(name)
      ? ['lower-case with dashes']
      : [];
  },
  'money-arithmetic': refuse(
    (path) => isShippedCode(path) && !inMoney(path) && !path.startsWith('terminal/renderer/'),
    /\b(parseFloat|toFixed|toPrecision)\(/,
    'rounding lives in shared/money',
  ),
  'clock-and-random': refuse(
    (path) => isShippedCode(path) && !isPortShell(path),
    /\bDate\.now\(\)|\bnew Date\(\)|\bMath\.random\(\)|\bperformance\.now\(\)/,
    'clock and randomness are passed in',
  ),
  'default-export': refuse(
    (path) => isShippedCode(path) && !path.endsWith('vite.config.ts'),
    /^export default\b/,
    'named exports only',
  ),
  'type-escape': refuse(
    (path) => isCode(path) && path !== '.ci/tidy.ts' && path !== '.ci/tidy.test.ts',
    /@ts-(ignore|nocheck|expect-error)|\bas any\b|:\s*any\b(?!\w)|(oxlint|eslint)-disable(?!.*--\s*\S)/,
    'no escape from the type checker; a lint suppression needs a reason after --',
  ),
  'unfinished-work': refuse(
    (path) => isCode(path) && path !== '.ci/tidy.ts' && path !== '.ci/tidy.test.ts',
    /\b(TODO|FIXME|XXX|HACK)\b|\b(it|test|describe)\.(skip|only|todo)\(/,
    'finish it, or say in the docs that it is missing',
  ),
  'promissory-words': ({ path, text }) => (isShown(path) ? promissoryLines(text) : []),
  'machine-paths': refuse(
    (path) => path !== '.ci/tidy.ts' && path !== '.ci/tidy.test.ts',
    /\/(work|root|home)\/[a-z]|\b(claude|anthropic|openai|copilot)\b/i,
    'no path of one machine and no tool names in the repo',
  ),
  'log-secrets': refuse(
    isShippedCode,
    /\b(log|logger|console)\.[a-z]+\([^)]*\b(authCode|privateKey|secret)\b/,
    'secrets and payment codes are never logged',
  ),
};

/** Runs every rule over every file. */
export function tidy(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) =>
    Object.entries(rules).flatMap(([rule, check]) =>
      check(file).map((detail): Violation => ({ rule, path: file.path, detail })),
    ),
  );
}

/** Only for the report of what was looked at: a tidy run over nothing proves nothing. */
export const codeFileCount = (files: readonly SourceFile[]): number =>
  files.filter((file) => isCode(file.path) && !isProving(file.path)).length;
