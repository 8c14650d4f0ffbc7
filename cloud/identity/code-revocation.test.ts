import { beforeAll, expect, it } from 'vitest';
import { decodeMemberCode } from '#shared/member/member-code.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import {
  activateTestTerminal,
  admin,
  type TestTerminal,
  consent,
} from '#cloud/platform/testing/test-terminal.ts';
import { useTestCloud } from '#cloud/platform/testing/use-test-cloud.ts';

const cloud = useTestCloud();
let terminal: TestTerminal;
beforeAll(async () => {
  terminal = await activateTestTerminal(cloud);
});

async function config(): Promise<ConfigPayload> {
  const { body } = await terminal.get('/v1/terminals/me/config');
  return JSON.parse(String(body['payload'])) as ConfigPayload;
}

async function memberWithCode(phone: string) {
  const { body } = await terminal.post('/v1/members', { phone, consent });
  const memberId = String(body['memberId']);
  const issued = await admin(cloud, `/v1/members/${memberId}/codes`, undefined);
  const { fields } = getOrThrow(decodeMemberCode(String(issued.body['code'])));
  return { memberId, certificateId: fields.certificateId };
}

it('a lost phone: every till is told to pull, and pulls a list with its codes and no others', async () => {
  const [lost, kept] = [await memberWithCode('13800000001'), await memberWithCode('13800000002')];
  const before = await config();
  expect(before.revokedCertificateIds).toEqual([]);
  const path = `/admin/v1/members/${lost.memberId}/revoke-codes`;
  expect((await admin(cloud, path, { reason: 'lost phone' })).body).toEqual({ revoked: 1 });
  const after = await config();
  expect(after.configVersion).toBe(before.configVersion + 1);
  expect(after.revokedCertificateIds).toEqual([lost.certificateId]);
  expect(after.revokedCertificateIds).not.toContain(kept.certificateId);
  expect((await admin(cloud, path, { reason: 'lost phone' })).body).toEqual({ revoked: 0 });
  expect((await config()).configVersion).toBe(after.configVersion);
});

it('the caps of a new shop are small change for one day', async () => {
  expect((await config()).caps).toMatchObject({
    perPaymentFen: 5_000,
    perMemberFen: 10_000,
    perMemberCount: 3,
    shopUnsyncedFen: 50_000,
    shopUnsyncedCount: 30,
    windowMs: 86_400_000,
  });
});
