import * as fc from 'fast-check';
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { bigIntOf, idFromUlidBytes, ulidBytes } from '#shared/ids/ulid-bytes.ts';
import {
  decodeMemberCode,
  encodeMemberCode,
  memberCodeDigits,
  type MemberCodeFields,
} from '#shared/member/member-code.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { recogniseCode } from '#shared/tender/recognise-code.ts';

// The private key of RFC 8032 section 7.1, test 1: public, for tests only.
const privateKey = createPrivateKey({
  key: Buffer.from(
    '302e020100300506032b657004220420' +
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'hex',
  ),
  format: 'der',
  type: 'pkcs8',
});
const signWithKey = (bytes: Uint8Array) => new Uint8Array(sign(null, bytes, privateKey));

const fields: MemberCodeFields = {
  keyId: 7,
  memberId: 'mbr_01JADFX2A0000000000000000B' as MemberId,
  certificateId: 'crt_7ZZZZZZZZZZZZZZZZZZZZZZZZZ' as CertificateId,
  paymentCapYuan: 50,
  windowCapYuan: 100,
  notAfterSeconds: 1_795_000_000,
  scope: 0,
};

const number = (from: number, to: number) => fc.integer({ min: from, max: to });

describe('encodeMemberCode', () => {
  const digits = encodeMemberCode(fields, signWithKey);

  test('is 262 digits that the recogniser takes for a member code', () => {
    expect(digits).toMatch(/^99[0-9]{260}$/);
    expect(digits.length).toBe(memberCodeDigits);
    expect(recogniseCode(digits)).toEqual({ type: 'member', code: digits });
  });

  test('signs the domain and the 43 bytes of the table, in their order', () => {
    const signed: Uint8Array[] = [];
    encodeMemberCode(fields, (bytes) => {
      signed.push(bytes);
      return new Uint8Array(64);
    });
    const expected = [
      Buffer.from('greentill/member-code/1\n').toString('hex'),
      '01', // version
      '07', // issuer key
      '01929afe89400000000000000000000b', // member
      'ffffffffffffffffffffffffffffffff', // certificate
      '0032', // cap per payment
      '0064', // cap per window
      '6afd86c0', // not after
      '00', // scope
    ].join('');
    expect(Buffer.from(signed[0]!).toString('hex')).toBe(expected);
  });

  test.each([
    ['a key id beyond one byte', { keyId: 256 }],
    ['a cap beyond two bytes', { paymentCapYuan: 65_536 }],
    ['a cap with fen', { windowCapYuan: 1.5 }],
    ['a negative time', { notAfterSeconds: -1 }],
  ])('%s is a broken invariant', (_, wrong) => {
    expect(() => encodeMemberCode({ ...fields, ...wrong }, signWithKey)).toThrow(/invariant/);
  });
});

describe('decodeMemberCode', () => {
  const ulid = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const anyFields = fc.record({
    keyId: number(0, 255),
    memberId: ulid.map((bytes) => idFromUlidBytes('mbr', bytes)),
    certificateId: ulid.map((bytes) => idFromUlidBytes('crt', bytes)),
    paymentCapYuan: number(0, 65_535),
    windowCapYuan: number(0, 65_535),
    notAfterSeconds: number(0, 0xffff_ffff),
    scope: number(0, 255),
  });
  const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });

  test('reads back what was encoded, whatever the fields and the signature', () => {
    fc.assert(
      fc.property(anyFields, signature, (some, bytes) => {
        const digits = encodeMemberCode(some, () => bytes);
        const decoded = getOrThrow(decodeMemberCode(digits));
        expect(decoded.fields).toEqual(some);
        expect([...decoded.signature]).toEqual([...bytes]);
        expect(digits.length).toBe(memberCodeDigits);
      }),
      { numRuns: 200 },
    );
  });

  test('any one misread digit is noticed', () => {
    const digits = encodeMemberCode(fields, signWithKey);
    for (let index = 0; index < digits.length; index += 1) {
      const misread = (Number(digits[index]) + 1 + (index % 9)) % 10;
      const changed = digits.slice(0, index) + String(misread) + digits.slice(index + 1);
      expect(decodeMemberCode(changed).ok).toBe(false);
    }
  });

  test.each([
    ['prefix', '13' + '0'.repeat(260)],
    ['prefix', ''],
    ['length', '99' + '0'.repeat(259)],
    ['length', '99' + '0'.repeat(261)],
    ['length', '99' + 'a'.repeat(260)],
    ['check', '99' + '0'.repeat(258) + '01'],
    ['version', '99' + '0'.repeat(260)],
    ['range', '99' + '9'.repeat(258) + String(BigInt('9'.repeat(258)) % 97n).padStart(2, '0')],
  ])('says that the %s is wrong', (why, digits) => {
    expect(decodeMemberCode(digits)).toEqual({
      ok: false,
      error: { type: 'member-code-malformed', why },
    });
  });
});

test('an id keeps its 128 bits through bytes and back', () => {
  const id = 'mbr_01JADFX2A0000000000000000B' as MemberId;
  expect(bigIntOf(ulidBytes(id)).toString(16)).toBe('1929afe89400000000000000000000b');
  expect(idFromUlidBytes('mbr', ulidBytes(id))).toBe(id);
});

test('the test key is the one of RFC 8032', () => {
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  expect(der.subarray(-32).toString('hex')).toBe(
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  );
});
