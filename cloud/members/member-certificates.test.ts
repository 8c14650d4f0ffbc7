import { generateKeyPairSync, sign } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, it } from 'vitest';
import { capsEditions } from '#cloud/identity/caps-editions.ts';
import { deviceProofText, devicesMax } from '#cloud/members/member-certificates.ts';
import { verifyEd25519 } from '#cloud/members/member-codes.ts';
import {
  activateTestTerminal,
  admin,
  type TestTerminal,
  consent,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { encodeTwoLayerCode } from '#shared/member/two-layer-code.ts';
import { genuineMemberCode } from '#shared/member/verify-member-code.ts';
import { getOrThrow } from '#shared/result/result.ts';

const cloud = useTestCloud();
let till: TestTerminal;
beforeAll(async () => {
  till = await activateTestTerminal(cloud);
});

let members = 0;
async function newMember() {
  members += 1;
  const { body } = await till.post('/v1/members', { phone: `138000100${10 + members}`, consent });
  const memberId = String(body['memberId']) as MemberId;
  const { body: link } = await admin(cloud, `/admin/v1/members/${memberId}/page-link`, undefined);
  return { memberId, key: String(link['path']).split('#')[1]! };
}

function newPhone() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const devicePublicKey = String(publicKey.export({ format: 'jwk' })['x']);
  return { devicePublicKey, privateKey };
}

type Member = Awaited<ReturnType<typeof newMember>>;
type Phone = ReturnType<typeof newPhone>;

async function certify(member: Member, phone: Phone, change: object = {}) {
  const text = deviceProofText(member.memberId, phone.devicePublicKey);
  const proof = sign(null, Buffer.from(text), phone.privateKey).toString('base64url');
  const { devicePublicKey } = phone;
  const payload = { ...member, devicePublicKey, proof, ...change };
  const answer = await cloud.app.inject({
    method: 'POST',
    url: '/v1/member-pages/certificates',
    payload,
  });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}

const codeOf = (certificate: unknown, { privateKey }: Phone, aheadMs = 0): string =>
  encodeTwoLayerCode(
    {
      certificate: Buffer.from(String(certificate), 'base64url'),
      timeSeconds: Math.floor((Date.now() + aheadMs) / 1_000),
      counter: 1,
    },
    (bytes) => sign(null, bytes, privateKey),
  );

describe('the certificate of a phone', () => {
  it('is good for a day, and what the phone signs with it names the member to a till', async () => {
    const [member, phone] = [await newMember(), newPhone()];
    const { status, body } = await certify(member, phone);
    expect(status).toBe(200);
    expect(Number(body['notAfterMs']) - Number(body['serverMs'])).toBeLessThanOrEqual(86_400_000);
    const code = codeOf(body['certificate'], phone);
    const keys = cloud.deps.keys.issuer.accepted.map(({ keyId, pair }) => ({ keyId, ...pair }));
    const read = getOrThrow(genuineMemberCode({ code, keys, verify: verifyEd25519 }));
    expect(read).toMatchObject({ memberId: member.memberId, paymentCapYuan: 50, scope: 0 });
    expect((await till.post('/v1/members/resolve', { code })).body).toMatchObject({
      memberId: member.memberId,
    });
    const stale = codeOf(body['certificate'], phone, -120_000);
    expect((await till.post('/v1/members/resolve', { code: stale })).body).toMatchObject({
      code: 'member-code-stale',
    });
  });

  it.each([
    ['without the link of the member', { key: 'A'.repeat(22) }, 404, 'member-unknown'],
    ['without a proof of the key', { proof: 'A'.repeat(86) }, 409, 'member-device-refused'],
  ])('is not given %s', async (_, change, status, code) => {
    const answer = await certify(await newMember(), newPhone(), change);
    expect(answer).toMatchObject({ status, body: { code } });
  });

  it('binds a key to one member for good', async () => {
    const phone = newPhone();
    expect((await certify(await newMember(), phone)).status).toBe(200);
    expect(await certify(await newMember(), phone)).toMatchObject({
      body: { code: 'member-device-refused' },
    });
  });

  it(`is given to ${devicesMax} phones of a member at a time, also when many ask at once`, async () => {
    const member = await newMember();
    const phones = Array.from({ length: 8 }, newPhone);
    const answers = await Promise.all(phones.map((phone) => certify(member, phone)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(devicesMax);
    expect(answers.find(({ status }) => status === 409)).toMatchObject({
      body: { code: 'member-device-limit' },
    });
    await admin(cloud, `/admin/v1/members/${member.memberId}/revoke-codes`, { reason: 'lost' });
    const stopped = phones[answers.findIndex(({ status }) => status === 200)]!;
    expect(await certify(member, stopped)).toMatchObject({
      body: { code: 'member-device-refused' },
    });
    expect((await certify(member, newPhone())).status).toBe(200);
    const { rows } = await cloud.deps.db.execute(sql`
      select count(*)::integer as revoked from member_device
       where member_id = ${member.memberId} and revoked_at_ms is not null`);
    expect(rows).toEqual([{ revoked: devicesMax }]);
  });
});

it('an edition of the caps has its place for good: versions count up, the bearer form has less', () => {
  expect(capsEditions.map(({ version }) => version)).toEqual(
    capsEditions.map((_, index) => index + 1),
  );
  const { bearer, perPaymentFen, perMemberFen } = capsEditions.at(-1)!;
  expect(bearer!.perPaymentFen).toBeLessThan(perPaymentFen);
  expect(bearer!.perMemberFen).toBeLessThan(perMemberFen);
});
