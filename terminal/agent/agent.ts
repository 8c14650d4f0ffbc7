import { resolve } from 'node:path';
import { systemClock, systemRandom, systemTimers } from '#drivers/core/system-ports.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { newId, type OrderId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { TerminalApi, TerminalError } from '#terminal/ipc/terminal-api.ts';
import { createApi } from '#terminal/agent/api.ts';
import { createCheckout } from '#terminal/agent/checkout/checkout.ts';
import { createCodeVault } from '#terminal/agent/checkout/code-vault.ts';
import { parseConfig, type Config } from '#terminal/agent/config.ts';
import { createDeviceSet } from '#terminal/agent/devices/device-set.ts';
import { createHandlers } from '#terminal/agent/handlers.ts';
import { openDeviceKey, type DeviceKey } from '#terminal/agent/identity/device-key.ts';
import { createSession } from '#terminal/agent/identity/session.ts';
import { openJournal, type Journal } from '#terminal/agent/journal/journal.ts';
import { openStore } from '#terminal/agent/journal/open-store.ts';
import { createPaperContent } from '#terminal/agent/printing/paper-content.ts';
import { createSpool } from '#terminal/agent/printing/spool.ts';
import { createTroubles } from '#terminal/agent/troubles.ts';
import { createStatus } from '#terminal/agent/status.ts';
import { createCloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import { createHintSocket } from '#terminal/agent/uplink/hint-socket.ts';
import { standingRefusal } from '#terminal/agent/uplink/identity-refusal.ts';
import { createLink } from '#terminal/agent/uplink/link.ts';
import { createPoller } from '#terminal/agent/uplink/poller.ts';
import { pullResults } from '#terminal/agent/uplink/results.ts';
import { createUplink } from '#terminal/agent/uplink/uplink.ts';

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

export const heartbeatPauseMs = 30_000;
/** Results are pulled on a hint; this is for hints that got lost. */
export const resultsPauseMs = 15_000;

/** Opens the till's data and wires it. Errors: `config-invalid`, `store-locked`, `store-corrupt`, `store-failed`. */
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
  readonly key: DeviceKey;
}

function openData({ config, appVersion }: AgentDeps, ports: Ports): Result<Data, TerminalError> {
  const dataDir = resolve(config.dataDir);
  const store = openStore(dataDir);
  if (!store.ok) return store;
  const giveUp = (error: TerminalError): Result<Data, TerminalError> => {
    store.value.close();
    return err(error);
  };
  const journal = openJournal({ store: store.value, ...ports, appVersion });
  if (!journal.ok) {
    const { type, seq } = journal.error;
    return giveUp({ code: 'store-corrupt', detail: `${type} at entry ${seq}` });
  }
  const key = openDeviceKey(dataDir);
  if (!key.ok) return giveUp({ code: 'store-failed', detail: key.error.detail });
  return ok({ journal: journal.value, key: key.value });
}

function wire(deps: AgentDeps, ports: Ports, { journal, key }: Data): Agent {
  const { cashier, cloudUrl, model = 'pc' } = deps.config;
  const troubles = createTroubles(ports);
  let refusal: ErrorCode | undefined;
  const link = createLink({ ...ports, probe: (timeoutMs) => cloud.probe(timeoutMs) });
  const cloud = createCloudClient({
    ...ports,
    cloudUrl,
    key,
    terminalId: () => session.identity()?.terminalId,
    fetch: deps.fetch ?? globalThis.fetch,
    onOutcome: (reached) => link.report(reached),
    onIdentityEvidence: (evidence) => {
      refusal = standingRefusal(refusal, evidence);
      troubles.note('identity', refusal);
    },
  });
  const session = createSession({
    ...ports,
    journal,
    cloud,
    key,
    model,
    appVersion: deps.appVersion,
    peripherals: () => devices.views().map(({ role, state }) => ({ role, state })),
    onConfigTrouble: (code) => troubles.note('config', code),
  });
  const { config } = session;
  const devices = createDeviceSet({
    ...ports,
    devices: deps.config.devices,
    transports: deps.transports ?? new Map(),
    onScan: (text) => void checkout.scan(text),
    onScanProblem: (code) => checkout.scanUnreadable(code),
    onChange: () => {
      status.changed();
      spool.wake();
    },
    onLateProcessId: (processId) => spool.confirmLate(processId),
  });
  const spool = createSpool({
    ...ports,
    journal,
    printer: devices.printer,
    contentOf: createPaperContent({ ...ports, journal, config }),
  });
  const checkout = createCheckout({
    ...ports,
    journal,
    cloud,
    link,
    vault: createCodeVault({ clock: ports.clock, hashKey: key.hashKey() }),
    cashier,
    config,
    jobsFor: (orderId, result) => jobsOfSale(orderId, result),
  });
  const status = createStatus({
    ...ports,
    journal,
    cloud,
    link,
    config,
    devices,
    troubles,
    cashier,
  });

  const jobsOfSale = (orderId: OrderId, result: 'paid' | 'cash' | 'offline'): EntryFact[] => {
    if (!devices.printer()) return [];
    const job = (kind: 'receipt' | 'drawer'): EntryFact => ({
      type: 'print.queued',
      body: { jobId: newId('prt', ports), kind, orderId, copy: 1 },
    });
    return result === 'cash' && devices.has('drawer')
      ? [job('drawer'), job('receipt')]
      : [job('receipt')];
  };

  const isReady = (): boolean => session.identity() !== undefined;
  const uplink = createUplink({
    ...ports,
    journal,
    cloud,
    isReady,
    onTrouble: (code) => troubles.note('journal', code),
  });
  const results = createPoller({
    ...ports,
    pauseMs: resultsPauseMs,
    run: async () => {
      if (isReady()) await pullResults({ journal, cloud, alongside: checkout.alongside });
    },
  });
  const heartbeat = createPoller({ ...ports, pauseMs: heartbeatPauseMs, run: session.beat });
  const hints = createHintSocket({ ...ports, cloudUrl, key, session, cloud, onPull: results.kick });
  const { api, emit } = createApi(
    createHandlers({
      ...ports,
      journal,
      cloud,
      link,
      checkout,
      devices,
      troubles,
      config,
      status: status.get,
    }),
  );

  checkout.onChange((payload) => emit({ name: 'till.changed', payload }));
  status.onChange((payload) => emit({ name: 'status.changed', payload }));
  link.onChange((online) => {
    status.changed();
    if (!online) return;
    uplink.wake();
    results.kick();
    heartbeat.kick();
  });
  session.onConfig(() => {
    status.changed();
    checkout.refresh();
  });
  troubles.onChange((source) => {
    status.changed();
    if (source === 'identity' && refusal === undefined) uplink.retryNow();
  });
  journal.onAppended((entries) => {
    uplink.wake();
    status.changed();
    for (const orderId of ordersOf(entries)) emit({ name: 'order.changed', payload: { orderId } });
    if (entries.some((entry) => entry.type.startsWith('print.'))) {
      spool.wake();
      checkout.receiptChanged();
    }
  });

  return {
    api,
    isActivated: isReady,
    start: async () => {
      await link.start();
      devices.start();
      spool.start();
      checkout.start();
      heartbeat.start();
      results.start();
      hints.start();
      uplink.wake();
    },
    stop: async () => {
      hints.stop();
      link.stop();
      status.stop();
      cloud.close();
      const quiet = [
        uplink.stop(),
        results.stop(),
        heartbeat.stop(),
        checkout.stop(),
        spool.stop(),
      ];
      await devices.stop();
      await Promise.all(quiet);
      journal.close();
    },
    activate: async (code) => {
      const activated = await session.activate(code);
      if (!activated.ok) return activated;
      hints.start();
      heartbeat.kick();
      results.kick();
      uplink.retryNow();
      return activated;
    },
  };
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
