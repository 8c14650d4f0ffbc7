import { resolve } from 'node:path';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import { thisMachine, type Surroundings } from '#drivers/discovery/surroundings.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { TerminalApi, TerminalError, TerminalEvent } from '#terminal/ipc/terminal-api.ts';
import { createApi } from '#terminal/agent/api.ts';
import { createCloudSide, type CloudSide } from '#terminal/agent/cloud-side.ts';
import { parseConfig, type Config } from '#terminal/agent/config.ts';
import { createHandlers } from '#terminal/agent/handlers.ts';
import { createActivationDesk } from '#terminal/agent/identity/activation-desk.ts';
import { openDeviceKey, type KeyRing } from '#terminal/agent/identity/device-key.ts';
import type { KeyProtector } from '#terminal/agent/identity/key-protector.ts';
import { openJournal, type Journal } from '#terminal/agent/journal/journal.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { createOwnerDesk, type OwnerDesk } from '#terminal/agent/owner/owner-desk.ts';
import { openOwnerWitness } from '#terminal/agent/owner/owner-witness.ts';
import { backupFolderOf } from '#terminal/agent/store/backup-folder.ts';
import { createStoreKeeper, type StoreKeeper } from '#terminal/agent/store/store-keeper.ts';
import type { StoreTask, StoreTaskResult } from '#terminal/agent/store/store-tasks.ts';
import { createShopSide, type ShopSide } from '#terminal/agent/shop-side.ts';
import { createHintSocket } from '#terminal/agent/uplink/hint-socket.ts';

/** What the agent needs from outside. Everything optional defaults to the real thing of this machine. */
export interface AgentDeps {
  readonly config: Config;
  readonly appVersion: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly timers?: Timers;
  /** The way to the cloud; the demo's network switch and the tests may wrap it. */
  readonly fetch?: typeof globalThis.fetch;
  /** Transports of devices configured as `{type: 'memory', name}`. */
  readonly transports?: ReadonlyMap<string, Transport>;
  /** Where devices are looked for; this machine when absent. */
  readonly around?: Surroundings;
  /** What guards the till's private key on disk; the rights of its file when absent. */
  readonly keyProtector?: KeyProtector;
  /** How the till's file is opened; a simulator puts a disk that fails in between. */
  readonly openStore?: typeof openStore;
  /** Does backups and the nightly check beside the till (store/run-in-worker.ts); without it there are none. */
  readonly runStoreTask?: (task: StoreTask) => Promise<StoreTaskResult>;
  /** Who hears "pull now"; the socket to the cloud when absent. */
  readonly createHints?: typeof createHintSocket;
}

/** One till: journal, checkout, devices, uplink. Headless: hosts carry `api` to a window. */
export interface Agent {
  readonly api: TerminalApi;
  /** Whether this till has an identity the cloud knows. Before that it refuses to sell: `agent-not-activated`. */
  isActivated(): boolean;
  /** Opens devices and the line, and takes up what a former run left unfinished. */
  start(): Promise<void>;
  /** Stops taking new work, lets the writes in hand finish, and closes the journal. */
  stop(): Promise<void>;
  /** Binds this till's key to a one-time code. Errors: the cloud's refusal, `cloud-unreachable`, … */
  activate(code: string): Promise<Result<void, TerminalError>>;
}

/**
 * Opens the till's data and wires it. Errors: `config-invalid`, `store-locked`, `store-corrupt`,
 * `store-not-begun`, …
 */
export async function createAgent(deps: AgentDeps): Promise<Result<Agent, TerminalError>> {
  const checked = parseConfig(deps.config);
  if (!checked.ok) return checked;
  const ports = {
    clock: deps.clock ?? systemClock,
    random: deps.random ?? systemRandom,
    timers: deps.timers ?? systemTimers,
  };
  const opened = openData(deps, ports);
  return opened.ok ? ok(wire(deps, ports, opened.value)) : opened;
}

interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
}

interface Data {
  readonly journal: Journal;
  readonly key: KeyRing;
}

function openData(deps: AgentDeps, ports: Ports): Result<Data, TerminalError> {
  const { appVersion } = deps;
  const dataDir = resolve(deps.config.dataDir);
  const store = (deps.openStore ?? openStore)(dataDir);
  if (!store.ok) return store;
  const giveUp = (error: TerminalError): Result<Data, TerminalError> => {
    store.value.close();
    return err(error);
  };
  const journal = openJournal({ store: store.value, ...ports, appVersion });
  if (!journal.ok) return giveUp(journal.error);
  const key = openDeviceKey(dataDir, deps.keyProtector);
  if (!key.ok) return giveUp(key.error);
  return ok({ journal: journal.value, key: key.value });
}

function wire(deps: AgentDeps, ports: Ports, { journal, key }: Data): Agent {
  const { cloudUrl, model = 'pc', dataDir } = deps.config;
  const witness = openOwnerWitness(resolve(dataDir));
  const cloudSide = createCloudSide({
    ...ports,
    journal,
    key,
    cloudUrl,
    model,
    appVersion: deps.appVersion,
    fetch: deps.fetch ?? globalThis.fetch,
    createHints: deps.createHints ?? createHintSocket,
    peripherals: () => shop.devices.views().map(({ role, state }) => ({ role, state })),
    ownerNews: () => owner.news(),
    ownerSeen: (changeNo) => owner.heedSeen(changeNo),
    alongside: (orderId, facts) => shop.checkout.alongside(orderId, facts),
  });
  const owner = createOwnerDesk({
    ...ports,
    journal,
    onChange: () => shop.status.changed(),
    onNews: cloudSide.heartbeat.kick,
    saleOnScreen: () => shop.checkout.saleOnScreen(),
    witness,
  });
  const activation = createActivationDesk({
    ...ports,
    session: cloudSide.session,
    // Nothing is signed yet, so nothing is proven: enough to tell a person that his clock may be wrong.
    cloudNowMs: () => cloudSide.cloud.claimedNowMs(),
    onActivated: () => takeUp(cloudSide),
    onChange: () => shop.status.changed(),
  });
  const shop = createShopSide({
    ...ports,
    journal,
    key,
    owner,
    activation,
    config: deps.config,
    transports: deps.transports ?? new Map(),
    around: deps.around ?? thisMachine,
    cloudSide,
  });
  const keeper = keeperOf(deps, ports, { journal, cloudSide });
  const { api, emit, isHeard } = createApi(
    createHandlers({
      ...ports,
      ...cloudSide,
      ...shop,
      owner,
      activation,
      journal,
      cashier: deps.config.cashier,
      config: cloudSide.session.config,
      status: shop.status.get,
    }),
  );
  announce({ journal, cloudSide, shop, owner, emit, isHeard });
  return {
    api,
    isActivated: cloudSide.isReady,
    start: () => start(cloudSide, shop, keeper),
    stop: async () => {
      owner.stop();
      await Promise.all([stop(cloudSide, shop), keeper.stop()]);
      journal.close();
    },
    activate: (code) => activateWith(activation, code),
  };
}

async function activateWith(
  activation: ReturnType<typeof createActivationDesk>,
  code: string,
): ReturnType<Agent['activate']> {
  const activated = await activation.activate(code);
  return activated.ok ? activated : err({ code: activated.error });
}

function keeperOf(
  { config, runStoreTask }: AgentDeps,
  ports: Ports,
  { journal, cloudSide }: { readonly journal: Journal; readonly cloudSide: CloudSide },
): StoreKeeper {
  const dataDir = resolve(config.dataDir);
  return createStoreKeeper({
    ...ports,
    journal,
    dataDir,
    backupFolder: resolve(config.backupDir ?? backupFolderOf(dataDir)),
    troubles: cloudSide.troubles,
    cloudNowMs: () => cloudSide.cloud.trustedNowMs(),
    runTask: runStoreTask,
  });
}

/** Carries what one part learned to every part that shows it or acts on it. */
function announce({
  journal,
  cloudSide: { link, session, troubles, uplink },
  shop: { checkout, coupons, spool, status },
  owner,
  emit,
  isHeard,
}: {
  readonly journal: Journal;
  readonly cloudSide: CloudSide;
  readonly shop: ShopSide;
  readonly owner: OwnerDesk;
  readonly emit: (event: TerminalEvent) => void;
  readonly isHeard: () => boolean;
}): void {
  checkout.onChange((payload) => emit({ name: 'till.changed', payload }));
  // Some ten questions to the file: not while no window is there to show it.
  status.onChange(() => {
    if (isHeard()) emit({ name: 'status.changed', payload: status.get() });
  });
  link.onChange(status.changed);
  troubles.onChange(status.changed);
  // A reset that came with the last run's configuration may not have been followed: the disk can refuse.
  const followReset = (): void => owner.followReset(session.config()?.ownerPinReset ?? 0);
  followReset();
  session.onConfig(() => {
    followReset();
    status.changed();
    checkout.refresh();
  });
  // Not only what has entries: the bar counts what the cloud does not have, and an acknowledgement is no entry.
  journal.onStored(status.changed);
  journal.onAppended((entries) => {
    uplink.wake();
    for (const orderId of ordersOf(entries)) emit({ name: 'order.changed', payload: { orderId } });
    coupons.looksAt(entries);
    if (entries.some((entry) => entry.type.startsWith('print.'))) {
      spool.wake();
      checkout.receiptChanged();
    }
  });
}

async function start(cloudSide: CloudSide, shop: ShopSide, keeper: StoreKeeper): Promise<void> {
  // The line first: the first screen already says whether it is up.
  await cloudSide.link.start();
  shop.devices.start();
  shop.spool.start();
  shop.checkout.start();
  shop.refunds.start();
  cloudSide.heartbeat.start();
  cloudSide.results.start();
  cloudSide.catalogue.start();
  cloudSide.hints.start();
  cloudSide.uplink.wake();
  keeper.start();
}

async function stop(cloudSide: CloudSide, shop: ShopSide): Promise<void> {
  cloudSide.hints.stop();
  cloudSide.link.stop();
  shop.status.stop();
  cloudSide.cloud.close();
  const quiet = [
    cloudSide.uplink.stop(),
    cloudSide.results.stop(),
    cloudSide.catalogue.stop(),
    cloudSide.heartbeat.stop(),
    shop.checkout.stop(),
    shop.coupons.stop(),
    shop.refunds.stop(),
    shop.spool.stop(),
  ];
  await shop.devices.stop();
  await Promise.all(quiet);
}

/** What waited for the till's identity begins. */
function takeUp({ hints, heartbeat, results, uplink }: CloudSide): void {
  hints.start();
  heartbeat.kick();
  results.kick();
  uplink.retryNow();
}

/** Orders that a group of entries is about, each once. */
function ordersOf(entries: readonly { readonly body: string }[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { body } of entries) {
    const match = /"orderId":"(ord_[0-9A-Z]{26})"/.exec(body);
    if (match?.[1] !== undefined) found.add(match[1]);
  }
  return found;
}
