import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import { readConfig, type CloudConfig } from '#cloud/platform/config.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { loadCloudKeys } from '#cloud/identity/cloud-keys.ts';
import { provisionOperator } from '#cloud/identity/provisioning.ts';
import { certifyDevice } from '#cloud/members/member-certificates.ts';
import { registerMember } from '#cloud/members/members.ts';
import { setPromiseLimits } from '#cloud/promises/promise-limits.ts';
import { createPhoneVault, loadMemberDataKey } from '#cloud/members/phone-vault.ts';
import type { MerchantId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { channelSeed, type ChannelHost } from './cloud/channel-host.ts';
import { createCloudHost, operatorToken, type CloudHost } from './cloud/cloud-host.ts';
import { createCounterDevices, type CounterDevices } from './till/counter-devices.ts';
import type { FaultPlan } from './script/faults.ts';
import { createMemberPhone, type MemberPhone } from './till/member-phone.ts';
import { createLine, type Line } from './world/network.ts';
import type { Planted } from './planted/planted.ts';
import { simPromiseLimits } from './script/promise-script.ts';
import type { SimDatabase } from './cloud/sim-database.ts';
import { keyBase64Of } from './till/sim-keys.ts';
import { createSimTill, type SimTill, type SimTillDeps } from './till/till.ts';
import type { World } from './world/virtual-world.ts';

/** One counter of the shop with everything on it. */
export interface Counter {
  readonly till: SimTill;
  readonly terminalId: string;
  readonly line: Line;
  readonly devices: CounterDevices;
}

export interface SimShop {
  readonly world: World;
  readonly host: CloudHost;
  readonly channel: ChannelHost;
  readonly counters: readonly Counter[];
  readonly merchantId: string;
  /** A fresh code on the member's phone, which has a line of its own; undefined while the cloud does not answer. */
  readonly memberCode: () => Promise<string | undefined>;
  /** Whether tills and cloud die as planned; their effects are counted only while they may. */
  readonly setMortal: (mortal: boolean) => void;
  readonly isMortal: () => boolean;
  /** The operator's desk asks until the cloud has heard it. */
  readonly ask: (counter: Counter, what: 'revoke' | 'rotate-key') => Promise<void>;
  readonly isRevoked: (counter: Pick<Counter, 'terminalId'>) => boolean;
  readonly log: readonly string[];
}

export interface SimShopOptions {
  readonly world: World;
  readonly seed: number;
  readonly base: string;
  readonly database: SimDatabase;
  readonly channel: ChannelHost;
  readonly faults: FaultPlan;
  readonly tillCount: number;
  readonly planted: Planted | undefined;
  /** Open files are closed by these. */
  readonly closers: (() => void)[];
}

/** The page of the member shows the code of two layers; the form that anybody can show is for those without it. */
const twoLayerShare = 0.5;
const askTriesMax = 100;
const askAgainMs = 2_000;
const desk = { authorization: `Bearer ${operatorToken}`, 'content-type': 'application/json' };
const emptyBody = Buffer.from('{}');

/** Starts the cloud, opens a shop there, and activates its tills, in fair weather. */
export async function openSimShop(options: SimShopOptions): Promise<SimShop> {
  const { world, faults, tillCount, planted } = options;
  const log: string[] = [];
  const mortality = { on: false };
  const tillOf = new Map<string, SimTill>();
  const host = createCloudHost({
    world,
    database: options.database,
    config: simConfig(options.base),
    channelKeys: writeChannelKeys(options.base),
    isTold: faults.latePayers !== undefined,
    hints: { pull: ({ terminalId }) => tillOf.get(terminalId)?.hint() },
    fateOf: (life) => {
      let question = 0;
      return () => {
        if (!mortality.on) return 'go-on';
        question += 1;
        const death = faults.cloudDeaths.find(
          (one) => one.life === life && one.question === question,
        );
        return death === undefined ? 'go-on' : `die-${death.when}`;
      };
    },
    onLog: (line) => log.push(`${world.nowMs()} ${line.trim()}`),
    onDied: () =>
      void world.timers.after(faults.cloudDeaths[0]?.downMs ?? 1_000, () => void host.start()),
    ...(planted?.bendCloud === undefined
      ? {}
      : { bend: (deps: CloudDeps) => planted.bendCloud?.(deps, world) ?? deps }),
  });
  options.channel.setCloud(host);
  await world.settle(host.start());
  const { merchantId, storeId, memberId, phone } = await world.settle(openMerchant(host, options));
  const counters: Counter[] = [];
  const revoked = new Set<string>();
  for (let index = 0; index < tillCount; index += 1) {
    const name = `T${index + 1}`;
    const devices = createCounterDevices(world, name);
    const line = createLine({ world, host, name });
    const isClosed = (): boolean => {
      const known = counters[index];
      return known !== undefined && revoked.has(known.terminalId);
    };
    const plain = tillDeps(options, { index, name, line, devices, mortality, isClosed });
    const till = createSimTill(planted?.bendTill?.(plain.deps) ?? plain.deps);
    plain.restart.now = () => void till.start();
    options.closers.push(() => till.close());
    await world.settle(till.start());
    const { code } = await world.settle(
      admin<{ code: string }>(
        host,
        'POST',
        `/admin/v1/merchants/${merchantId}/stores/${storeId}/activation-codes`,
        {},
      ),
    );
    await world.settle(till.activate(code));
    const known = [...tillOf.keys()];
    const { rows } = await world.settle(
      host.db().execute<{ id: string }>(sql`select terminal_id as id from terminal`),
    );
    const terminalId = rows.find(({ id }) => !known.includes(id))?.id;
    assert(terminalId !== undefined, () => 'a till was activated and is not known');
    tillOf.set(terminalId, till);
    counters.push({ till, terminalId, line, devices });
  }
  const phoneRandom = world.randomOf('phone');
  return {
    world,
    host,
    ask: async ({ till, terminalId }, what) => {
      for (let tries = 0; tries < askTriesMax; tries += 1) {
        const path = `/admin/v1/terminals/${terminalId}/${what}`;
        const answer = await host.answer({ method: 'POST', path, headers: desk, body: emptyBody });
        if (answer !== undefined && answer.status < 300) {
          if (what === 'revoke') revoked.add(terminalId);
          world.trace.note(`${till.name}: ${what}`);
          return;
        }
        await new Promise<void>((resolve) => void world.timers.after(askAgainMs, resolve));
      }
      assert(false, () => `${what} was never heard`);
    },
    isRevoked: ({ terminalId }) => revoked.has(terminalId),
    channel: options.channel,
    counters,
    merchantId,
    memberCode: async () => {
      if (phoneRandom.unit() < twoLayerShare) return phone.show(world.clockOf(() => 0).nowMs());
      const path = `/v1/members/${memberId}/codes`;
      const answer = await host.answer({ method: 'POST', path, headers: desk, body: emptyBody });
      if (answer === undefined || answer.status >= 300) return undefined;
      return (JSON.parse(answer.body) as { code: string }).code;
    },
    setMortal: (mortal) => {
      mortality.on = mortal;
    },
    isMortal: () => mortality.on,
    log,
  };
}

function tillDeps(
  { world, seed, base, faults }: SimShopOptions,
  counter: {
    readonly index: number;
    readonly name: string;
    readonly line: Line;
    readonly devices: CounterDevices;
    readonly mortality: { readonly on: boolean };
    readonly isClosed: () => boolean;
  },
): { readonly deps: SimTillDeps; readonly restart: { now: () => void } } {
  const { index, name, line, devices, mortality, isClosed } = counter;
  const folder = join(base, name);
  mkdirSync(folder);
  const deaths = faults.tillDeaths.filter((one) => one.till === index);
  const restart = { now: (): void => undefined };
  let died = 0;
  let effects = 0;
  return {
    restart,
    deps: {
      world,
      name,
      seed,
      folder,
      fetch: line.fetch,
      devices: devices.devices,
      transports: devices.transports,
      replug: devices.replug,
      isClosed,
      fateOf: () => {
        if (!mortality.on) return 'go-on';
        effects += 1;
        const death = deaths.find((one) => one.effect === effects);
        return death === undefined ? 'go-on' : `die-${death.when}`;
      },
      onDied: () => {
        const downMs = deaths[died % Math.max(1, deaths.length)]?.downMs ?? 1_000;
        died += 1;
        world.timers.after(downMs, () => restart.now());
      },
    },
  };
}

function simConfig(base: string): CloudConfig {
  return getOrThrow(
    readConfig({
      DATA_FOLDER: base,
      REQUESTS_PER_MINUTE: '1000000',
      CLOUD_SIGNING_KEY: keyBase64Of('cloud'),
      ISSUER_SIGNING_KEY: keyBase64Of('issuer'),
      MEMBER_DATA_KEY: Buffer.alloc(32, 7).toString('base64url'),
    }),
  );
}

function writeChannelKeys(base: string): string {
  const { appPrivateKey, channelPublicKey } = sandboxKeysFromSeed(channelSeed);
  const folder = join(base, 'channel');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'app-private-key.pem'),
    appPrivateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  writeFileSync(
    join(folder, 'channel-public-key.pem'),
    channelPublicKey.export({ type: 'spki', format: 'pem' }),
  );
  return folder;
}

interface OpenedMerchant {
  readonly merchantId: string;
  readonly storeId: string;
  readonly memberId: string;
  readonly phone: MemberPhone;
}

/** Whose cloud it is. */
export const simOperatorId = simConfig('.').operatorId;

const faces = ['wechat', 'alipay', 'unionpay', 'withholding'];

async function openMerchant(
  host: CloudHost,
  { world, seed }: SimShopOptions,
): Promise<OpenedMerchant> {
  const ports = { clock: world.clockOf(() => 0), random: world.randomOf('operator') };
  const operator = { operatorId: simOperatorId, name: 'Sim' };
  const db = host.db();
  const vault = createPhoneVault(loadMemberDataKey(simConfig('.')), ports);
  const { operatorId } = operator;
  await db.transaction((tx) => provisionOperator(tx, operator, ports));
  const consent = { words: 'sim', source: 'counter' as const, shops: false };
  const newMember = { operatorId, phone: '13800000001', consent };
  const registered = await db.transaction((tx) =>
    registerMember(tx, newMember, { db, vault, ...ports }),
  );
  const { memberId } = getOrThrow(registered);
  const shop = await admin<{ merchantId: string; storeId: string }>(
    host,
    'POST',
    '/admin/v1/merchants',
    { name: '模拟商店', concessionBp: 1_000, storeName: '一店', storePhone: '021-5555 0101' },
  );
  await admin(host, 'PUT', `/admin/v1/merchants/${shop.merchantId}/channels`, {
    channels: faces.map((face, index) => ({
      channel: face,
      channelMerchantNo: `1900${String(index + 1).padStart(6, '0')}`,
      wallets: face === 'withholding' ? [] : [face],
      priority: index + 1,
      perTxnMaxFen: 5_000_000,
      dayQuotaFen: 50_000_000,
    })),
  });
  const merchantId = shop.merchantId as MerchantId;
  const nowMs = ports.clock.nowMs();
  const limits = { operatorId, merchantId, limits: simPromiseLimits, setBy: '店主', nowMs };
  getOrThrow(await db.transaction((tx) => setPromiseLimits(tx, limits)));
  const phone = createMemberPhone({ memberId, seed });
  const keys = loadCloudKeys(simConfig('.'));
  const given = await db.transaction((tx) =>
    certifyDevice(tx, { operatorId, memberId, ...phone.request }, { ...ports, keys }),
  );
  phone.keepCertificate(getOrThrow(given).certificate);
  return { ...shop, memberId, phone };
}

/** A call of the operator's desk. */
export async function admin<T>(
  host: CloudHost,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: object,
): Promise<T> {
  const answer = await host.answer({
    method,
    path,
    headers: {
      authorization: `Bearer ${operatorToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
  });
  assert(
    answer !== undefined && answer.status < 300,
    () => `${method} ${path}: ${answer?.status} ${answer?.body}`,
  );
  return JSON.parse(answer.body) as T;
}
