import { format } from 'prettier';
import { deviceErrors } from '#shared/errors/device.ts';
import type { ErrorEntry } from '#shared/errors/entry.ts';
import { moneyErrors } from '#shared/errors/money.ts';
import { offlineErrors } from '#shared/errors/offline.ts';
import { paymentErrors } from '#shared/errors/payment.ts';
import { pointsErrors } from '#shared/errors/points.ts';
import { tillErrors } from '#shared/errors/till.ts';
import { wireErrors } from '#shared/errors/wire.ts';
import * as charges from '#shared/wire/v1/charges.ts';
import { entryBodies } from '#shared/wire/v1/entries.ts';
import * as journal from '#shared/wire/v1/journal.ts';
import * as members from '#shared/wire/v1/members.ts';
import * as problem from '#shared/wire/v1/problem.ts';
import * as terminals from '#shared/wire/v1/terminals.ts';

/** The areas of the error catalogue in the order of docs/errors.md. A test holds them equal to the catalogue. */
export const errorAreas: Readonly<Record<string, Readonly<Record<string, ErrorEntry>>>> = {
  Amounts: moneyErrors,
  Devices: deviceErrors,
  'The till': tillErrors,
  'The wire': wireErrors,
  Payments: paymentErrors,
  'Member codes offline': offlineErrors,
  'Points and vouchers': pointsErrors,
};

const wireModules = { charges, journal, members, problem, terminals };

/** Every generated document: path from the root, and its text. `npm test` fails where the repo differs. */
export async function generatedDocs(): Promise<ReadonlyMap<string, string>> {
  const errors = await format(errorsMarkdown(), { parser: 'markdown', printWidth: 100 });
  return new Map([['docs/errors.md', errors], ...schemaFiles()]);
}

const retryWords = {
  yes: 'may be tried again',
  no: 'do not repeat it',
  query: 'ask for the last result first, never repeat it blindly',
} as const;

function errorsMarkdown(): string {
  const sections = Object.entries(errorAreas).map(
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

/** One JSON Schema for each object that a wire module exports, and one with all bodies of journal entries. */
function schemaFiles(): [string, string][] {
  const messages = Object.entries(wireModules).flatMap(([module, exported]) =>
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
