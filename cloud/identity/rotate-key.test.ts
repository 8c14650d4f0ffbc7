import { expect, test } from 'vitest';
import { rotationProofText } from '#shared/wire/v1/signing.ts';
import { renewConfigBasis } from '#cloud/identity/config-basis.ts';
import { generateKeyPair, signText, type KeyPair } from '#cloud/identity/ed25519.ts';
import { isRotationDue, keyAgeMsMax, keyOverlapMs } from '#cloud/identity/rotate-key.ts';
import {
  activateTestTerminal,
  admin,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

const path = '/v1/terminals/me/key';
let shiftMs = 0;
const clock = { nowMs: () => Date.now() + shiftMs, monotonicMs: () => performance.now() };
const cloud = useTestCloud({ clock });

const newTerminal = () => activateTestTerminal(cloud);
const createdShiftSeconds = () => Math.trunc(shiftMs / 1_000);

function change(terminal: TestTerminal, keys: { old: KeyPair; next: KeyPair; signer?: KeyPair }) {
  const { publicKey } = keys.next;
  const { terminalId } = terminal;
  const text = rotationProofText({ terminalId, oldPublicKey: keys.old.publicKey, publicKey });
  const proof = signText(keys.signer ?? keys.next, text);
  return { publicKey, proof };
}
const rotate = (terminal: TestTerminal, old: KeyPair, next: KeyPair, key = old) =>
  terminal.post(path, change(terminal, { old, next }), {
    key,
    createdShiftSeconds: createdShiftSeconds(),
  });
const statusWith = async (terminal: TestTerminal, key: KeyPair): Promise<number> =>
  (await terminal.get('/v1/results', { key, createdShiftSeconds: createdShiftSeconds() })).status;

test('a key is changed by the one in force; for seven days both sign, then only the new one', async () => {
  const terminal = await newTerminal();
  const next = generateKeyPair();
  expect(await statusWith(terminal, next)).toBe(401);
  expect(await rotate(terminal, terminal.key, next)).toMatchObject({
    status: 200,
    body: { publicKey: next.publicKey },
  });
  expect([await statusWith(terminal, next), await statusWith(terminal, terminal.key)]).toEqual([
    200, 200,
  ]);
  shiftMs = keyOverlapMs + 60_000;
  expect([await statusWith(terminal, next), await statusWith(terminal, terminal.key)]).toEqual([
    200, 401,
  ]);
  shiftMs = 0;
});

test('a lost answer costs nothing: the same change, signed with either key, is answered again', async () => {
  const terminal = await newTerminal();
  const next = generateKeyPair();
  const first = await rotate(terminal, terminal.key, next);
  const again = await rotate(terminal, terminal.key, next);
  const withNew = await rotate(terminal, terminal.key, next, next);
  expect(again.body).toEqual(first.body);
  expect(withNew.body).toEqual(first.body);
  shiftMs = keyOverlapMs + 60_000;
  expect((await rotate(terminal, terminal.key, next, next)).status).toBe(200);
  shiftMs = 0;
});

test('the old key takes over nothing, and nobody binds a key he does not hold', async () => {
  const terminal = await newTerminal();
  const [next, thief] = [generateKeyPair(), generateKeyPair()];
  const forged = change(terminal, { old: terminal.key, next, signer: thief });
  expect(await terminal.post(path, forged)).toMatchObject({
    status: 422,
    body: { code: 'rotation-proof-invalid' },
  });
  await rotate(terminal, terminal.key, next);
  expect(await rotate(terminal, next, thief, terminal.key)).toMatchObject({
    status: 409,
    body: { code: 'key-rotation-refused' },
  });
  expect(await statusWith(terminal, thief)).toBe(401);
  expect(cloud.log()).toContain('"kind":"clone"');
  expect((await rotate(terminal, next, thief, next)).status).toBe(200);
  expect(await statusWith(terminal, terminal.key)).toBe(401);
});

const beat = async (terminal: TestTerminal, key = terminal.key) =>
  (
    await terminal.post(
      '/v1/heartbeats',
      {
        epoch: '0123456789abcdef',
        headSeq: 0,
        headHash: '0'.repeat(64),
        ackedSeq: 0,
        oldestUnsyncedMs: null,
        appVersion: '1',
        wallMs: Date.now(),
        diskFreeBytes: 1,
        capsVersion: 1,
        peripherals: [],
        runId: '00000000000000aa',
      },
      { key, createdShiftSeconds: createdShiftSeconds() },
    )
  ).body as { rotateKey?: boolean; configVersion?: number };

test('the heartbeat asks for a new key when somebody wants it and when it is old, and stops asking', async () => {
  const terminal = await newTerminal();
  expect((await beat(terminal)).rotateKey).toBeUndefined();
  await admin(cloud, `/admin/v1/terminals/${terminal.terminalId}/rotate-key`, undefined);
  expect((await beat(terminal)).rotateKey).toBe(true);
  const next = generateKeyPair();
  await rotate(terminal, terminal.key, next);
  expect((await beat(terminal, next)).rotateKey).toBeUndefined();
  expect(isRotationDue({ keySinceMs: 0, wantedAtMs: undefined }, keyAgeMsMax)).toBe(false);
  expect(isRotationDue({ keySinceMs: 0, wantedAtMs: undefined }, keyAgeMsMax + 1)).toBe(true);
});

test('a closed terminal changes no key', async () => {
  const terminal = await newTerminal();
  const revoke = `/admin/v1/terminals/${terminal.terminalId}/revoke`;
  await admin(cloud, revoke, undefined);
  expect(await rotate(terminal, terminal.key, generateKeyPair())).toMatchObject({
    status: 403,
    body: { code: 'terminal-revoked' },
  });
});

const renew = (caps?: object) =>
  cloud.deps.db.transaction((tx) =>
    renewConfigBasis(tx, { ...cloud.deps, ...(caps ? { caps } : {}) }),
  );

test('new caps or issuer keys of the program make every till pull its configuration; the same ones do not', async () => {
  const terminal = await newTerminal();
  await renew();
  const { configVersion = 0 } = await beat(terminal);
  expect(await renew()).toBe(false);
  expect((await beat(terminal)).configVersion).toBe(configVersion);
  expect(await renew({ version: 3 })).toBe(true);
  expect((await beat(terminal)).configVersion).toBe(configVersion + 1);
});
