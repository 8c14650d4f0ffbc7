import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadMemberDataKey, createPhoneVault } from '#cloud/members/phone-vault.ts';
import { registerMember } from '#cloud/members/members.ts';
import { readConfig, type CloudConfig } from '#cloud/platform/config.ts';
import { migrate } from '#cloud/platform/migrate.ts';
import { openDatabase, type OpenDatabase } from '#cloud/platform/open-database.ts';
import { provisionOperator } from '#cloud/identity/provisioning.ts';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import { createDeviceBench, type DeviceBench } from '#drivers/simulator/device-bench.ts';
import { createTcpWire } from '#drivers/simulator/tcp-wire.ts';
import type { FarWire } from '#drivers/core/far-side.ts';
import type { MemberId } from '#shared/ids/ids.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { CounterMember } from '#terminal/renderer/counter/contract.ts';
import { startCounterServer, type CounterServer } from './counter-server.ts';
import { seedHistory, type History } from './history.ts';
import { startNetworkSwitch, type NetworkSwitch } from './network-switch.ts';
import { createOperatorDesk, type OperatorDesk } from './operator.ts';
import { startProgram, type Program } from './program.ts';

/**
 * Everything at once, as a user would start it: the cloud, the channel simulator and the till are processes of their
 * own, started by the commands of the README; devices hang on real sockets; the line between till and cloud is a
 * wire that can be cut. The demo, the tour and the kill tests all play on it.
 */
export interface Stage {
  readonly bench: DeviceBench;
  readonly network: NetworkSwitch;
  readonly counter: CounterServer;
  readonly operator: OperatorDesk;
  readonly database: OpenDatabase;
  readonly shop: Shop;
  /** What the till printed: http://127.0.0.1:PORT/#token=… Changes with every start of the till. */
  tillUrl(): string;
  cloudOrigin(): string;
  channelOrigin(): string;
  memberCode(phone: string): Promise<string>;
  startTill(): Promise<void>;
  killTill(): Promise<void>;
  startCloud(): Promise<void>;
  killCloud(): Promise<void>;
  close(): Promise<void>;
}

/** What was provisioned once; kept in the folder for the next start. */
export interface Shop {
  readonly merchantId: string;
  readonly storeId: string;
  readonly members: readonly CounterMember[];
  readonly history: History;
}

export interface StageOptions {
  /** Holds all state: database, keys, journal. */
  readonly folder: string;
  readonly ports: {
    readonly cloud: number;
    readonly channel: number;
    readonly till: number;
    readonly counter: number;
  };
  readonly onLine?: (program: string, line: string) => void;
}

export const freePorts = { cloud: 0, channel: 0, till: 0, counter: 0 } as const;

const root = path.resolve(import.meta.dirname, '../..');
export const rendererFolder = path.join(root, 'out/renderer');
const operatorToken = 'demo-operator-token-on-this-machine-only';
const memberPhones = ['13800000001', '13800000002', '13800000003', '13800000004'] as const;

/** Opens the stage; when a part fails to start, what runs already is stopped before the error goes on. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const opened: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await raise(options, (end) => opened.push(end))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function raise(
  options: StageOptions,
  whenClosed: (end: () => Promise<void>) => void,
): Promise<Omit<Stage, 'close'>> {
  const { folder } = options;
  await mkdir(folder, { recursive: true });
  const cloudFolder = path.join(folder, 'cloud');
  const channelFolder = path.join(folder, 'channel');
  const database = await openDatabase({ dataFolder: cloudFolder });
  whenClosed(() => database.close());
  const start = (
    name: string,
    entry: string,
    readyLine: RegExp,
    more: { env?: Record<string, string>; args?: string[] },
  ) =>
    startProgram({
      name,
      entry: path.join(root, entry),
      readyLine,
      onLine: (line) => options.onLine?.(name, line),
      ...more,
    });

  const channel = await start('channel-sim', 'cloud/channel-simulator/main.ts', /(http:\/\/\S+)/, {
    env: { CHANNEL_SIM_PORT: String(options.ports.channel), CHANNEL_SIM_DATA: channelFolder },
  });
  whenClosed(() => channel.stop());
  const channelOrigin = channel.ready[1]!;
  const cloudEnv = (port: number): Record<string, string> => ({
    PORT: String(port),
    DATABASE_URL: database.databaseUrl,
    DATA_FOLDER: cloudFolder,
    OPERATOR_TOKEN: operatorToken,
    CHANNEL_URL: channelOrigin,
    CHANNEL_KEYS: channelFolder,
    REQUESTS_PER_MINUTE: '100000',
    LOG_LEVEL: 'warn',
  });
  const seeded = await seedOnce(database, getOrThrow(readConfig(cloudEnv(0))), folder);

  let cloud = await startCloudProgram(options.ports.cloud);
  whenClosed(() => cloud.stop());
  const cloudPort = Number(new URL(cloud.ready[1]!).port);
  function startCloudProgram(port: number): Promise<Program> {
    return start('cloud', 'cloud/server.ts', /greentill cloud ready (http:\/\/\S+)/, {
      env: cloudEnv(port),
    });
  }
  const operator = createOperatorDesk(() => `http://127.0.0.1:${cloudPort}`, operatorToken);
  const shop = await openShop(folder, operator, seeded);
  const network = await startNetworkSwitch({ port: cloudPort });
  whenClosed(() => network.close());

  const { bench, wires, ports } = await plugDevices();
  for (const wire of wires) whenClosed(() => wire.close());
  const memberCode = async (phone: string): Promise<string> => {
    const member = shop.members.find((one) => one.phone === phone);
    if (!member) throw new Error(`no demo member has the phone ${phone}`);
    const { code } = await operator.call<{ code: string }>(
      'POST',
      `/v1/members/${member.memberId}/codes`,
      {},
    );
    return code;
  };
  const counter = await startCounterServer({
    port: options.ports.counter,
    rendererFolder,
    bench,
    network: () => network,
    members: () => shop.members,
    memberCode,
  });
  whenClosed(() => counter.close());

  const configFile = path.join(folder, 'till.json');
  await writeTillConfig(configFile, folder, network.port, ports);
  let till: Program | undefined;
  const startTill = async (): Promise<void> => {
    const activate = existsSync(path.join(folder, 'activated'))
      ? []
      : ['--activate', await activationCode(operator, shop)];
    till = await start('till', 'terminal/web/main.ts', /greentill till ready (http:\/\/\S+)/, {
      args: [
        '--config',
        configFile,
        '--port',
        String(options.ports.till),
        '--frame-ancestor',
        counter.origin,
        ...activate,
      ],
    });
    await writeFile(path.join(folder, 'activated'), '');
    counter.setTillUrl(till.ready[1]!);
  };
  whenClosed(async () => till?.stop());
  await startTill();

  return {
    bench,
    network,
    counter,
    operator,
    database,
    shop,
    memberCode,
    tillUrl: () => till?.ready[1] ?? '',
    cloudOrigin: () => `http://127.0.0.1:${cloudPort}`,
    channelOrigin: () => channelOrigin,
    startTill,
    killTill: async () => till?.kill(),
    startCloud: async () => {
      cloud = await startCloudProgram(cloudPort);
    },
    killCloud: () => cloud.kill(),
  };
}

async function plugDevices(): Promise<{
  readonly bench: DeviceBench;
  readonly wires: readonly FarWire[];
  readonly ports: { readonly printer: number; readonly scanner: number };
}> {
  const bench = createDeviceBench({ timers: systemTimers, width: 32 });
  const printer = await createTcpWire({ host: '127.0.0.1', port: 0 });
  const scanner = await createTcpWire({ host: '127.0.0.1', port: 0 });
  bench.attach('printer', printer);
  bench.attach('scanner', scanner);
  return {
    bench,
    wires: [printer, scanner],
    ports: { printer: printer.port, scanner: scanner.port },
  };
}

const tcp = (port: number) => ({ type: 'tcp', host: '127.0.0.1', port });

async function writeTillConfig(
  file: string,
  folder: string,
  cloudPort: number,
  ports: { readonly printer: number; readonly scanner: number },
): Promise<void> {
  const config = {
    dataDir: path.join(folder, 'till'),
    cloudUrl: `http://127.0.0.1:${cloudPort}`,
    cashier: '王姐',
    model: '虚拟柜台',
    devices: [
      { role: 'scanner', name: '扫码枪', transport: tcp(ports.scanner) },
      { role: 'printer', name: '小票打印机', paperMm: 58, transport: tcp(ports.printer) },
      { role: 'drawer', name: '钱箱', transport: { type: 'printer' } },
    ],
  };
  await writeFile(file, JSON.stringify(config, null, 2));
}

type Seeded = Pick<Shop, 'members' | 'history'>;

/** Members and two months of trade, once per folder. */
async function seedOnce(
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
  const members: { phone: string; memberId: MemberId }[] = [];
  for (const phone of memberPhones) {
    const { memberId } = await db.transaction((tx) =>
      registerMember(tx, { operatorId, phone }, { db, vault, ...ports }),
    );
    members.push({ phone, memberId });
  }
  const memberIds = members.map((member) => member.memberId);
  const history = await seedHistory({ db, ...ports, operatorId, memberIds });
  await writeFile(file, JSON.stringify({ members, history }));
  return { members, history };
}

/** The demo's own shop, opened by the operator's calls, once per folder. */
async function openShop(folder: string, operator: OperatorDesk, seeded: Seeded): Promise<Shop> {
  const file = path.join(folder, 'shop.json');
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as Shop;
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
  const limits = { perTxnMaxFen: 5_000_000, dayQuotaFen: 50_000_000 };
  const faces = ['wechat', 'alipay', 'unionpay', 'withholding'];
  await operator.call('PUT', `/admin/v1/merchants/${merchantId}/channels`, {
    channels: faces.map((face, index) => ({
      channel: face,
      channelMerchantNo: `1900${String(index + 1).padStart(6, '0')}`,
      wallets: face === 'withholding' ? [] : [face],
      priority: index + 1,
      ...limits,
    })),
  });
  const shop: Shop = { merchantId, storeId, ...seeded };
  await writeFile(file, JSON.stringify(shop));
  return shop;
}

async function activationCode(
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
