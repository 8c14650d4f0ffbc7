import { sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeMemberCode } from '#shared/member/member-code.ts';
import { newId } from '#shared/ids/ids.ts';
import { loadCloudKeys, type CloudKeys } from '#cloud/identity/cloud-keys.ts';
import { renewConfigBasis } from '#cloud/identity/config-basis.ts';
import { exportKeyPair, generateKeyPair } from '#cloud/identity/ed25519.ts';
import { signedConfig } from '#cloud/identity/terminal-config.ts';
import { readMemberCode } from '#cloud/members/member-codes.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, type TestTerminal } from '#cloud/platform/testing/test-terminal.ts';

const [former, next] = [generateKeyPair(), generateKeyPair()].map(exportKeyPair) as [
  string,
  string,
];

let cloud: TestCloud;
let till: TestTerminal;
beforeAll(async () => {
  cloud = await createTestCloud();
  const app = await buildTestApp(cloud);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  till = await activateTestTerminal({ origin, operatorToken: testOperatorToken });
  await app.close();
});
afterAll(() => cloud.close());

const keysOf = (issuerSigningKey: string, ...issuerOtherKeys: readonly string[]): CloudKeys =>
  loadCloudKeys({ ...cloud.deps.config, issuerSigningKey, issuerOtherKeys });

/** The steps of a change, as docs/operations/keys.md has them. */
const steps = () => ({
  before: keysOf(former),
  announced: keysOf(former, `2:${next}`),
  changed: keysOf(`2:${next}`, `1:${former}`),
  done: keysOf(`2:${next}`),
});

const codeBy = ({ issuer }: CloudKeys): string => {
  const { keyId, pair } = issuer.current;
  const fields = {
    keyId,
    memberId: newId('mbr', cloud.deps),
    certificateId: newId('crt', cloud.deps),
    paymentCapYuan: 40,
    windowCapYuan: 80,
    notAfterSeconds: Math.trunc(cloud.deps.clock.nowMs() / 1_000) + 3_600,
    scope: 0,
  };
  return encodeMemberCode(fields, (bytes) => sign(null, bytes, pair.privateKey));
};
const reads = (code: string, { issuer }: CloudKeys): string => {
  const read = readMemberCode(code, { nowMs: cloud.deps.clock.nowMs(), issuer });
  return read.ok ? 'good' : read.error.type;
};

describe('a change of the key of member codes', () => {
  it('codes of the old key are good until it is taken out, those of the new one from its turn on', () => {
    const { before, announced, changed, done } = steps();
    const [old, young] = [codeBy(before), codeBy(changed)];
    expect([before, announced, changed, done].map((keys) => reads(old, keys))).toEqual([
      'good',
      'good',
      'good',
      'member-code-key-unknown',
    ]);
    expect([before, announced, changed, done].map((keys) => reads(young, keys))).toEqual([
      'member-code-key-unknown',
      'good',
      'good',
      'good',
    ]);
  });

  it('each till pulls both keys before the new one signs, and need not hear of the turn itself', async () => {
    const { before, announced, changed, done } = steps();
    const { operatorId, clock } = cloud.deps;
    const renewed = (keys: CloudKeys): Promise<boolean> =>
      cloud.deps.db.transaction((tx) => renewConfigBasis(tx, { operatorId, keys, clock }));
    await renewed(before);
    expect([await renewed(announced), await renewed(changed), await renewed(done)]).toEqual([
      true,
      false,
      true,
    ]);
    const terminal = { operatorId, terminalId: till.terminalId };
    const signed = await signedConfig({ ...cloud.deps, keys: announced }, terminal, 'http://x');
    const { issuerKeys } = JSON.parse(signed?.payload ?? '{}') as { issuerKeys: unknown };
    expect(issuerKeys).toEqual(
      announced.issuer.accepted.map(({ keyId, pair }) => ({ keyId, publicKey: pair.publicKey })),
    );
    expect(announced.issuer.accepted.map(({ keyId }) => keyId)).toEqual([1, 2]);
  });

  it.each([
    ['two keys of one number', () => keysOf(former, next)],
    ['a number that no code can hold', () => keysOf(`256:${former}`)],
    [
      'more keys than a configuration carries',
      () => keysOf(former, ...['2:', '3:', '4:', '5:'].map((no) => no + next)),
    ],
    ['what is no key', () => keysOf('2:rubbish')],
  ])('%s ends the start, and no secret is repeated', (_what, load) => {
    expect(load).toThrow();
    try {
      load();
    } catch (error) {
      expect(String(error)).not.toContain(former.slice(-20));
    }
  });
});
