import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { provisionOperator } from '#cloud/identity/provisioning.ts';
import { registerMember } from '#cloud/members/members.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createPhoneVault, loadMemberDataKey } from '#cloud/members/phone-vault.ts';
import type { CloudConfig } from '#cloud/platform/config.ts';
import { migrate } from '#cloud/platform/postgres/migrate.ts';
import type { OpenDatabase } from '#cloud/platform/postgres/open-database.ts';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import type { CounterMember } from '#terminal/renderer/counter/contract.ts';
import { channelNumbers } from './channel-accounts.ts';
import { putDemoGoods } from './demo-goods.ts';
import { seedHistory, type History } from './history.ts';
import type { OperatorDesk } from './operator.ts';

/** What was provisioned once; kept in the folder for the next start. */
export interface Shop {
  readonly merchantId: string;
  readonly storeId: string;
  readonly members: readonly CounterMember[];
  readonly history: History;
}

const memberPhones = ['13800000001', '13800000002', '13800000003', '13800000004'] as const;

export type Seeded = Pick<Shop, 'members' | 'history'>;

/** Members and two months of trade, once per folder. */
export async function seedOnce(
  database: OpenDatabase,
  config: CloudConfig,
  folder: string,
): Promise<Seeded> {
  const file = path.join(folder, 'history.json');
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as Seeded;
  await migrate(database.pool);
  const { db } = database;
  const { operatorId } = config;
  const ports = { clock: systemClock, random: systemRandom };
  const vault = createPhoneVault(loadMemberDataKey(config), ports);
  await db.transaction((tx) =>
    provisionOperator(tx, { operatorId, name: config.operatorName }, ports),
  );
  const consent = { words: 'demo', source: 'counter' as const, shops: true };
  const members: { phone: string; memberId: MemberId }[] = [];
  for (const phone of memberPhones) {
    const registered = await db.transaction((tx) =>
      registerMember(tx, { operatorId, phone, consent }, { db, vault, ...ports }),
    );
    const { memberId } = getOrThrow(registered);
    members.push({ phone, memberId });
  }
  const memberIds = members.map((member) => member.memberId);
  const history = await seedHistory({ db, ...ports, operatorId, memberIds });
  await writeFile(file, JSON.stringify({ members, history }));
  return { members, history };
}

/**
 * The demo's own shop, opened by the operator's calls, once per folder. `number` tells shops before
 * one cloud apart, from 0: each is a merchant of its own with its own numbers at the channels.
 */
export async function openShop(
  folder: string,
  operator: OperatorDesk,
  { number, seeded }: { readonly number: number; readonly seeded: Seeded },
): Promise<Shop> {
  const file = path.join(folder, 'shop.json');
  const shop = existsSync(file)
    ? (JSON.parse(await readFile(file, 'utf8')) as Shop)
    : await provisionShop(operator, seeded);
  const limits = { perTxnMaxFen: 5_000_000, dayQuotaFen: 50_000_000 };
  // Every time: a folder of an older demo may hold numbers that the channels do not know.
  await operator.call('PUT', `/admin/v1/merchants/${shop.merchantId}/channels`, {
    channels: Object.entries(channelNumbers(number)).map(([channel, channelMerchantNo], index) => ({
      channel,
      channelMerchantNo,
      wallets: channel === 'withholding' ? [] : [channel],
      priority: index + 1,
      ...limits,
    })),
  });
  await putDemoGoods(operator, shop.merchantId);
  await writeFile(file, JSON.stringify(shop));
  return shop;
}

async function provisionShop(operator: OperatorDesk, seeded: Seeded): Promise<Shop> {
  const { merchantId, storeId } = await operator.call<{ merchantId: string; storeId: string }>(
    'POST',
    '/admin/v1/merchants',
    {
      name: '绿点小卖部',
      concessionBp: 1000,
      storeName: '绿点小卖部',
      storePhone: '021-5555 0101',
    },
  );
  return { merchantId, storeId, ...seeded };
}

/** A one-time code for a fresh till. */
export async function activationCode(
  operator: OperatorDesk,
  { merchantId, storeId }: Shop,
): Promise<string> {
  const { code } = await operator.call<{ code: string }>(
    'POST',
    `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`,
    {},
  );
  return code;
}
