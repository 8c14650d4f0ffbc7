import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import type { ErrorEntry } from '#shared/errors/entry.ts';
import type { ChannelCodeTable } from '#cloud/channel/channel-codes.ts';
import { entryBodies } from '#shared/wire/v1/entries.ts';

type Area = Readonly<Record<string, ErrorEntry>>;

/** Titles of docs/errors.md by file of shared/errors, in the order of the page; a file without a title comes last. */
const areaTitles: Readonly<Record<string, string>> = {
  money: 'Amounts',
  device: 'Devices',
  till: 'The till',
  store: "The till's file",
  wire: 'The wire',
  payment: 'Payments',
  offline: 'Member codes offline',
  'offline-codes': 'Member codes in two layers, and judged again',
  members: 'Members',
  points: 'Points and vouchers',
};

/** The areas of the error catalogue by title: every file of shared/errors. A test holds them equal to the catalogue. */
export async function errorAreas(): Promise<ReadonlyMap<string, Area>> {
  const order = Object.keys(areaTitles);
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const modules = await modulesIn('shared/errors', ['entry', 'catalogue']);
  return new Map(
    modules
      .toSorted(([one], [other]) => rank(one) - rank(other))
      .map(([name, exported]) => {
        const [, entries] = Object.entries(exported).find(([key]) => key.endsWith('Errors')) ?? [];
        return [areaTitles[name] ?? name, (entries ?? {}) as Area];
      }),
  );
}

/** Every module of a folder, by its name and with its exports; tests and `without` are left out. */
async function modulesIn(
  folder: string,
  without: readonly string[],
): Promise<readonly (readonly [string, Readonly<Record<string, unknown>>])[]> {
  const path = join(import.meta.dirname, '..', folder);
  const names = readdirSync(path)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .filter((name) => !without.includes(name))
    .toSorted();
  return Promise.all(
    names.map(async (name) => {
      const exported: unknown = await import(join(path, `${name}.ts`));
      return [name, exported as Record<string, unknown>] as const;
    }),
  );
}

/** Every generated document: path from the root, and its text. `npm test` fails where the repo differs. */
export async function generatedDocs(): Promise<ReadonlyMap<string, string>> {
  const errors = await format(errorsMarkdown(await errorAreas()), {
    parser: 'markdown',
    printWidth: 100,
  });
  return new Map([
    ['docs/errors.md', errors],
    ['docs/payments.md', await paymentsPage()],
    ...(await schemaFiles()),
  ]);
}

const retryWords = {
  yes: 'may be tried again',
  no: 'do not repeat it',
  query: 'ask for the last result first, never repeat it blindly',
} as const;

function errorsMarkdown(areas: ReadonlyMap<string, Area>): string {
  const sections = [...areas].map(
    ([area, entries]) => `## ${area}\n\n${Object.entries(entries).map(errorMarkdown).join('\n')}`,
  );
  return [
    '# Errors',
    'Every code that a person or a program can meet. Made from `shared/errors/` by `node .ci/generate-docs.ts`; ' +
      'do not edit this page. Chinese and English are the words of the till. The cloud answers with these codes ' +
      'as `application/problem+json` (see wire.md) and serves each at `/errors/{code}`.',
    ...sections,
  ].join('\n\n');
}

const errorMarkdown = ([code, entry]: [string, ErrorEntry]): string =>
  [
    `### ${code}`,
    '',
    entry.meaning,
    '',
    `- Do: ${entry.action} (${entry.actor}; ${retryWords[entry.retry]})`,
    `- 中文：${entry.zh}`,
    `- English: ${entry.en}`,
    '',
  ].join('\n');

const generatedBelow = 'do not edit below -->';

/** docs/payments.md: its words as they are, and under them one table of codes for each channel. */
async function paymentsPage(): Promise<string> {
  const root = join(import.meta.dirname, '..');
  const words = readFileSync(join(root, 'docs/payments.md'), 'utf8');
  const channels = 'cloud/payments/channels';
  const tables = readdirSync(join(root, channels))
    .filter((name) => existsSync(join(root, channels, name, 'codes.ts')))
    .toSorted()
    .map(async (name) => {
      const exported = (await import(join(root, channels, name, 'codes.ts'))) as object;
      const [, table] = Object.entries(exported).find(([key]) => key.endsWith('Codes')) ?? [];
      return codesMarkdown(name, (table ?? {}) as ChannelCodeTable);
    });
  const end = words.indexOf(generatedBelow) + generatedBelow.length;
  const page = [words.slice(0, end), ...(await Promise.all(tables))].join('\n\n');
  return await format(page, { parser: 'markdown', printWidth: 100 });
}

const codesMarkdown = (channel: string, table: ChannelCodeTable): string =>
  [
    `### ${channel}`,
    '',
    '| code | means | the till shows | the cloud does | another channel |',
    '|---|---|---|---|---|',
    ...Object.entries(table).map(
      ([code, { outcome, till, cloud, otherChannel }]) =>
        `| \`${code}\` | ${outcome} | ${outcome === 'paid' ? 'paid' : till} | ${cloud} | ${otherChannel ? 'may be tried' : 'no'} |`,
    ),
    '| anything else | unknown | channel-unknown | query | no |',
  ].join('\n');

/** One JSON Schema for each object that a wire module exports, and one with all bodies of journal entries. */
async function schemaFiles(): Promise<[string, string][]> {
  const modules = await modulesIn('shared/wire/v1', []);
  const messages = modules.flatMap(([module, exported]) =>
    Object.entries(exported).flatMap(([name, value]): [string, string][] =>
      name.endsWith('Schema') && isObjectSchema(value)
        ? [schemaFile(dashed(name.slice(0, -'Schema'.length)), { module, schema: value })]
        : [],
    ),
  );
  const schema = {
    description: 'The body of an entry fits the definition that is named like its type.',
    $defs: entryBodies,
  };
  return [...messages, schemaFile('entry-bodies', { module: 'entries', schema })];
}

const isObjectSchema = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'object';

function schemaFile(
  name: string,
  { module, schema }: { module: string; schema: object },
): [string, string] {
  const head = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: name,
    $comment: `Made from shared/wire/v1/${module}.ts by .ci/generate-docs.ts; do not edit.`,
  };
  return [
    `docs/wire/${name}.schema.json`,
    `${JSON.stringify({ ...head, ...schema }, undefined, 2)}\n`,
  ];
}

const dashed = (name: string): string =>
  name.replaceAll(/\B[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
