import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { rotationProofText, signatureBase } from '#shared/wire/v1/signing.ts';
import { finishKeyChange } from '#terminal/agent/identity/change-key.ts';
import {
  openDeviceKey,
  verifyBytes,
  verifySignature,
} from '#terminal/agent/identity/device-key.ts';
import { tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { createCloudClient, type CloudClient } from '#terminal/agent/uplink/cloud-client.ts';

const terminalId = 'trm_01KAN7D5Q00000000000000001';
const root = tempFolder();
/** What the cloud at the far end knows: it checks signatures and proofs, and forgets, cuts or refuses as told. */
let known: { current: string; previous: string };
let cut: 'nothing' | 'request' | 'answer';
let refuseWith: string | undefined;
/** A key whose overlap is over. */
let lapsed: string | undefined;
let client: CloudClient;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => takeChange(request, response, Buffer.concat(chunks)));
});

function takeChange(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const answer = (status: number, value: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  const problem = (status: number, code: string): void =>
    answer(status, { type: code, title: code, status, code, retryable: false });
  if (cut === 'request') return void request.socket.destroy();
  const signer = [known.current, known.previous]
    .filter((key) => key !== lapsed)
    .find((key) => isSignedBy(request, key));
  if (signer === undefined) return problem(401, 'signature-invalid');
  if (refuseWith !== undefined) return problem(409, refuseWith);
  const { publicKey, proof } = JSON.parse(body.toString()) as { publicKey: string; proof: string };
  const isDone = publicKey === known.current;
  const oldPublicKey = isDone ? known.previous : known.current;
  const text = rotationProofText({ terminalId, oldPublicKey, publicKey });
  if (!verifySignature({ text, signature: proof, publicKey }))
    return problem(422, 'rotation-proof-invalid');
  if (!isDone) known = { current: publicKey, previous: known.current };
  if (cut === 'answer') return void request.socket.destroy();
  return answer(200, { publicKey, previousUntilMs: 1 });
}

function isSignedBy({ headers, method = '', url = '' }: IncomingMessage, publicKey: string) {
  const input = String(headers['signature-input']);
  const value = (name: string) => new RegExp(`${name}="?([^";]+)`).exec(input)?.[1] ?? '';
  const base = signatureBase({
    method,
    targetUri: `${originOf()}${url}`,
    contentDigest: String(headers['content-digest']),
    terminalSeq: Number(headers['x-terminal-seq']),
    created: Number(value('created')),
    nonce: value('nonce'),
    keyId: value('keyid'),
  });
  const signature = Buffer.from(String(headers['signature']).slice('sig1=:'.length, -1), 'base64');
  return verifyBytes({ publicKey, bytes: Buffer.from(base), signature });
}

const originOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
/** The till as it comes up after a stop: everything it knows is on disk. */
const restart = () => getOrThrow(openDeviceKey(root.path));

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(() => {
  client.close();
  server.closeAllConnections();
  server.close();
  root.remove();
});
beforeEach(() => {
  known = { current: restart().publicKey, previous: '' };
  [cut, refuseWith, lapsed] = ['nothing', undefined, undefined];
});

async function change(): Promise<ReturnType<typeof restart>> {
  const key = restart();
  client = createCloudClient({
    cloudUrl: originOf(),
    key,
    terminalId: () => terminalId,
    clock: systemClock,
    random: systemRandom,
    timers: systemTimers,
    fetch: globalThis.fetch,
    onOutcome: () => {},
    onIdentityEvidence: () => {},
  });
  expect(key.beginChange()).toBe(true);
  await finishKeyChange({ key, cloud: client, terminalId });
  return restart();
}

test('a change that nothing disturbs: the cloud and the disk have the new key', async () => {
  const old = restart().publicKey;
  const key = await change();
  expect(key.publicKey).not.toBe(old);
  expect(key.next()).toBeUndefined();
  expect(known).toEqual({ current: key.publicKey, previous: old });
});

test.each(['request', 'answer'] as const)(
  'the %s is lost and the till is stopped: the same change is finished later, with the same new key',
  async (lost) => {
    const old = restart().publicKey;
    cut = lost;
    const between = await change();
    const next = between.next()?.publicKey;
    expect([between.publicKey, next === undefined]).toEqual([old, false]);
    cut = 'nothing';
    expect((await change()).publicKey).toBe(next);
    expect(known.current).toBe(next);
  },
);

test('the answer was lost and the overlap is over: the new key proves itself', async () => {
  cut = 'answer';
  const old = restart().publicKey;
  await change();
  const taken = known.current;
  cut = 'nothing';
  lapsed = old;
  const key = await change();
  expect([key.publicKey, key.publicKey === old]).toEqual([taken, false]);
});
test('a refused change leaves the old key in force and is not asked for again', async () => {
  const old = restart().publicKey;
  refuseWith = 'key-rotation-refused';
  const key = await change();
  expect([key.publicKey, key.next()]).toEqual([old, undefined]);
});
