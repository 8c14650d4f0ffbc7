import { afterAll, beforeAll, expect, it } from 'vitest';
import { raiseChannelAlarm } from '#cloud/payments/routing/channel-alarms.ts';
import { knownPerson } from '#cloud/persons/testing/known-person.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal, admin } from '#cloud/platform/testing/test-terminal.ts';
import type { MerchantId } from '#shared/ids/ids.ts';

let cloud: TestCloud;
let app: CloudApp;
let origin: string;
let merchantId: MerchantId;
beforeAll(async () => {
  cloud = await createTestCloud();
  app = await buildTestApp(cloud);
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  ({ merchantId } = await activateTestTerminal({ origin, operatorToken: testOperatorToken }));
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

const raise = (nowMs: number) =>
  cloud.deps.db.transaction((tx) =>
    raiseChannelAlarm(tx, {
      operatorId: cloud.deps.operatorId,
      merchantId,
      channel: 'wechat',
      code: 'NO_AUTH',
      nowMs,
    }),
  );
const clear = (personKey: string | undefined, body: object) =>
  admin(
    { origin, operatorToken: testOperatorToken, ...(personKey === undefined ? {} : { personKey }) },
    `/admin/v1/merchants/${merchantId}/channels/wechat/clear-alarm`,
    body,
  );
const alarms = async (): Promise<readonly object[]> => {
  const url = `${origin}/admin/v1/merchants/${merchantId}/channel-alarms`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${testOperatorToken}` } });
  return ((await answer.json()) as { alarms: object[] }).alarms;
};

it('sales go to a channel again when somebody looked who is known by a key of his own, and no other name is taken', async () => {
  await raise(1_000);
  const note = { note: '渠道已恢复商户权限' };
  for (const key of [undefined, 'guessed'])
    expect(await clear(key, note)).toMatchObject({
      status: 403,
      body: { code: 'person-key-invalid' },
    });
  const { key, personId } = await knownPerson(cloud.deps, '客服小陈');
  expect((await clear(key, { ...note, by: '客服小陈' })).status).toBe(400);
  expect(await alarms()).not.toMatchObject([{ clearedBy: expect.anything() as unknown }]);
  expect(await clear(key, note)).toMatchObject({ status: 200, body: { cleared: true } });
  expect(await alarms()).toMatchObject([{ clearedBy: personId, clearedNote: note.note }]);
  expect((await clear(key, note)).status).toBe(404);
  await raise(2_000);
  expect(await alarms()).toMatchObject([{ code: 'NO_AUTH', seenCount: 2 }]);
});
