import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeMemberCode } from '#shared/member/member-code.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import {
  activateTestTerminal,
  admin,
  type TestTerminal,
  consent,
} from '#cloud/platform/testing/test-terminal.ts';

let cloud: TestCloud;
let app: CloudApp;
let operator: { readonly origin: string; readonly operatorToken: string };
let terminal: TestTerminal;
beforeAll(async () => {
  cloud = await createTestCloud();
  app = await buildTestApp(cloud);
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  operator = { origin, operatorToken: testOperatorToken };
  terminal = await activateTestTerminal(operator);
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

async function config(): Promise<ConfigPayload> {
  const { body } = await terminal.get('/v1/terminals/me/config');
  return JSON.parse(String(body['payload'])) as ConfigPayload;
}

async function memberWithCode(phone: string) {
  const { body } = await terminal.post('/v1/members', { phone, consent });
  const memberId = String(body['memberId']);
  const issued = await admin(operator, `/v1/members/${memberId}/codes`, undefined);
  const { fields } = getOrThrow(decodeMemberCode(String(issued.body['code'])));
  return { memberId, certificateId: fields.certificateId };
}

it('a lost phone: every till is told to pull, and pulls a list with its codes and no others', async () => {
  const [lost, kept] = [await memberWithCode('13800000001'), await memberWithCode('13800000002')];
  const before = await config();
  expect(before.revokedCertificateIds).toEqual([]);
  const path = `/admin/v1/members/${lost.memberId}/revoke-codes`;
  expect((await admin(operator, path, { reason: 'lost phone' })).body).toEqual({ revoked: 1 });
  const after = await config();
  expect(after.configVersion).toBe(before.configVersion + 1);
  expect(after.revokedCertificateIds).toEqual([lost.certificateId]);
  expect(after.revokedCertificateIds).not.toContain(kept.certificateId);
  expect((await admin(operator, path, { reason: 'lost phone' })).body).toEqual({ revoked: 0 });
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
