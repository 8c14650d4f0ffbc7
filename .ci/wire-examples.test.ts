import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { describe, expect, test } from 'vitest';
import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { decodeMemberCode, encodeMemberCode } from '#shared/member/member-code.ts';
import {
  decodeTwoLayerCode,
  encodeCertificate,
  encodeTwoLayerCode,
} from '#shared/member/two-layer-code.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { verifyChain, type HashLink } from '#shared/wire/v1/chain.ts';
import { BatchSchema, entryPreimage, HeartbeatSchema } from '#shared/wire/v1/journal.ts';
import {
  CataloguePageSchema,
  catalogueSignedText,
  SignedCataloguePageSchema,
} from '#shared/wire/v1/goods.ts';
import { parseEntry } from '#shared/wire/v1/parse-entry.ts';
import {
  activationProofText,
  rotationProofText,
  signatureBase,
  signatureParams,
  signingKeyChangeText,
} from '#shared/wire/v1/signing.ts';
import { ActivationRequestSchema, SignedConfigSchema } from '#shared/wire/v1/terminals.ts';

/** The worked examples of docs/wire.md are what an outsider checks his terminal with: they must be true. */
const page = readFileSync(join(import.meta.dirname, '../docs/wire.md'), 'utf8');

function example<S extends TSchema>(name: string, schema: S): Static<S> {
  const [, json] = new RegExp(`<!-- vector: ${name} -->\\s+\`\`\`json\\n([^]*?)\`\`\``).exec(page)!;
  const value: unknown = JSON.parse(json!);
  const validator = Compile(schema);
  expect([...validator.Errors(value)], name).toEqual([]);
  return value as Static<S>;
}

const text = Type.String();
const key = example('key', Type.Object({ seedHex: text, publicKey: text }));
const pkcs8Header = '302e020100300506032b657004220420';
const privateKeyOf = (seedHex: string) =>
  createPrivateKey({
    key: Buffer.from(pkcs8Header + seedHex, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
const privateKey = privateKeyOf(key.seedHex);
const hashLink: HashLink = (link) =>
  createHash('sha256').update(link.prevHash, 'hex').update(link.text, 'utf8').digest('hex');

describe('the worked examples of docs/wire.md', () => {
  test('key: the public key belongs to the seed', () => {
    expect(createPublicKey(privateKey).export({ format: 'jwk' })['x']).toBe(key.publicKey);
  });

  test('batch: fits its schema, its chain holds, its entries parse, its second preimage is as printed', () => {
    const batch = example('batch', BatchSchema);
    expect(verifyChain(batch, hashLink)).toEqual({
      ok: true,
      value: { headHash: batch.entries.at(-1)!.hash },
    });
    for (const entry of batch.entries) expect(parseEntry(entry).ok).toBe(true);
    expect(example('preimage', text)).toBe(entryPreimage(batch.epoch, batch.entries[1]!));
  });

  test('signed request: digest, base, headers and signature follow from its parts', () => {
    const signed = example(
      'signed-request',
      Type.Object({
        method: text,
        targetUri: text,
        terminalSeq: Type.Integer(),
        created: Type.Integer(),
        nonce: text,
        keyId: text,
        body: text,
        base: text,
        headers: Type.Record(text, text),
      }),
    );
    expect([...Compile(HeartbeatSchema).Errors(JSON.parse(signed.body))]).toEqual([]);
    const contentDigest = `sha-256=:${createHash('sha256').update(signed.body).digest('base64')}:`;
    const parts = { ...signed, contentDigest };
    expect(signed.base).toBe(signatureBase(parts));
    expect(signed.headers).toEqual({
      'content-digest': contentDigest,
      'x-terminal-seq': String(signed.terminalSeq),
      'signature-input': `sig1=${signatureParams(parts)}`,
      signature: `sig1=:${sign(null, Buffer.from(signed.base), privateKey).toString('base64')}:`,
    });
  });

  test('activation: fits its schema and proves that it holds the key', () => {
    const request = example('activation', ActivationRequestSchema);
    const proven = activationProofText(request.code, request.publicKey);
    expect(request.publicKey).toBe(key.publicKey);
    expect(request.proof).toBe(sign(null, Buffer.from(proven), privateKey).toString('base64url'));
  });

  test('change of keys: the new key belongs to its seed and proves the change from the old one', () => {
    const change = example(
      'rotation',
      Type.Object({
        newSeedHex: text,
        terminalId: text,
        oldPublicKey: text,
        publicKey: text,
        proof: text,
      }),
    );
    const next = privateKeyOf(change.newSeedHex);
    expect(change.oldPublicKey).toBe(key.publicKey);
    expect(createPublicKey(next).export({ format: 'jwk' })['x']).toBe(change.publicKey);
    const proof = sign(null, Buffer.from(rotationProofText(change)), next).toString('base64url');
    expect(change.proof).toBe(proof);
  });

  test('change of the cloud’s key: the old key signs the change, the new one what comes after it', () => {
    const { payload, signature, keyChanges = [] } = example('key-change', SignedConfigSchema);
    const rotation = example('rotation', Type.Object({ newSeedHex: text, publicKey: text }));
    const [change, ...more] = keyChanges;
    expect(more).toEqual([]);
    expect(change).toMatchObject({ fromKey: key.publicKey, toKey: rotation.publicKey });
    const signed = Buffer.from(signingKeyChangeText(change!));
    expect(change?.signature).toBe(sign(null, signed, privateKey).toString('base64url'));
    const next = privateKeyOf(rotation.newSeedHex);
    expect(signature).toBe(sign(null, Buffer.from(payload), next).toString('base64url'));
  });

  test('member code: digits and bytes follow from the fields', () => {
    const number = Type.Integer();
    const { signedHex, digits, ...printed } = example(
      'member-code',
      Type.Object({
        keyId: number,
        memberId: text,
        certificateId: text,
        paymentCapYuan: number,
        windowCapYuan: number,
        notAfterSeconds: number,
        scope: number,
        signedHex: text,
        digits: text,
      }),
    );
    const fields = {
      ...printed,
      memberId: printed.memberId as MemberId,
      certificateId: printed.certificateId as CertificateId,
    };
    expect(encodeMemberCode(fields, (bytes) => new Uint8Array(sign(null, bytes, privateKey)))).toBe(
      digits,
    );
    const { signedBytes } = getOrThrow(decodeMemberCode(digits));
    expect(Buffer.from(signedBytes).toString('hex').endsWith(signedHex)).toBe(true);
    expect(signedHex.length).toBe(86);
  });

  test('two-layer code: certificate, digits and both signatures follow from the fields', () => {
    const number = Type.Integer();
    const printed = example(
      'two-layer-code',
      Type.Object({
        phoneSeedHex: text,
        keyId: number,
        memberId: text,
        certificateId: text,
        devicePublicKey: text,
        paymentCapYuan: number,
        windowCapYuan: number,
        notAfterSeconds: number,
        scope: number,
        certificateHex: text,
        timeSeconds: number,
        counter: number,
        digits: text,
      }),
    );
    const phone = privateKeyOf(printed.phoneSeedHex);
    expect(createPublicKey(phone).export({ format: 'jwk' })['x']).toBe(printed.devicePublicKey);
    const signBy = (secret: typeof phone) => (bytes: Uint8Array) =>
      new Uint8Array(sign(null, bytes, secret));
    const fields = {
      ...printed,
      memberId: printed.memberId as MemberId,
      certificateId: printed.certificateId as CertificateId,
    };
    const certificate = encodeCertificate(fields, signBy(privateKey));
    expect(Buffer.from(certificate).toString('hex')).toBe(printed.certificateHex);
    expect(encodeTwoLayerCode({ ...printed, certificate }, signBy(phone))).toBe(printed.digits);
    expect(getOrThrow(decodeTwoLayerCode(printed.digits)).moment).toEqual({
      timeSeconds: printed.timeSeconds,
      counter: printed.counter,
    });
  });

  test('catalogue page: signed with its purpose by the key of the page, and its payload fits its schema', () => {
    const { payload, signature } = example('catalogue-page', SignedCataloguePageSchema);
    const made = sign(null, Buffer.from(catalogueSignedText(payload)), privateKey);
    expect(made.toString('base64url')).toBe(signature);
    expect(Compile(CataloguePageSchema).Check(JSON.parse(payload))).toBe(true);
  });

  test('planted violation: an example with one changed character does not pass', () => {
    const batch = example('batch', BatchSchema);
    const [first, ...rest] = batch.entries;
    const edited = {
      ...batch,
      entries: [{ ...first!, body: first!.body.replace('1', '2') }, ...rest],
    };
    expect(verifyChain(edited, hashLink).ok).toBe(false);
  });
});

test('every schema file is named on the page, or part of one that is', () => {
  const parts = [
    'caps',
    'coupon-print',
    'goods',
    'issuer-key',
    'order-result',
    'promise-limits',
    'promise-tally',
    'promo-order-view',
    'promo-price',
    'promo-wish',
    'refund-tally',
    'sale-line',
    'verdict',
    'wallet-voucher',
    'wire-entry',
  ];
  const linked = new Set(
    [...page.matchAll(/wire\/([a-z-]+)\.schema\.json/g)].map(([, name]) => name),
  );
  const files = readSchemaNames();
  expect(files.filter((name) => !linked.has(name) && !parts.includes(name))).toEqual([]);
  expect([...linked].filter((name) => !files.includes(name!))).toEqual([]);
});

function readSchemaNames(): string[] {
  const folder = join(import.meta.dirname, '../docs/wire');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.schema.json'))
    .map((name) => name.slice(0, -'.schema.json'.length));
}
