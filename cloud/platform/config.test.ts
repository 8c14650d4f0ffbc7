import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { EnvironmentSchema, readConfig } from '#cloud/platform/config.ts';

const source = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');

/**
 * What the channels in use read: their variables are theirs, and no schema of the cloud knows them.
 */
function channelVariables(): readonly string[] {
  const room = `${source('payment-room.ts')}${source('open-channels.ts')}`;
  const configs = [...room.matchAll(/'#cloud\/(payments\/channels\/\w+\/config\.ts)'/g)];
  return [room, ...configs.map(([, path]) => source(String(path)))].flatMap((text) =>
    [...text.matchAll(/(?:environment\[|need\(|\bat\()'([A-Z_]+)'/g)].map(([, name]) =>
      String(name),
    ),
  );
}

test('every variable is described in docs/operations.md or its page of channels, and nothing there is invented', () => {
  const pages = `${source('../docs/operations.md')}${source('../docs/operations/channels.md')}`;
  const described = [...pages.matchAll(/^\| `([A-Z_]+)`\s+\|/gm)].map((match) => String(match[1]));
  const known = [...Object.keys(EnvironmentSchema.properties), ...channelVariables()];
  expect([...new Set(described)].toSorted()).toEqual([...new Set(known)].toSorted());
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

test('proxies are named one by one; "everybody" is no name', () => {
  expect(readConfig({ TRUSTED_PROXIES: 'loopback,10.0.0.0/24,fd00::1' })).toMatchObject({
    ok: true,
    value: { trustedProxies: ['loopback', '10.0.0.0/24', 'fd00::1'] },
  });
  expect(readConfig({})).toMatchObject({ value: { trustedProxies: [] } });
  for (const TRUSTED_PROXIES of ['true', '*', '1', 'proxy.example', 'loopback, 10.0.0.1'])
    expect(readConfig({ TRUSTED_PROXIES }).ok, TRUSTED_PROXIES).toBe(false);
});
