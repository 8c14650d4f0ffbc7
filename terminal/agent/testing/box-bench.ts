import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { createManualTime, type ManualTime } from '#drivers/contract/manual-time.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { BoxPos } from '#drivers/ecr/box-pos.ts';
import { createEcrHubBox } from '#drivers/ecr/ecr-hub/ecr-hub-box.ts';
import { createEcrHubSimulator, type EcrHubSimulator } from '#drivers/simulator/box/box-ecr-hub.ts';
import { createMemoryWire, type MemoryWire } from '#drivers/transports/memory.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import type { EntryFact } from '#shared/wire/v1/entries.ts';
import type { ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { createCheckout, type Checkout } from '#terminal/agent/checkout/checkout.ts';
import { createCodeVault } from '#terminal/agent/checkout/charge/code-vault.ts';
import { openDeviceKey, type DeviceKey } from '#terminal/agent/identity/device-key.ts';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { openTestJournal, tempFolder } from '#terminal/agent/testing/temp-store.ts';
import { createCloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import { createLink } from '#terminal/agent/uplink/link.ts';
import type { Screen } from '#terminal/ipc/state.ts';

/**
 * A till whose line is down, with a box POS on a wire in memory, in time that moves when told to:
 * the real checkout, the real journal on disk, the real driver, and a simulated box whose books are
 * the truth.
 */
export interface BoxBench {
  readonly time: ManualTime;
  readonly box: EcrHubSimulator;
  readonly wire: MemoryWire;
  readonly journal: () => Journal;
  readonly checkout: () => Checkout;
  readonly driver: () => BoxPos;
  readonly screen: () => Screen;
  /** Facts of the journal about orders at the box, oldest first. */
  readonly facts: () => readonly EntryFact['type'][];
  /** Types an amount and presses the box key; answers what the till refused, if it did. */
  readonly payBox: (amountFen: number) => Promise<string | undefined>;
  /** Lets this much time pass. */
  readonly pass: (durationMs: number) => Promise<void>;
  /** The power of the till fails here: nothing it had in hand goes on, its journal stays. */
  readonly kill: () => void;
  /** A new till on the same journal and the same wire. */
  readonly start: () => Promise<void>;
  readonly close: () => void;
}

const config: ConfigPayload = {
  configVersion: 1,
  terminalId: 'trm_01JADFX2A0000000000000000A',
  merchantId: 'mch_01JADFX2A0000000000000000A',
  merchantName: '巷口面馆',
  storeName: '一店',
  storePhone: '',
  concessionBp: 1_000,
  sameDayBp: 8_000,
  cutOverHour: 0,
  claimBaseUrl: 'https://g.example/c/',
  caps: {
    version: 1,
    perPaymentFen: 0,
    perMemberFen: 0,
    perMemberCount: 0,
    shopUnsyncedFen: 0,
    windowMs: 0,
    issuedAtMs: 0,
  },
  issuerKeys: [],
  revokedCertificateIds: [],
};

export async function openBoxBench(seed = 1): Promise<BoxBench> {
  const folder = tempFolder();
  const time = createManualTime();
  const random = createSeededRandom(seed);
  // Back-off pauses are fractions; wall time is whole, as that of a real clock.
  const clock: Clock = { ...time.clock, nowMs: () => Math.trunc(time.clock.nowMs()) };
  const ports = { clock, timers: time.timers, random };
  const wire = createMemoryWire({ timers: time.timers, name: 'box' });
  const box = createEcrHubSimulator(ports);
  box.attach(wire.far);
  const { store, journal } = openTestJournal(folder.path, clock);
  const key = getOrThrow(openDeviceKey(folder.path));
  const makeTill = (): MortalTill => createMortalTill({ ...ports, wire, journal, key });
  let till = makeTill();

  const start = async (): Promise<void> => {
    till = makeTill();
    till.start();
    await time.advance(1_000);
  };
  till.start();
  await time.advance(1_000);

  return {
    time,
    box,
    wire,
    journal: () => journal,
    checkout: () => till.checkout,
    driver: () => till.driver,
    screen: () => till.checkout.state().screen,
    facts: () =>
      [...walkEntries(journal.read)]
        .map(({ type }) => type as EntryFact['type'])
        .filter((type) => type !== 'store.opened'),
    payBox: async (amountFen) => {
      till.checkout.setAmount(amountFen);
      const paid = await till.checkout.payBox();
      return paid.ok ? undefined : paid.error;
    },
    pass: (durationMs) => time.advance(durationMs),
    kill: () => till.kill(),
    start,
    close: () => {
      till.kill();
      box.stop();
      journal.close();
      store.close();
      folder.remove();
    },
  };
}

interface MortalTill {
  readonly checkout: Checkout;
  readonly driver: BoxPos;
  readonly start: () => void;
  readonly kill: () => void;
}

interface MortalTillDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly wire: MemoryWire;
  readonly journal: Journal;
  readonly key: DeviceKey;
}

/** A till whose power can fail: what the dead one had in hand does not go on, its timers and its news end with it. */
function createMortalTill({ wire, journal, key, ...ports }: MortalTillDeps): MortalTill {
  let alive = true;
  const timers: Timers = {
    after: (delayMs, run) => ports.timers.after(delayMs, () => alive && run()),
  };
  const own = { ...ports, timers };
  const driver = createEcrHubBox({
    ...own,
    transport: wire.transport,
    hub: { appId: 'test' },
    onStatus: () => alive && checkout.boxChanged(),
    onLateOutcome: (late) => alive && checkout.heardLateFromBox(late),
  });
  const whileAlive = async <T>(work: () => Promise<T>): Promise<T> => {
    const value = alive ? await work() : await never<T>();
    return alive ? value : never<T>();
  };
  const mortal: BoxPos = {
    ...driver,
    sale: (intent) => whileAlive(() => driver.sale(intent)),
    query: (intent) => whileAlive(() => driver.query(intent)),
    close: (intent) => whileAlive(() => driver.close(intent)),
  };
  const checkout: Checkout = createCheckout({
    ...own,
    journal,
    businessClock: own.clock,
    cloud: createCloudClient({
      ...own,
      cloudUrl: 'http://127.0.0.1:9',
      key,
      terminalId: () => config.terminalId,
      fetch: () => Promise.reject(new TypeError('connect ECONNREFUSED')),
      onOutcome: () => undefined,
      onIdentityEvidence: () => undefined,
    }),
    // Never started: the line is down.
    link: createLink({ ...own, probe: () => Promise.resolve(false) }),
    vault: createCodeVault({ clock: own.clock, hashKey: key.hashKey() }),
    cashier: '小王',
    sinceListMs: () => undefined,
    boxPos: () => mortal,
    config: () => config,
    jobsFor: (orderId, result) =>
      result === 'cash' ? [] : [receiptOf(orderId, own.random.bytes(26))],
  });
  return {
    checkout,
    driver: mortal,
    start: () => {
      driver.start();
      checkout.start();
    },
    kill: () => {
      alive = false;
      void driver.stop();
    },
  };
}

/** What a dead till waits for. */
const never = <T>(): Promise<T> => new Promise(() => undefined);

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const receiptOf = (orderId: string, bytes: Uint8Array): EntryFact => ({
  type: 'print.queued',
  body: {
    jobId: `prt_0${Array.from(bytes.slice(1), (byte) => crockford[byte % 32]).join('')}`,
    kind: 'receipt',
    orderId,
    copy: 1,
  },
});
