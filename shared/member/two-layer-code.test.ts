import * as fc from 'fast-check';
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { idFromUlidBytes } from '#shared/ids/ulid-bytes.ts';
import { base64Url, fromBase64Url } from '#shared/member/base64-url.ts';
import { bytesOfDigits, digitsOf, type CodeForm } from '#shared/member/code-digits.ts';
import { judgeMemberCode, type OfflineUsage } from '#shared/member/judge-member-code.ts';
import type { OfflineCaps } from '#shared/member/offline-caps.ts';
import {
  decodeTwoLayerCode,
  encodeCertificate,
  encodeTwoLayerCode,
  twoLayerBytes,
  twoLayerDigits,
  type MemberCertificateFields,
} from '#shared/member/two-layer-code.ts';
import {
  genuineMemberCode,
  momentToleranceMs,
  verifyMemberCode,
  type VerifySignature,
} from '#shared/member/verify-member-code.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { recogniseCode, scanCharsMax } from '#shared/tender/recognise-code.ts';

const form: CodeForm = { version: 2, bytes: twoLayerBytes, numberDigits: 504 };
const platform = generateKeyPairSync('ed25519');
const phone = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const rawKey = (key: typeof phone): string => key.publicKey.export({ format: 'jwk' }).x!;
const signer = (key: typeof phone) => (bytes: Uint8Array) =>
  new Uint8Array(sign(null, bytes, key.privateKey));
const verifySignature: VerifySignature = (check) =>
  verify(
    null,
    check.bytes,
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: check.publicKey }, format: 'jwk' }),
    check.signature,
  );

const nowMs = 1_795_000_000_000;
const fields: MemberCertificateFields = {
  keyId: 1,
  memberId: 'mbr_01JADFX2A0000000000000000B' as MemberId,
  certificateId: 'crt_01JADFX2A0000000000000000C' as CertificateId,
  devicePublicKey: rawKey(phone),
  paymentCapYuan: 50,
  windowCapYuan: 100,
  notAfterSeconds: nowMs / 1_000 + 3_600,
  scope: 0,
};

interface Shown {
  readonly aheadMs?: number;
  readonly counter?: number;
  readonly by?: typeof phone;
  readonly certified?: typeof phone;
  readonly change?: Partial<MemberCertificateFields>;
}
function codeOf({
  aheadMs = 0,
  counter = 1,
  by = phone,
  certified = platform,
  change,
}: Shown = {}) {
  const certificate = encodeCertificate({ ...fields, ...change }, signer(certified));
  const timeSeconds = Math.floor((nowMs + aheadMs) / 1_000);
  return encodeTwoLayerCode({ certificate, timeSeconds, counter }, signer(by));
}

const keys = [{ keyId: 1, publicKey: rawKey(platform) }];
const trust = { keys, verify: verifySignature, nowMs, revoked: new Set<string>() };
const unused: OfflineUsage = {
  memberFen: fen(0),
  memberCount: 0,
  shopUnsyncedFen: fen(0),
  shopUnsyncedCount: 0,
  certificateUsed: false,
  lastCounter: 0,
};
const caps: OfflineCaps = {
  perPaymentFen: 5_000,
  perMemberFen: 10_000,
  perMemberCount: 3,
  shopUnsyncedFen: 20_000,
  shopUnsyncedCount: 5,
  windowMs: 86_400_000,
  bearer: { perPaymentFen: 1, perMemberFen: 1, perMemberCount: 0 },
};
const judge = (shown: Shown, more: Partial<OfflineUsage> = {}) =>
  judgeMemberCode({
    ...trust,
    code: codeOf(shown),
    caps,
    amountFen: fen(5_000),
    usageOf: () => ({ ...unused, ...more }),
    sinceContactMs: 0,
    listAgeMs: 0,
    isOnlineWanted: () => false,
  });

const number = (max: number) => fc.integer({ min: 0, max });
const someBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('the digits of a code in two layers', () => {
  test('508 digits that a scan may have and the recogniser takes for a member code', () => {
    const code = codeOf();
    expect(code).toMatch(/^99[0-9]{506}$/);
    expect(code.length).toBe(twoLayerDigits);
    expect(twoLayerDigits).toBeLessThanOrEqual(scanCharsMax);
    expect(recogniseCode(code)).toEqual({ type: 'member', code });
  });

  test('read back as they were made, whatever the fields', () => {
    const some = fc.record({
      keyId: number(255),
      memberId: someBytes(16).map((raw) => idFromUlidBytes('mbr', raw)),
      certificateId: someBytes(16).map((raw) => idFromUlidBytes('crt', raw)),
      devicePublicKey: someBytes(32).map(base64Url),
      paymentCapYuan: number(65_535),
      windowCapYuan: number(65_535),
      notAfterSeconds: number(0xffff_ffff),
      scope: number(255),
    });
    const counters = fc.integer({ min: 1, max: 65_535 });
    fc.assert(
      fc.property(
        some,
        number(0xffff_ffff),
        counters,
        someBytes(64),
        (given, at, counter, mark) => {
          const certificate = encodeCertificate(given, () => mark);
          const shown = { certificate, timeSeconds: at, counter };
          const read = getOrThrow(decodeTwoLayerCode(encodeTwoLayerCode(shown, () => mark)));
          expect(read.certificate.fields).toEqual(given);
          expect(read.moment).toEqual({ timeSeconds: at, counter });
        },
      ),
    );
  });

  test('any single changed byte is refused, and so is any misread digit', () => {
    const code = codeOf();
    const bytes = getOrThrow(bytesOfDigits(code, form));
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at]! + 1 + (at % 254)) % 256;
      const result = genuineMemberCode({ ...trust, code: digitsOf(changed, form) });
      expect(result, `byte ${at}`).toMatchObject({ ok: false });
    }
    for (let at = 0; at < code.length; at += 1) {
      const misread = String((Number(code[at]) + 1 + (at % 9)) % 10);
      const changed = code.slice(0, at) + misread + code.slice(at + 1);
      expect(genuineMemberCode({ ...trust, code: changed }).ok, `digit ${at}`).toBe(false);
    }
  });

  test('a random change of one byte is refused whatever it becomes', () => {
    const bytes = getOrThrow(bytesOfDigits(codeOf(), form));
    const change = fc.tuple(fc.nat(twoLayerBytes - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, ([at, by]) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = changed[at]! ^ by;
        expect(genuineMemberCode({ ...trust, code: digitsOf(changed, form) }).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['a counter of nothing', () => codeOf({ counter: 0 }), 'range'],
    ['a bearer length with this version', () => codeOf().slice(0, 262), 'check'],
    ['one digit less', () => codeOf().slice(0, -1), 'length'],
  ])('%s is malformed', (_, code, why) => {
    const error = { type: 'member-code-malformed' };
    const read = genuineMemberCode({ ...trust, code: code() });
    expect(read).toMatchObject({ ok: false, error });
    if (why === 'range') expect(read).toMatchObject({ error: { why } });
  });
});

describe('who signed it', () => {
  test.each<[string, Shown, string]>([
    ['a certificate of a stranger', { certified: stranger }, 'member-code-forged'],
    ['a moment signed by another phone', { by: stranger }, 'member-code-forged'],
    [
      'a key of the thief in a copied certificate',
      { by: stranger, certified: stranger, change: { devicePublicKey: rawKey(stranger) } },
      'member-code-forged',
    ],
    ['a key the till does not have', { change: { keyId: 9 } }, 'member-code-key-unknown'],
  ])('%s is refused', (_, shown, type) => {
    expect(judge(shown)).toMatchObject({ ok: false, error: { type } });
  });

  test('both signatures hold: the caps of the bearer form do not bind it', () => {
    expect(judge({})).toMatchObject({ ok: true, value: { memberId: fields.memberId } });
  });
});

describe('when it was shown', () => {
  test.each([
    [0, true],
    [momentToleranceMs, true],
    [-momentToleranceMs, true],
    [momentToleranceMs + 1_000, false],
    [-momentToleranceMs - 1_000, false],
  ])('%i ms from the trusted time: %s', (aheadMs, isTaken) => {
    const judged = judge({ aheadMs });
    expect(judged.ok).toBe(isTaken);
    if (!judged.ok) expect(judged.error).toEqual({ type: 'member-code-stale', aheadMs });
  });

  test('any moment is taken exactly inside the window', () => {
    fc.assert(
      fc.property(fc.integer({ min: -600, max: 600 }), (aheadSeconds) => {
        const inside = Math.abs(aheadSeconds * 1_000) <= momentToleranceMs;
        expect(judge({ aheadMs: aheadSeconds * 1_000 }).ok).toBe(inside);
      }),
      { numRuns: 60 },
    );
  });

  test('past its not-after, however fresh the moment', () => {
    const change = { notAfterSeconds: nowMs / 1_000 - 1 };
    expect(judge({ change })).toMatchObject({ error: { type: 'member-code-expired' } });
    const read = verifyMemberCode({ ...trust, code: codeOf({ change }) });
    expect(read).toMatchObject({ error: { type: 'member-code-expired' } });
  });
});

describe('the counter', () => {
  test('is taken exactly above the last one that was', () => {
    const counter = fc.integer({ min: 1, max: 65_535 });
    fc.assert(
      fc.property(counter, fc.nat(65_535), (shown, lastCounter) => {
        const judged = judge({ counter: shown }, { lastCounter });
        expect(judged.ok).toBe(shown > lastCounter);
        if (!judged.ok) expect(judged.error).toEqual({ type: 'member-code-used' });
      }),
      { numRuns: 60 },
    );
  });
});

describe('no cap is exceeded, whatever is bought in which order', () => {
  interface Sale {
    readonly member: number;
    readonly amountFen: number;
    readonly isBearer: boolean;
    readonly isSynced: boolean;
  }
  const sale: fc.Arbitrary<Sale> = fc.record({
    member: fc.nat(3),
    amountFen: fc.integer({ min: 1, max: 7_000 }),
    isBearer: fc.boolean(),
    isSynced: fc.boolean(),
  });
  const limits: OfflineCaps = {
    ...caps,
    bearer: { perPaymentFen: 3_000, perMemberFen: 6_000, perMemberCount: 2 },
  };

  test('sums and counts of member and shop stay inside', () => {
    fc.assert(
      fc.property(fc.array(sale, { maxLength: 40 }), (sales) => {
        let open: Sale[] = [];
        let counter = 0;
        for (const next of sales) {
          // Now and then everything reaches the cloud, and the shop has its room back.
          if (next.isSynced) open = [];
          counter += 1;
          const ofMember = open.filter(({ member }) => member === next.member);
          const sum = (some: readonly Sale[]) =>
            fen(some.reduce((total, { amountFen }) => total + amountFen, 0));
          const judged = judgeMemberCode({
            ...trust,
            // Signatures are proved above; here only what is inside matters.
            verify: () => true,
            code: codeOf({ counter }),
            caps: next.isBearer ? { ...limits, ...limits.bearer } : limits,
            amountFen: fen(next.amountFen),
            usageOf: () => ({
              ...unused,
              memberFen: sum(ofMember),
              memberCount: ofMember.length,
              shopUnsyncedFen: sum(open),
              shopUnsyncedCount: open.length,
            }),
            sinceContactMs: 0,
            listAgeMs: 0,
            isOnlineWanted: () => false,
          });
          if (!judged.ok) continue;
          open.push(next);
          expect(next.amountFen).toBeLessThanOrEqual(next.isBearer ? 3_000 : 5_000);
          expect(sum(open)).toBeLessThanOrEqual(limits.shopUnsyncedFen);
          expect(open.length).toBeLessThanOrEqual(limits.shopUnsyncedCount!);
          const after = open.filter(({ member }) => member === next.member);
          expect(sum(after)).toBeLessThanOrEqual(next.isBearer ? 6_000 : limits.perMemberFen);
          expect(after.length).toBeLessThanOrEqual(next.isBearer ? 2 : limits.perMemberCount);
        }
      }),
      { numRuns: 100 },
    );
  });
});

test('base64url: back and forth, and one spelling each', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      const text = base64Url(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect(fromBase64Url(text)).toEqual(bytes);
    }),
  );
  expect(fromBase64Url('AB')).toBeUndefined();
  expect(fromBase64Url('A+')).toBeUndefined();
});
