import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { signingKeyChangeText } from '#shared/wire/v1/signing.ts';
import {
  signingKeyChangesMax,
  type ConfigPayload,
  type SignedConfig,
} from '#shared/wire/v1/terminals.ts';
import { loadCloudKeys, type CloudKeys } from '#cloud/identity/cloud-keys.ts';
import { renewConfigBasis } from '#cloud/identity/config-basis.ts';
import { exportKeyPair, generateKeyPair, verifyText } from '#cloud/identity/ed25519.ts';
import { signingKeyOverlapMs, takingBackEndsMs } from '#cloud/identity/signing-key-changes.ts';
import { configAndSigner } from '#cloud/identity/terminal-config.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, type TestTerminal } from '#cloud/platform/testing/test-terminal.ts';

const keys = Array.from({ length: 20 }, () => {
  const pair = generateKeyPair();
  return { text: exportKeyPair(pair), publicKey: pair.publicKey };
});
const [first, second, third, lost] = [keys[0]!, keys[1]!, keys[2]!, keys[3]!];

/** Without a key of the signing kind, as on a node that has all of them from its environment. */
const dataFolder = mkdtempSync(join(tmpdir(), 'greentill-keys-'));
let nowMs = Date.now();
const clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
let cloud: TestCloud;
let till: TestTerminal;
beforeAll(async () => {
  cloud = await createTestCloud({ clock });
  const app = await buildTestApp(cloud);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  till = await activateTestTerminal({ origin, operatorToken: testOperatorToken });
  await app.close();
});
afterAll(async () => {
  await cloud.close();
  rmSync(dataFolder, { recursive: true });
});
beforeEach(async () => {
  await cloud.deps.db.execute(sql`update signing_key_change set withdrawn_at_ms = 0`);
  await cloud.deps.db.execute(sql`update config_basis set signing_key = null`);
});

type Key = (typeof keys)[number];
const given = (signing: Key, next?: Key, seal?: Key): CloudKeys =>
  loadCloudKeys({
    ...cloud.deps.config,
    dataFolder,
    cloudSigningKey: signing.text,
    cloudNextSigningKey: next?.text,
    cloudSealKey: seal?.text,
  });

/** A start of the cloud with these keys. Answers whether the tills have something to pull. */
const start = (held: CloudKeys): Promise<boolean> =>
  cloud.deps.db.transaction((tx) => renewConfigBasis(tx, { ...cloud.deps, keys: held }));

async function pulled(held: CloudKeys) {
  const terminal = { operatorId: cloud.deps.operatorId, terminalId: till.terminalId };
  const answer = await configAndSigner({ ...cloud.deps, keys: held }, terminal, 'http://x');
  const { config, signerKey } = answer!;
  expect(isSigned(config, signerKey)).toBe(true);
  const { nextSigningKey } = JSON.parse(config.payload) as ConfigPayload;
  return { signerKey, next: nextSigningKey, changes: config.keyChanges ?? [] };
}
const isSigned = ({ payload, signature }: SignedConfig, publicKey: string): boolean =>
  verifyText({ publicKey, text: payload, signature: Buffer.from(signature, 'base64url') });

describe('a change of the key of configurations', () => {
  test('is announced under the old key for seven days, then the new one signs by itself, with the change signed by the old one', async () => {
    const before = given(first);
    await start(before);
    expect(await pulled(before)).toEqual({
      signerKey: first.publicKey,
      next: undefined,
      changes: [],
    });
    const held = given(first, second);
    const notBeforeMs = nowMs + signingKeyOverlapMs;
    expect([await start(held), await start(held)]).toEqual([true, false]);
    const announced = { publicKey: second.publicKey, notBeforeMs };
    expect(await pulled(held)).toEqual({
      signerKey: first.publicKey,
      next: announced,
      changes: [],
    });
    nowMs = notBeforeMs - 1;
    expect((await pulled(held)).signerKey).toBe(first.publicKey);
    nowMs = notBeforeMs;
    const turned = await pulled(held);
    expect(turned).toMatchObject({ signerKey: second.publicKey, next: undefined });
    const [change] = turned.changes;
    expect(change).toMatchObject({ fromKey: first.publicKey, toKey: second.publicKey });
    const { signature, ...said } = change!;
    const proof = {
      publicKey: first.publicKey,
      text: signingKeyChangeText({ ...said, notBeforeMs }),
      signature: Buffer.from(signature, 'base64url'),
    };
    expect(verifyText(proof)).toBe(true);
    // The old key is not needed any more, neither to sign nor to prove the change; the tills hear of the turn.
    const done = given(second, undefined, first);
    expect([await start(done), await start(done)]).toEqual([true, false]);
    expect(await pulled(done)).toEqual(turned);
  });

  test('twice gives a till of the first key both changes, oldest first', async () => {
    await start(given(first, second));
    nowMs += signingKeyOverlapMs;
    await start(given(second, third, first));
    nowMs += signingKeyOverlapMs;
    const { signerKey, changes } = await pulled(given(third, undefined, first));
    expect(signerKey).toBe(third.publicKey);
    expect(changes.map(({ fromKey, toKey }) => [fromKey, toKey])).toEqual([
      [first.publicKey, second.publicKey],
      [second.publicKey, third.publicKey],
    ]);
  });

  test('more often than a configuration carries leaves the newest', async () => {
    for (let at = 0; at <= signingKeyChangesMax; at += 1) {
      await start(given(keys[at]!, keys[at + 1], first));
      nowMs += signingKeyOverlapMs;
    }
    const last = keys[signingKeyChangesMax + 1]!;
    const { changes } = await pulled(given(last, undefined, first));
    expect(changes).toHaveLength(signingKeyChangesMax);
    expect(changes[0]?.fromKey).toBe(second.publicKey);
    expect(changes.at(-1)?.toKey).toBe(last.publicKey);
  });

  test('taken back or replaced before its time leaves no trace for the tills', async () => {
    await start(given(first, second));
    expect(await start(given(first, third))).toBe(true);
    expect((await pulled(given(first, third))).next?.publicKey).toBe(third.publicKey);
    expect(await start(given(first))).toBe(true);
    nowMs += signingKeyOverlapMs;
    expect(await pulled(given(first))).toEqual({
      signerKey: first.publicKey,
      next: undefined,
      changes: [],
    });
  });

  test('a node that starts while others run announces nothing a second time', async () => {
    const held = given(first, second);
    await Promise.all([start(held), start(held), start(held)]);
    const { rows } = await cloud.deps.db.execute(
      sql`select from signing_key_change where withdrawn_at_ms is null`,
    );
    expect(rows).toHaveLength(1);
  });
});

describe('a start that the tills would refuse', () => {
  test.each<[string, () => CloudKeys, string]>([
    ['the new key before its time', () => given(second, undefined, first), 'in force'],
    ['a key that was never announced', () => given(lost, undefined, first), 'in force'],
  ])('%s ends, and names the setting', async (_what, held, why) => {
    await start(given(first, second));
    await expect(start(held())).rejects.toThrow(why);
    await expect(start(held())).rejects.toThrow('CLOUD_SIGNING_KEY');
  });

  test('the old key alone after the turn, the new one without the seal key, and a way back end too', async () => {
    await start(given(first, second));
    nowMs += signingKeyOverlapMs;
    await expect(start(given(first))).rejects.toThrow('CLOUD_NEXT_SIGNING_KEY');
    await expect(start(given(second))).rejects.toThrow('CLOUD_SEAL_KEY');
    // As a node that got the key files without the one of the seals, and made it of the new key.
    await expect(start(given(second, undefined, second))).rejects.toThrow('cloud-seal.key');
    await expect(start(given(second, first, first))).rejects.toThrow('was in force before');
    expect(await pulled(given(first, second))).toMatchObject({ signerKey: second.publicKey });
  });

  test('another key ends it too where none was ever announced, or a start with the old settings took it back', async () => {
    await start(given(first));
    for (const held of [given(lost, undefined, first), given(lost, first, first)])
      await expect(start(held)).rejects.toThrow('CLOUD_SIGNING_KEY');
    await start(given(first, second));
    await start(given(first));
    nowMs += signingKeyOverlapMs;
    await expect(start(given(second, undefined, first))).rejects.toThrow('CLOUD_SIGNING_KEY');
    expect((await pulled(given(first))).signerKey).toBe(first.publicKey);
    // The key in force alone is no reason to pull anything.
    expect(await start(given(first))).toBe(false);
  });

  test('in the last hour takes nothing back: a node whose clock is ahead may sign with it, and no till goes back', async () => {
    await start(given(first, second));
    const turnMs = nowMs + signingKeyOverlapMs;
    nowMs = turnMs - takingBackEndsMs;
    for (const held of [given(first), given(first, third)])
      await expect(start(held)).rejects.toThrow('too late to take');
    expect(await start(given(first, second))).toBe(false);
    nowMs = turnMs;
    expect((await pulled(given(first, second))).signerKey).toBe(second.publicKey);
  });

  test('a node that was not given the key in force signs nothing', async () => {
    await start(given(first, second));
    nowMs += signingKeyOverlapMs;
    await expect(pulled(given(first))).rejects.toThrow('CLOUD_NEXT_SIGNING_KEY');
  });
});

test('seals and hashes stay under the first key: given, or kept beside the keys of the folder', () => {
  const inFolder = () => loadCloudKeys(cloud.deps.config);
  const former = inFolder();
  expect(former.seal).toMatchObject({ publicKey: former.signing.publicKey });
  const file = join(cloud.deps.config.dataFolder, 'keys', 'cloud-signing.key');
  writeFileSync(file, second.text);
  const changed = inFolder();
  expect(changed.signing.publicKey).toBe(second.publicKey);
  expect(changed.seal.publicKey).toBe(former.seal.publicKey);
  expect(given(second, undefined, first).seal.publicKey).toBe(first.publicKey);
  expect(given(first).seal).toMatchObject({ publicKey: first.publicKey });
});
