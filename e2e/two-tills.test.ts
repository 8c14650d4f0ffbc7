import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createChannelSimulator } from '#cloud/channel-simulator/channel-simulator.ts';
import { loadSandboxKeys } from '#cloud/channel-simulator/sandbox-keys.ts';
import { deviceProofText } from '#cloud/members/member-certificates.ts';
import { createPaymentRoom } from '#cloud/payment-room.ts';
import { buildApp } from '#cloud/app.ts';
import { createHintServer } from '#cloud/platform/http/hints.ts';
import {
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import { merchantChannelsDefault } from '#cloud/payments/merchant-channels.ts';
import { makeStatement, statementPart } from '#cloud/settlement/settlement-statement.ts';
import { startWorkers } from '#cloud/workers.ts';
import type { MemberId, MerchantId } from '#shared/ids/ids.ts';
import { encodeTwoLayerCode } from '#shared/member/two-layer-code.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { createAgent, type Agent } from '#terminal/agent/agent.ts';
import { startNetworkSwitch, type NetworkSwitch } from './stage/network-switch.ts';
import { createOperatorDesk, type OperatorDesk } from './stage/operator.ts';

/**
 * Two shops, two tills, one code: the real cloud with its workers on PostgreSQL, the real channel simulator, two real
 * agents with journals on disk, and lines between them that are really cut.
 */
const ends: (() => Promise<unknown>)[] = [];
let cloud: TestCloud;
let origin: string;
let operator: OperatorDesk;

interface Shop {
  readonly merchantId: string;
  readonly agent: Agent;
  readonly line: NetworkSwitch;
}
let shops: readonly [Shop, Shop];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-two-tills-'));
  ends.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  const hints = createHintServer();
  cloud = await createTestCloud({ hints });
  ends.push(() => cloud.close());
  const keysFolder = join(folder, 'channel');
  const keys = loadSandboxKeys(keysFolder);
  const { clock } = cloud.deps;
  const simulator = await createChannelSimulator({
    port: 0,
    seed: 'two-tills',
    clock,
    channelPrivateKey: keys.channelPrivateKey,
    apps: new Map([['greentill', keys.appPublicKey]]),
  });
  ends.push(() => simulator.close());
  const payments = createPaymentRoom(cloud.deps, {
    CHANNEL_URL: simulator.baseUrl,
    CHANNEL_KEYS: keysFolder,
  });
  const workers = startWorkers(cloud.deps, payments);
  ends.push(() => workers.stop());
  const app = await buildApp(cloud.deps, { payments, onJournalTaken: workers.onJournalTaken });
  ends.push(() => app.close());
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
  hints.attach(app.server, { deps: cloud.deps });
  ends.push(() => hints.close());
  operator = createOperatorDesk(() => origin, testOperatorToken);
  const open = (no: number) => openShop(join(folder, `till-${no}`), `190000010${no}`);
  shops = [await open(1), await open(2)];
}, 60_000);

afterAll(async () => {
  for (const end of ends.toReversed()) await end();
}, 60_000);

async function openShop(dataDir: string, merchantNo: string): Promise<Shop> {
  const { merchantId, storeId } = await activateTestTerminal({
    origin,
    operatorToken: testOperatorToken,
  });
  const channels = merchantChannelsDefault(merchantNo);
  await operator.call('PUT', `/admin/v1/merchants/${merchantId}/channels`, { channels });
  const path = `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`;
  const { code } = await operator.call<{ code: string }>('POST', path);
  const line = await startNetworkSwitch({ port: Number(new URL(origin).port) });
  ends.push(() => line.close());
  const cloudUrl = `http://127.0.0.1:${line.port}`;
  const config = { dataDir, cloudUrl, cashier: '小王', devices: [] };
  const agent = getOrThrow(await createAgent({ config, appVersion: 'test' }));
  ends.push(() => agent.stop());
  await agent.start();
  getOrThrow(await agent.activate(code));
  return { merchantId, agent, line };
}

let members = 0;

/** A member's phone that the cloud certified over the member page's own call. */
async function newPhone(shop: Shop) {
  members += 1;
  await until(async () => (await status(shop)).online);
  const phone = `1390000000${members}`;
  getOrThrow(await shop.agent.api.call('till.attachMember', { phone, consent: { shops: false } }));
  const { draft } = getOrThrow(await shop.agent.api.call('till.state', {}));
  getOrThrow(await shop.agent.api.call('till.detachMember', {}));
  const memberId = draft.member!.memberId as MemberId;
  const { path } = await operator.call<{ path: string }>(
    'POST',
    `/admin/v1/members/${memberId}/page-link`,
  );
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const devicePublicKey = String(publicKey.export({ format: 'jwk' })['x']);
  const proof = sign(null, Buffer.from(deviceProofText(memberId, devicePublicKey)), privateKey);
  const answer = await fetch(`${origin}/v1/member-pages/certificates`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      memberId,
      key: path.split('#')[1],
      devicePublicKey,
      proof: proof.toString('base64url'),
    }),
  });
  const { certificate } = (await answer.json()) as { certificate: string };
  return (counter: number): string =>
    encodeTwoLayerCode(
      {
        certificate: Buffer.from(certificate, 'base64url'),
        timeSeconds: Math.floor(Date.now() / 1_000),
        counter,
      },
      (bytes) => sign(null, bytes, privateKey),
    );
}

const status = async ({ agent }: Shop) => getOrThrow(await agent.api.call('status.get', {}));

async function until(holds: () => Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`not within ${withinMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

async function pay(shop: Shop, code: string, amountFen: number) {
  const { api } = shop.agent;
  await api.call('till.dismiss', {});
  getOrThrow(await api.call('till.setAmount', { amountFen }));
  await api.call('till.scan', { text: code });
  return getOrThrow(await api.call('till.state', {}));
}

async function goOffline(shop: Shop): Promise<void> {
  await shop.line.turn(false);
  await until(async () => !(await status(shop)).online);
}

const stateOf = async ({ agent }: Shop, orderId: string) => {
  const row = await agent.api.call('orders.get', { orderId });
  return row.ok ? row.value.state : undefined;
};

describe.each([
  ['the shop that sold first', [0, 1]],
  ['the shop that sold last', [1, 0]],
] as const)('one showing of a code at two tills, and %s comes home first', (_, order) => {
  test('the first to come home is paid, the other sees that the member bears it and has its money', async () => {
    const show = await newPhone(shops[0]);
    const code = show(7);
    const orderIds: string[] = [];
    for (const shop of shops) {
      await goOffline(shop);
      const { screen } = await pay(shop, code, 2_000);
      expect(screen.type).toBe('offline-accepted');
      orderIds.push('orderId' in screen ? screen.orderId : '');
      // The same showing again is refused on the spot.
      expect((await pay(shop, code, 100)).notice?.code).toBe('member-code-used');
    }
    const [winner, loser] = [shops[order[0]], shops[order[1]]];
    const [won, lost] = [orderIds[order[0]]!, orderIds[order[1]]!];
    await winner.line.turn(true);
    await until(async () => (await stateOf(winner, won)) === 'settled');
    await loser.line.turn(true);
    await until(async () => (await stateOf(loser, lost)) === 'duplicate');
    const { rows } = getOrThrow(await loser.agent.api.call('exceptions.list', {}));
    expect(rows.find(({ orderId }) => orderId === lost)).toMatchObject({
      code: 'member-code-cloned',
      loss: { bearer: 'member', coveredFen: 2_000 },
    });

    const evidence = await operator.call<{ offline: object[] }>(
      'GET',
      `/admin/v1/merchants/${loser.merchantId}/payment-exceptions`,
    );
    expect(evidence.offline[0]).toMatchObject({
      orderId: lost,
      bearer: 'member',
      rivalOrderId: won,
    });
    expect(evidence.offline[0]).toMatchObject({ seq: expect.any(Number), coveredFen: 2_000 });

    // The phone is stopped everywhere: the next showing is refused at a till that has heard of it.
    let counter = 7;
    await until(async () => {
      await goOffline(winner);
      counter += 1;
      const { notice } = await pay(winner, show(counter), 100);
      await winner.line.turn(true);
      // A till that comes back asks at once whether there are newer settings.
      await until(async () => (await status(winner)).online);
      await new Promise((resolve) => {
        setTimeout(resolve, 500);
      });
      return notice?.code === 'member-code-revoked';
    }, 60_000);

    // The statement of a day is made when it is over: made here as two days later.
    const { operatorId, db } = cloud.deps;
    const merchantId = loser.merchantId as MerchantId;
    const day = { operatorId, merchantId, ledgerDate: accountingDate(Date.now()) };
    const { partCount } = getOrThrow(await makeStatement(db, day, Date.now() + 2 * 86_400_000));
    const parts = Array.from({ length: partCount }, (_part, index) =>
      statementPart(db, { ...day, partNo: index + 1 }),
    );
    const csvLines = (await Promise.all(parts)).join('').split('\r\n');
    const line = csvLines.find((one) => one.startsWith(lost));
    expect(line).toMatch(/,offline-loss,0,0,0,0,2000,0,0,0,0,0,2000,会员,,0$/);
    const proofs = await operator.call<{ holds: boolean }>('GET', '/admin/v1/proofs');
    expect(proofs.holds).toBe(true);
  }, 120_000);
});
