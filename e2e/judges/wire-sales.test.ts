import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildApp } from '#cloud/app.ts';
import {
  createChannelSimulator,
  type ChannelSimulator,
} from '#cloud/channel-simulator/channel-simulator.ts';
import { loadSandboxKeys } from '#cloud/channel-simulator/sandbox-keys.ts';
import { createPaymentRoom } from '#cloud/payment-room.ts';
import { merchantChannelsDefault } from '#cloud/payments/merchant-channels.ts';
import {
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { activateTestTerminal } from '#cloud/platform/testing/test-terminal.ts';
import { startWorkers } from '#cloud/workers.ts';
import { createOperatorDesk } from '../stage/operator.ts';
import { askPython, cryptos, wireTimeoutMs } from './wire-client.ts';

/**
 * A day at the counter of a terminal that was written from docs/wire.md alone: the real cloud with its workers on
 * PostgreSQL, and the channel simulator with books of its own.
 */
const ends: (() => Promise<unknown>)[] = [];
let cloud: TestCloud;
let simulator: ChannelSimulator;
let origin: string;
const isThere = cryptos.some((one) => one.isThere);

beforeAll(async () => {
  if (!isThere) return;
  const folder = mkdtempSync(join(tmpdir(), 'greentill-wire-sales-'));
  ends.push(() => Promise.resolve(rmSync(folder, { recursive: true, force: true })));
  cloud = await createTestCloud();
  ends.push(() => cloud.close());
  const keys = loadSandboxKeys(folder);
  simulator = await createChannelSimulator({
    port: 0,
    seed: 'wire-sales',
    clock: cloud.deps.clock,
    channelPrivateKey: keys.channelPrivateKey,
    apps: new Map([['greentill', keys.appPublicKey]]),
  });
  ends.push(() => simulator.close());
  const payments = createPaymentRoom(cloud.deps, {
    CHANNEL_URL: simulator.baseUrl,
    CHANNEL_KEYS: folder,
    CHANNEL_SPEED_UP: '10',
  });
  const workers = startWorkers(cloud.deps, payments);
  ends.push(() => workers.stop());
  const app = await buildApp(cloud.deps, { payments, onJournalTaken: workers.onJournalTaken });
  ends.push(() => app.close());
  origin = await app.listen({ host: '127.0.0.1', port: 0 });
}, 60_000);
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
}, 60_000);

/** A shop that may charge wallets, and the code for its terminal. */
async function openShop(): Promise<string> {
  const operatorToken = testOperatorToken;
  const operator = createOperatorDesk(() => origin, operatorToken);
  const { merchantId, storeId } = await activateTestTerminal({ origin, operatorToken });
  const shop = `/admin/v1/merchants/${merchantId}`;
  const channels = merchantChannelsDefault('1900000101');
  await operator.call('PUT', `${shop}/channels`, { channels });
  const path = `${shop}/stores/${storeId}/activation-codes`;
  return (await operator.call<{ code: string }>('POST', path)).code;
}

it.skipIf(!isThere)(
  'cash, a wallet that pays, one that waits, one that is cancelled and paid in cash, one without money: every book agrees',
  async () => {
    const { crypto } = cryptos.find((one) => one.isThere) ?? cryptos[0];
    const said = await askPython(crypto, 'sell', origin, await openShop());
    expect(said).toMatchObject({
      paid: 'paid',
      waits: 'paid',
      never: 'reversed',
      poor: 'failed',
      results: [null, 'paid', 'paid', 'reversed', 'failed'],
      tally: [5_000, 5_250, 0, 0],
    });
    const orders = said['orders'] as readonly string[];
    const states = await cloud.deps.db.execute<{ order_id: string; state: string }>(
      sql`select order_id, state from customer_order`,
    );
    const stateOf = new Map(states.rows.map((row) => [row.order_id, row.state]));
    expect(orders.map((orderId) => stateOf.get(orderId))).toEqual([
      'cash-recorded',
      'paid',
      'paid',
      'cash-recorded',
      'failed',
    ]);
    const taken = simulator.books().filter(({ state }) => state === 'SUCCESS');
    expect(taken.map(({ amountFen }) => amountFen)).toEqual([2_000, 3_000]);
    const lines = await cloud.deps.db.execute<{ order_id: string }>(
      sql`select order_id from settlement_line order by order_id`,
    );
    expect(lines.rows.map((row) => row.order_id)).toEqual(orders.slice(0, 4).toSorted());
  },
  wireTimeoutMs,
);
