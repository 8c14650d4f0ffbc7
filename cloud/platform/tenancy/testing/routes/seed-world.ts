import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { addAgent } from '#cloud/commissions/agent-admin.ts';
import { makeAgentToken } from '#cloud/commissions/agent-tokens.ts';
import { createProjectionEffects } from '#cloud/journal/projection/projection-effects.ts';
import { projectStep } from '#cloud/journal/projection/projection-worker.ts';
import { generateKeyPair, signText } from '#cloud/identity/ed25519.ts';
import {
  merchantChannelsDefault,
  openMerchantChannels,
} from '#cloud/payments/merchant-channels.ts';
import {
  consent,
  createTestJournal,
  createTestTerminal,
  type TestTerminal,
} from '#cloud/platform/testing/test-terminal.ts';
import type { FuzzCloud, FuzzHouse } from '#cloud/platform/tenancy/testing/routes/fuzz-house.ts';
import { ask, fuzzOrigin, signerOf } from '#cloud/platform/tenancy/testing/routes/wire.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import type { MerchantId, TerminalId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { activationProofText } from '#shared/wire/v1/signing.ts';

interface SeededMember {
  readonly memberId: string;
  readonly pageKey: string;
}

export interface SeededShop {
  readonly merchantId: MerchantId;
  readonly till: TestTerminal;
  readonly revokedTill: TestTerminal;
  readonly members: readonly SeededMember[];
  /** Of receipts that nobody claimed yet: whoever holds one may claim it. */
  readonly claimTokens: readonly string[];
}

/** What an operator has, with the secrets that were handed out. */
export interface SeededOperator {
  readonly cloud: FuzzCloud;
  readonly personKeys: readonly string[];
  readonly shops: readonly SeededShop[];
  readonly agentToken: string;
}

const dayMs = 86_400_000;
const holdMs = 8 * dayMs;
let phones = 0;
const newPhone = (): string => `139${String((phones += 1)).padStart(8, '0')}`;

type Json = Readonly<Record<string, unknown>>;
const asOperator = (
  cloud: FuzzCloud,
  method: string,
  path: string,
  more: { readonly body?: unknown; readonly personKey?: string } = {},
): Promise<Json> =>
  ask(cloud, { method, url: `/admin/v1/${path}`, body: more.body }, () => ({
    authorization: `Bearer ${cloud.operatorToken}`,
    ...(more.personKey === undefined ? {} : { 'x-person-key': more.personKey }),
  }));

/**
 * Two shops of each operator with tills, members, paid and refunded sales, cash sales in the
 * journal, holds, an agent with his contract and persons with keys: all over HTTP, as it came to be
 * in life. A week later their holds have ended.
 */
export async function seedWorld(house: FuzzHouse): Promise<readonly SeededOperator[]> {
  const { clock } = house.bench;
  const made: Pick<SeededOperator, 'cloud' | 'personKeys' | 'shops'>[] = [];
  for (const [index, cloud] of house.clouds.entries()) {
    const personKeys: string[] = [];
    for (const name of ['甲person44', '乙person45']) {
      const person = await asOperator(cloud, 'POST', 'persons', { body: { name } });
      personKeys.push(String(person['key']));
    }
    const shops = [
      await openShop(house, cloud, index * 2 + 1),
      await openShop(house, cloud, index * 2 + 2),
    ];
    made.push({ cloud, personKeys, shops });
  }
  clock.advance(dayMs + 3_600_000);
  const tokens = new Map<SeededShop, readonly string[]>();
  for (const { cloud, shops } of made)
    for (const shop of shops) tokens.set(shop, await liveADay(house, cloud, shop));
  await project(house);
  clock.advance(holdMs);
  const seeded: SeededOperator[] = [];
  for (const one of made) {
    await asOperator(one.cloud, 'POST', 'finality-runs', { body: {} });
    const shops: SeededShop[] = [];
    for (const shop of one.shops)
      shops.push({
        ...shop,
        claimTokens: [...tokens.get(shop)!, ...(await liveADay(house, one.cloud, shop))],
      });
    seeded.push({ ...one, shops, agentToken: await engageAgent(house, one) });
  }
  await project(house);
  for (const one of seeded) await holdSales(house, one);
  return seeded;
}

async function project({ bench }: FuzzHouse): Promise<void> {
  const effects = createProjectionEffects();
  while ((await projectStep({ ...bench.cloud.deps, effects })) > 0);
}

async function openShop(house: FuzzHouse, cloud: FuzzCloud, no: number): Promise<SeededShop> {
  const body = {
    name: `店铺${no}shop22`,
    concessionBp: 1_000,
    storeName: `分店${no}store33`,
    storePhone: `010-6000000${no}`,
  };
  const made = await asOperator(cloud, 'POST', 'merchants', { body });
  const merchantId = String(made['merchantId']) as MerchantId;
  const storeId = String(made['storeId']);
  await openMerchantChannels(house.bench.cloud.deps.db, {
    operatorId: cloud.operatorId,
    merchantId,
    channels: merchantChannelsDefault(`190000010${no}`),
  });
  const shop = { merchantId, storeId };
  const till = await activateTill(cloud, shop);
  const revokedTill = await activateTill(cloud, shop);
  await asOperator(cloud, 'POST', `terminals/${revokedTill.terminalId}/revoke`);
  const signed = signerOf(till, house.bench.clock);
  const members: SeededMember[] = [];
  for (let count = 0; count < 2; count += 1) {
    const member = { phone: newPhone(), consent };
    const { memberId } = await ask(
      cloud,
      { method: 'POST', url: '/v1/members', body: member },
      signed,
    );
    const link = await asOperator(cloud, 'POST', `members/${String(memberId)}/page-link`);
    const pageKey = String(link['path']).split('#')[1] ?? '';
    members.push({ memberId: String(memberId), pageKey });
  }
  return { merchantId, till, revokedTill, members, claimTokens: [] };
}

async function activateTill(
  cloud: FuzzCloud,
  { merchantId, storeId }: { readonly merchantId: MerchantId; readonly storeId: string },
): Promise<TestTerminal> {
  const path = `merchants/${merchantId}/stores/${storeId}/activation-codes`;
  const code = String((await asOperator(cloud, 'POST', path))['code']);
  const key = generateKeyPair();
  const { publicKey } = key;
  const proof = signText(key, activationProofText(code, publicKey));
  const body = { code, publicKey, proof, model: 'fuzz', appVersion: '0.0.0' };
  const url = '/v1/terminals/activate';
  const { terminalId } = await ask(cloud, { method: 'POST', url, body }, () => ({}));
  const known = { origin: fuzzOrigin, merchantId, storeId, key };
  return createTestTerminal({ ...known, terminalId: String(terminalId) as TerminalId });
}

/**
 * Two sales by wallet, one of them partly given back, two for cash with receipts to claim, and a
 * heartbeat.
 */
async function liveADay(
  house: FuzzHouse,
  cloud: FuzzCloud,
  shop: SeededShop,
): Promise<readonly string[]> {
  const { bench } = house;
  const signed = signerOf(shop.till, bench.clock);
  const post = (url: string, body: unknown) => ask(cloud, { method: 'POST', url, body }, signed);
  const businessDate = accountingDate(bench.clock.nowMs());
  const cashier = `收银${shop.merchantId.slice(-6)}`;
  for (const member of [undefined, shop.members[0]]) {
    const memberId = member === undefined ? {} : { memberId: member.memberId };
    const charge = bench.request('01', { wallet: 'wechat', businessDate, cashier, ...memberId });
    await post('/v1/charges', charge);
    if (member === undefined)
      await post(`/v1/orders/${charge.orderId}/refunds`, {
        refundNo: 1,
        amountFen: 100,
        cashier,
        reason: `退货${randomBytes(6).toString('hex')}`,
      });
  }
  const journal = createTestJournal();
  const claimTokens: string[] = [];
  journal.append('store.opened', { reason: 'created', appVersion: '0.1.0' });
  for (let count = 0; count < 2; count += 1) {
    const orderId = bench.newOrderId();
    const claimToken = randomBytes(8).toString('hex').toUpperCase();
    claimTokens.push(claimToken);
    const sale = { orderId, amountFen: 1_000, voucherFen: 0, concessionBp: 1_000 };
    journal.append('order.opened', { ...sale, businessDate, cashier, claimToken });
    journal.append('cash.recorded', { orderId, dueFen: 1_000, tenderedFen: 1_000, changeFen: 0 });
  }
  await post('/v1/journal/batches', journal.batch(1));
  return claimTokens;
}

/** An agent of the first shop, with the token for his own figures. */
async function engageAgent(
  { bench }: FuzzHouse,
  { cloud: { operatorId }, shops }: Pick<SeededOperator, 'cloud' | 'shops'>,
): Promise<string> {
  const { deps } = bench.cloud;
  return await deps.db.transaction(async (tx) => {
    const agentId = await addAgent(tx, { operatorId, name: '代理agent77' }, deps);
    await tx.execute(sql`
      insert into agent_contract (operator_id, contract_id, agent_id, role, scope, valid_from)
      values (${operatorId}, ${`ctr_${agentId.slice(4)}`}, ${agentId}, 'marketer',
        ${shops[0]!.merchantId}, '2025-01-01')`);
    return getOrThrow(await makeAgentToken(tx, { operatorId, agentId }, deps));
  });
}

/** The newest sale of each shop waits for people. */
async function holdSales(
  house: FuzzHouse,
  { cloud, shops }: Pick<SeededOperator, 'cloud' | 'shops'>,
): Promise<void> {
  const { db, clock } = house.bench.cloud.deps;
  const { operatorId } = cloud;
  await runScoped({ type: 'operator', operatorId }, async () => {
    for (const { merchantId } of shops)
      await db.execute(sql`
        insert into review_hold (operator_id, merchant_id, order_id, reasons, held_at_ms, state)
        select operator_id, merchant_id, order_id, '[{"rule":"samePayer","seen":9}]', ${clock.nowMs()}, 'held'
          from settlement_line where operator_id = ${operatorId} and merchant_id = ${merchantId}
         order by order_id desc limit 1`);
  });
}
