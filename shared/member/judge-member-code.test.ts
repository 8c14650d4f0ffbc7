import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { judgeMemberCode, type OfflineUsage } from '#shared/member/judge-member-code.ts';
import { encodeMemberCode, type MemberCodeFields } from '#shared/member/member-code.ts';
import { halveCaps, type OfflineCaps } from '#shared/member/offline-caps.ts';
import { verifyMemberCode, type VerifySignature } from '#shared/member/verify-member-code.ts';
import { fen } from '#shared/money/fen.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519').privateKey;
const rawKey = publicKey.export({ format: 'jwk' }).x!;

const verifySignature: VerifySignature = (check) =>
  verify(
    null,
    check.bytes,
    createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: check.publicKey }, format: 'jwk' }),
    check.signature,
  );

const nowMs = 1_795_000_000_000;
const fields: MemberCodeFields = {
  keyId: 1,
  memberId: 'mbr_01JADFX2A0000000000000000B' as MemberId,
  certificateId: 'crt_01JADFX2A0000000000000000C' as CertificateId,
  paymentCapYuan: 60,
  windowCapYuan: 120,
  notAfterSeconds: nowMs / 1000,
  scope: 0,
};
const codeOf = (some: Partial<MemberCodeFields> = {}, key = privateKey) =>
  encodeMemberCode({ ...fields, ...some }, (bytes) => new Uint8Array(sign(null, bytes, key)));

const unused: OfflineUsage = {
  memberFen: fen(0),
  memberCount: 0,
  shopUnsyncedFen: fen(0),
  shopUnsyncedCount: 0,
  certificateUsed: false,
  lastCounter: 0,
};
const bearerless: OfflineCaps = {
  perPaymentFen: 5000,
  perMemberFen: 10_000,
  perMemberCount: 3,
  shopUnsyncedFen: 50_000,
  shopUnsyncedCount: 10,
  windowMs: 86_400_000,
};
const good = {
  code: codeOf(),
  keys: [{ keyId: 1, publicKey: rawKey }],
  verify: verifySignature,
  nowMs,
  revoked: new Set<string>(),
  amountFen: fen(5000),
  caps: bearerless,
  usageOf: () => unused,
  sinceContactMs: 86_400_000,
  listAgeMs: 86_400_000,
  isOnlineWanted: () => false,
};
const judge = (change: Partial<typeof good> = {}) => judgeMemberCode({ ...good, ...change });
const used = (usage: Partial<OfflineUsage>) => ({ usageOf: () => ({ ...unused, ...usage }) });

describe('judgeMemberCode', () => {
  test('a genuine code inside every cap is accepted, each cap and the last second included', () => {
    expect(judge()).toEqual({
      ok: true,
      value: {
        memberId: fields.memberId,
        certificateId: fields.certificateId,
        shopRemainingFen: 45_000,
      },
    });
    const toTheBrim = used({
      memberFen: fen(5000),
      memberCount: 2,
      shopUnsyncedFen: fen(45_000),
      shopUnsyncedCount: 9,
    });
    expect(judge(toTheBrim)).toMatchObject({ ok: true, value: { shopRemainingFen: 0 } });
  });

  test.each([
    ['a damaged code', { code: good.code.slice(1) }, { type: 'member-code-malformed' }],
    ['a key the till does not have', { keys: [] }, { type: 'member-code-key-unknown', keyId: 1 }],
    ["a stranger's signature", { code: codeOf({}, stranger) }, { type: 'member-code-forged' }],
    ['one millisecond late', { nowMs: nowMs + 1 }, { type: 'member-code-expired' }],
    ['another scope', { code: codeOf({ scope: 3 }) }, { type: 'member-code-scope', scope: 3 }],
    [
      'a withdrawn certificate',
      { revoked: new Set<string>([fields.certificateId]) },
      { type: 'member-code-revoked' },
    ],
    [
      'a list of a day and a millisecond ago',
      { listAgeMs: 86_400_001 },
      { type: 'member-code-list-old' },
    ],
    [
      'one that has to be asked about online',
      { isOnlineWanted: () => true },
      { type: 'offline-online-wanted' },
    ],
    [
      'a bearer code above the caps of its own',
      {
        caps: {
          ...bearerless,
          bearer: { perPaymentFen: 4_000, perMemberFen: 8_000, perMemberCount: 2 },
        },
        amountFen: fen(4_001),
      },
      { type: 'offline-payment-limit', limitFen: 4_000 },
    ],
    ['a certificate used here', used({ certificateUsed: true }), { type: 'member-code-used' }],
    [
      'one fen above the cap per payment',
      { amountFen: fen(5001) },
      { type: 'offline-payment-limit', limitFen: 5000 },
    ],
    [
      "one fen above the code's own cap per payment",
      { code: codeOf({ paymentCapYuan: 49 }), amountFen: fen(4901) },
      { type: 'offline-payment-limit', limitFen: 4900 },
    ],
    [
      'one fen above what the member may owe',
      used({ memberFen: fen(5001) }),
      { type: 'offline-member-sum', remainingFen: 4999 },
    ],
    [
      "one fen above the code's own cap per window",
      { code: codeOf({ windowCapYuan: 90 }), ...used({ memberFen: fen(4001) }) },
      { type: 'offline-member-sum', remainingFen: 4999 },
    ],
    ['one payment too many', used({ memberCount: 3 }), { type: 'offline-member-count', limit: 3 }],
    [
      'one fen above what the shop may hold',
      used({ shopUnsyncedFen: fen(45_001) }),
      { type: 'offline-shop-sum', remainingFen: 4999 },
    ],
    [
      'one payment more than the shop may hold',
      used({ shopUnsyncedCount: 10 }),
      { type: 'offline-shop-count', limit: 10 },
    ],
    [
      'a window that closed a millisecond ago',
      { sinceContactMs: 86_400_001 },
      { type: 'offline-window-closed' },
    ],
  ])('%s is refused', (_, change, error) => {
    expect(judge(change)).toMatchObject({ ok: false, error });
  });

  test('when several refusals apply, the written order decides', () => {
    // Each row breaks one more check than the one before it, from the last check to the first.
    const worse: Partial<typeof good>[] = [{ isOnlineWanted: () => true }];
    const alsoBreak = (change: Partial<typeof good>) => worse.push({ ...worse.at(-1), ...change });
    alsoBreak({ sinceContactMs: 1e9 });
    let usage: OfflineUsage = { ...unused, shopUnsyncedCount: 10 };
    alsoBreak(used(usage));
    usage = { ...usage, shopUnsyncedFen: fen(50_000) };
    alsoBreak(used(usage));
    usage = { ...usage, memberCount: 3 };
    alsoBreak(used(usage));
    usage = { ...usage, memberFen: fen(10_000) };
    alsoBreak(used(usage));
    alsoBreak({ amountFen: fen(9000) });
    alsoBreak({ listAgeMs: 1e9 });
    alsoBreak({ revoked: new Set<string>([fields.certificateId]) });
    alsoBreak({ code: codeOf({ scope: 1 }) });
    alsoBreak(used({ ...usage, certificateUsed: true }));
    alsoBreak({ nowMs: nowMs + 1 });
    alsoBreak({ code: codeOf({ scope: 1 }, stranger) });
    alsoBreak({ keys: [] });
    alsoBreak({ code: '99' });
    expect(
      worse.map((change) => (judge(change) as { error: { type: string } }).error.type),
    ).toEqual([
      'offline-online-wanted',
      'offline-window-closed',
      'offline-shop-count',
      'offline-shop-sum',
      'offline-member-count',
      'offline-member-sum',
      'offline-payment-limit',
      'member-code-list-old',
      'member-code-revoked',
      'member-code-scope',
      'member-code-used',
      'member-code-expired',
      'member-code-forged',
      'member-code-key-unknown',
      'member-code-malformed',
    ]);
  });

  test('no field of a signed code can be changed', () => {
    const original = codeOf();
    const signatureOf = encodeMemberCode(fields, () => new Uint8Array(64));
    const tail = BigInt(original.slice(2, 260)) - BigInt(signatureOf.slice(2, 260));
    for (const change of [
      { memberId: 'mbr_01JADFX2A0000000000000000D' as MemberId },
      { certificateId: 'crt_01JADFX2A0000000000000000D' as CertificateId },
      { paymentCapYuan: 61 },
      { windowCapYuan: 121 },
      { notAfterSeconds: fields.notAfterSeconds + 1 },
      { scope: 1 },
    ]) {
      const bytes = Buffer.from(tail.toString(16).padStart(128, '0'), 'hex');
      const changed = encodeMemberCode({ ...fields, ...change }, () => new Uint8Array(bytes));
      expect(verifyMemberCode({ ...good, code: changed })).toEqual({
        ok: false,
        error: { type: 'member-code-forged' },
      });
    }
  });
});

test('after a restart offline half of the room is given, rounded down', () => {
  expect(halveCaps({ ...good.caps, perMemberCount: 3, perPaymentFen: 4999 })).toEqual({
    perPaymentFen: 2499,
    perMemberFen: 5000,
    perMemberCount: 1,
    shopUnsyncedFen: 25_000,
    shopUnsyncedCount: 5,
    windowMs: 86_400_000,
  });
});
