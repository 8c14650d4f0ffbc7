import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readConfig } from '#cloud/platform/config.ts';
import { openDatabase, type OpenDatabase } from '#cloud/platform/postgres/open-database.ts';
import type { DeviceBench } from '#drivers/simulator/device-bench.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { authoriseShops, sandboxAccounts, unionpayMerchants } from './channel-accounts.ts';
import { startCounterServer, type CounterServer } from './counter-server.ts';
import { plugDevices, writeTillConfig } from './devices.ts';
import { startNetworkSwitch, type NetworkSwitch } from './network-switch.ts';
import { createOperatorDesk, type OperatorDesk } from './operator.ts';
import { startProgram, type Program } from './program.ts';
import { activationCode, openShop, seedOnce, type Seeded, type Shop } from './shop.ts';

/**
 * Everything at once, as a user would start it: the cloud, the channel simulator and the till are processes of their
 * own, started by the commands of the README; devices hang on real sockets; the line between till and cloud is a
 * wire that can be cut. The demo, the tour and the kill tests all play on it.
 */
export interface Stage {
  /** Holds the till's journal (till/journal.db) and what belongs to this shop alone. */
  readonly folder: string;
  /** Holds the channel simulator's keys. */
  readonly channelFolder: string;
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
  /** kill -9; with `struck` the caller's own strike at {@link pids} is awaited first. */
  killTill(struck?: Promise<void>): Promise<void>;
  startCloud(): Promise<void>;
  killCloud(struck?: Promise<void>): Promise<void>;
  /** The processes that run now. */
  pids(): { readonly till: number; readonly cloud: number };
  close(): Promise<void>;
}

/** Several shops before one cloud, each a merchant of its own with its till, its devices and its line. */
export interface Street {
  readonly stages: readonly Stage[];
  close(): Promise<void>;
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
  /** A program ended though nobody asked it to; the stage goes on without it. */
  readonly onLost?: (program: 'cloud' | 'till' | 'channel-sim') => void;
}

/**
 * How long a test waits for a stage. Three programs and a database start one after the other, some five seconds of a
 * processor: where others have all of it that takes minutes.
 */
export const stageOpenMsMax = 300_000;

export const freePorts = { cloud: 0, channel: 0, till: 0, counter: 0 } as const;

const root = path.resolve(import.meta.dirname, '../..');
export const rendererFolder = path.join(root, 'out/renderer');
/** No secret: the demo's cloud listens to this machine alone. */
export const operatorToken = 'demo-operator-token-on-this-machine-only';

type WhenClosed = (end: () => Promise<void>) => void;

/** Opens the stage; when a part fails to start, what runs already is stopped before the error goes on. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const street = await open(options, [options.folder]);
  return { ...street.stages[0]!, close: () => street.close() };
}

/** Opens `shopCount` shops before one cloud; shop 3 has the folder shop-3 below the street's. */
export const openStreet = (options: StageOptions, shopCount: number): Promise<Street> =>
  open(
    options,
    Array.from({ length: shopCount }, (_, number) => path.join(options.folder, `shop-${number}`)),
  );

async function open(options: StageOptions, shopFolders: readonly string[]): Promise<Street> {
  const opened: (() => Promise<void>)[] = [];
  const whenClosed: WhenClosed = (end) => opened.push(end);
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).toReversed()) await end();
  };
  try {
    await mkdir(options.folder, { recursive: true });
    const cloudSide = await raiseCloud(options, shopFolders.length, whenClosed);
    const stages: Stage[] = [];
    for (const [number, folder] of shopFolders.entries())
      stages.push(await raiseShop({ ...options, folder }, { cloudSide, number }, whenClosed));
    return { stages, close };
  } catch (error) {
    await close();
    throw error;
  }
}

const starter =
  (options: StageOptions) =>
  (
    name: 'cloud' | 'till' | 'channel-sim',
    program: {
      readonly entry: string;
      readonly readyLine: RegExp;
      readonly env?: Readonly<Record<string, string>>;
      readonly args?: readonly string[];
    },
  ): Promise<Program> =>
    startProgram({
      ...program,
      name,
      entry: path.join(root, program.entry),
      onLine: (line) => options.onLine?.(name, line),
      onLost: () => options.onLost?.(name),
    });

type CloudSide = Pick<
  Stage,
  | 'database'
  | 'operator'
  | 'channelFolder'
  | 'cloudOrigin'
  | 'channelOrigin'
  | 'startCloud'
  | 'killCloud'
> & { readonly seeded: Seeded; readonly cloudPid: () => number };

/** Database, channel simulator and cloud, with members and a history. */
async function raiseCloud(
  options: StageOptions,
  shopCount: number,
  whenClosed: WhenClosed,
): Promise<CloudSide> {
  const start = starter(options);
  const cloudFolder = path.join(options.folder, 'cloud');
  const channelFolder = path.join(options.folder, 'channel');
  const database = await openDatabase({ dataFolder: cloudFolder });
  whenClosed(() => database.close());
  const channel = await start('channel-sim', {
    entry: 'cloud/channel-simulator/main.ts',
    readyLine: /(http:\/\/\S+)/,
    env: {
      CHANNEL_SIM_PORT: String(options.ports.channel),
      CHANNEL_SIM_DATA: channelFolder,
      CHANNEL_SIM_UNIONPAY_MERID: unionpayMerchants(shopCount),
    },
  });
  whenClosed(() => channel.stop());
  const channelOrigin = channel.ready[1]!;
  await authoriseShops(channelFolder, shopCount);
  const env = {
    DATABASE_URL: database.databaseUrl,
    DATA_FOLDER: cloudFolder,
    OPERATOR_TOKEN: operatorToken,
    ...sandboxAccounts({
      origin: channelOrigin,
      channelFolder,
      shopCount,
      cloudPort: options.ports.cloud,
    }),
    REQUESTS_PER_MINUTE: '100000',
    LOG_LEVEL: 'warn',
  };
  const seeded = await seedOnce(database, getOrThrow(readConfig(env)), options.folder);

  const startCloud = (port: number): Promise<Program> =>
    start('cloud', {
      entry: 'cloud/server.ts',
      readyLine: /greentill cloud ready (http:\/\/\S+)/,
      env: { ...env, PORT: String(port) },
    });
  let cloud = await startCloud(options.ports.cloud);
  whenClosed(() => cloud.stop());
  const cloudOrigin = cloud.ready[1]!;
  return {
    database,
    channelFolder,
    operator: createOperatorDesk(() => cloudOrigin, operatorToken),
    seeded,
    cloudOrigin: () => cloudOrigin,
    channelOrigin: () => channelOrigin,
    startCloud: async () => {
      cloud = await startCloud(Number(new URL(cloudOrigin).port));
    },
    killCloud: (struck) => cloud.kill(struck),
    cloudPid: () => cloud.pid,
  };
}

/** The shop that the operator opens in the cloud, the line, the devices, the virtual counter and the till. */
async function raiseShop(
  options: StageOptions,
  street: { readonly cloudSide: CloudSide; readonly number: number },
  whenClosed: WhenClosed,
): Promise<Stage> {
  const { seeded, cloudPid, ...cloudSide } = street.cloudSide;
  const { operator, cloudOrigin } = cloudSide;
  await mkdir(options.folder, { recursive: true });
  const shop = await openShop(options.folder, operator, { number: street.number, seeded });
  const network = await startNetworkSwitch({ port: Number(new URL(cloudOrigin()).port) });
  whenClosed(() => network.close());
  const plugged = await plugDevices(options.folder);
  whenClosed(() => plugged.close());
  const { bench, devices } = plugged;
  const memberCode = async (phone: string): Promise<string> => {
    const member = shop.members.find((one) => one.phone === phone);
    if (!member) throw new Error(`no demo member has the phone ${phone}`);
    const route = `/v1/members/${member.memberId}/codes`;
    return (await operator.call<{ code: string }>('POST', route, {})).code;
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

  const configFile = path.join(options.folder, 'till.json');
  const cloudPort = network.port;
  await writeTillConfig(configFile, { folder: options.folder, cloudPort, devices });
  let till: Program | undefined;
  const startTill = async (): Promise<void> => {
    till = await startTillProgram(options, { configFile, counter, operator, shop });
    counter.setTillUrl(till.ready[1]!);
  };
  whenClosed(async () => till?.stop());
  await startTill();
  return {
    ...cloudSide,
    folder: options.folder,
    shop,
    bench,
    network,
    counter,
    memberCode,
    tillUrl: () => till?.ready[1] ?? '',
    startTill,
    killTill: async (struck) => till?.kill(struck),
    pids: () => ({ till: till?.pid ?? 0, cloud: cloudPid() }),
    close: () => Promise.resolve(),
  };
}

/** The till's own program; the first start in a folder activates it. */
async function startTillProgram(
  options: StageOptions,
  needs: {
    readonly configFile: string;
    readonly counter: CounterServer;
    readonly operator: OperatorDesk;
    readonly shop: Shop;
  },
): Promise<Program> {
  const marker = path.join(options.folder, 'activated');
  const activate = existsSync(marker)
    ? []
    : ['--activate', await activationCode(needs.operator, needs.shop)];
  const till = await starter(options)('till', {
    entry: 'terminal/web/main.ts',
    readyLine: /greentill till ready (http:\/\/\S+)/,
    args: [
      '--config',
      needs.configFile,
      '--port',
      String(options.ports.till),
      '--frame-ancestor',
      needs.counter.origin,
      ...activate,
    ],
  });
  await writeFile(marker, '');
  return till;
}
