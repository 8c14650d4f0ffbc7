import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { EnvironmentSchema, readConfig } from '#cloud/platform/config.ts';

const operations = readFileSync(
  fileURLToPath(new URL('../../docs/operations.md', import.meta.url)),
  'utf8',
);

test('every variable is described in docs/operations.md, and nothing there is invented', () => {
  const described = [...operations.matchAll(/^\| `([A-Z_]+)`\s+\|/gm)].map((match) =>
    String(match[1]),
  );
  const channel = ['CHANNEL_URL', 'CHANNEL_APP', 'CHANNEL_KEYS', 'CHANNEL_SPEED_UP'];
  expect(described.toSorted()).toEqual(
    [...Object.keys(EnvironmentSchema.properties), ...channel].toSorted(),
  );
});

test('an empty environment is enough, and an empty value counts as absent', () => {
  expect(readConfig({ PORT: '', OPERATOR_TOKEN: '' })).toMatchObject({
    ok: true,
    value: { port: 7300, host: '127.0.0.1', database: { dataFolder: '.data/cloud' } },
  });
});

test('every bad value is named at once, and a secret is not repeated', () => {
  const read = readConfig({ PORT: '70000', OPERATOR_TOKEN: 'short', LOG_LEVEL: 'loud' });
  expect(read.ok).toBe(false);
  const words = JSON.stringify(read);
  for (const name of ['PORT', 'OPERATOR_TOKEN', 'LOG_LEVEL']) expect(words).toContain(name);
  expect(words).not.toContain('short');
});
