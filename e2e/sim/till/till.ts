import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Transport } from '#drivers/core/transport.ts';
import type { Surroundings } from '#drivers/discovery/surroundings.ts';
import { getOrThrow, type Result } from '#shared/result/result.ts';
import { createAgent, type Agent } from '#terminal/agent/agent.ts';
import type { Config } from '#terminal/agent/config.ts';
import { formerKeyFileName } from '#terminal/agent/identity/device-key.ts';
import type { Store } from '#terminal/agent/journal/open-store.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TerminalError,
} from '#terminal/ipc/terminal-api.ts';
import { cloudOrigin } from '../cloud/cloud-host.ts';
import { copyDurable, crashingStore, type CommitFate } from './crash-store.ts';
import { restoreByCommand } from './restore-by-command.ts';
import { keyPemOf } from './sim-keys.ts';
import { tryAsSecond } from './second-process.ts';
import { migrationsOf } from './versions.ts';
import { openPromise, type World } from '../world/virtual-world.ts';

/** One till as a machine: its disk, its clock, its power. The agent on it is the real one. */
export interface SimTill {
  readonly name: string;
  isUp(): boolean;
  /** Power on. Resolves when the agent has started. */
  start(): Promise<void>;
  /** The power fails. */
  crash(): void;
  /** Power off, an old copy of the disk put back: as a file, or by the restore command, which asks the cloud too. */
  restore(byCommand: boolean): Promise<void>;
  /** From a copied file, or by the command without the cloud: it cannot know what it forgot. */
  readonly wasRestored: () => boolean;
  readonly wasRestoredAlone: () => boolean;
  /** When an older disk was put back, virtual time. */
  readonly restoredAtMs: () => readonly number[];
  /** Keeps a copy of the disk as it is. */
  backUp(): void;
  activate(code: string): Promise<void>;
  /** Undefined: the till died before it answered. */
  call<M extends MethodName>(method: M, input: MethodInput<M>): Promise<Answer<M> | undefined>;
  /** Stops the program as it is and starts the other version of it a little later. */
  changeVersion(version: 'this' | 'next'): void;
  /** Starts the program a second time on the same folder. */
  startSecond(): void;
  /** What was wrong when that happened. */
  readonly intrusions: () => readonly string[];
  setSkewMs(skewMs: number): void;
  setDiskFull(full: boolean): void;
  /** Told "pull now" by the cloud. */
  hint(): void;
  readonly lives: () => number;
  readonly folder: () => string;
  /** Closes every file. */
  close(): void;
}

export type Answer<M extends MethodName> = Result<MethodOutput<M>, TerminalError>;

/** Where a till can die: at a commit, at a request, at bytes to a device. */
export type EffectKind = 'commit' | 'request' | 'bytes';
export type EffectFate = 'go-on' | 'die-before' | 'die-after';

export interface SimTillDeps {
  readonly world: World;
  readonly name: string;
  readonly seed: number;
  /** A folder of this till's own, on a disk in memory. */
  readonly folder: string;
  readonly fetch: typeof globalThis.fetch;
  readonly devices: Config['devices'];
  readonly transports: ReadonlyMap<string, Transport>;
  /** Pulls every cable out and puts it in again: the far ends see that the host is gone. */
  readonly replug: () => void;
  /** The operator's desk has closed it. */
  readonly isClosed: () => boolean;
  /** Asked at each effect: does the till die there? */
  readonly fateOf: (kind: EffectKind) => EffectFate;
  readonly onDied: () => void;
  /** A planted disk that loses what it called synced: says which folder a power cut leaves. */
  readonly durableFolder?: (folder: string) => string;
  readonly onCommitted?: (folder: string, store: Store) => void;
}

interface Life {
  alive: boolean;
  readonly folder: string;
  readonly dead: Promise<undefined>;
  readonly end: () => void;
  agent: Agent | undefined;
  hint: () => void;
}

export function createSimTill(deps: SimTillDeps): SimTill {
  const { world, name } = deps;
  const random = world.randomOf(`till ${name}`);
  const stores: Store[] = [];
  let skewMs = 0;
  let diskFull = false;
  let version: 'this' | 'next' = 'this';
  const intrusions: string[] = [];
  let lives = 0;
  let restored = false;
  let restoredAlone = false;
  const restoredAtMs: number[] = [];
  let restoring: Promise<void> = Promise.resolve();
  let life: Life | undefined;
  let backup: string | undefined;
  let folder = join(deps.folder, 'life-0');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, formerKeyFileName), keyPemOf(`${deps.seed}/${name}`));

  const die = (mine: Life): void => {
    if (!mine.alive) return;
    mine.alive = false;
    world.trace.note(`${name} dies`);
    const next = join(deps.folder, `life-${lives}`);
    copyDurable(deps.durableFolder?.(mine.folder) ?? mine.folder, next);
    folder = next;
    life = undefined;
    mine.end();
    deps.replug();
    deps.onDied();
  };
  const fateOf = (mine: Life, kind: EffectKind): EffectFate =>
    mine.alive ? deps.fateOf(kind) : 'go-on';

  const live = async (): Promise<void> => {
    lives += 1;
    const mine = createLife(folder);
    life = mine;
    world.trace.note(`${name} starts (life ${lives})`);
    const agent = await createAgent({
      config: { dataDir: folder, cloudUrl: cloudOrigin, cashier: name, devices: [...deps.devices] },
      appVersion: 'sim',
      clock: world.clockOf(() => skewMs),
      random,
      timers: {
        after: (delayMs, run) => world.timers.after(delayMs, () => mine.alive && run()),
      },
      fetch: mortalFetch(deps, mine, { fate: () => fateOf(mine, 'request'), die: () => die(mine) }),
      transports: new Map(
        [...deps.transports].map(([role, wire]) => [
          role,
          mortalTransport(mine, wire, { fate: () => fateOf(mine, 'bytes'), die: () => die(mine) }),
        ]),
      ),
      around: nothingAround,
      openStore: (dataDir) => {
        const opened = crashingStore({
          migrations: () => migrationsOf(version),
          fateOfCommit: (): CommitFate => {
            if (mine.alive && diskFull) return 'disk-full';
            return fateOf(mine, 'commit');
          },
          die: () => die(mine),
          committed: (store) => {
            if (!mine.alive) return;
            world.trace.note(`${name} commits`);
            deps.onCommitted?.(mine.folder, store);
          },
        })(dataDir);
        if (opened.ok) stores.push(opened.value);
        return opened;
      },
      createHints: ({ onPull }) => ({
        start: () => {
          mine.hint = onPull;
        },
        wake: () => undefined,
        stop: () => undefined,
      }),
    });
    const started = getOrThrow(agent);
    mine.agent = started;
    await Promise.race([started.start(), mine.dead]);
  };

  return {
    name,
    isUp: () => life?.agent !== undefined,
    start: async () => {
      await restoring;
      if (!life) await live();
    },
    crash: () => life && die(life),
    backUp: () => {
      backup = join(deps.folder, `backup-${lives}`);
      copyDurable(folder, backup);
    },
    restore: async (byCommand) => {
      if (backup === undefined) return;
      if (life) die(life);
      world.trace.note(`${name} is restored ${byCommand ? 'by command' : 'from a copied file'}`);
      restoredAtMs.push(world.nowMs());
      restored ||= !byCommand;
      const source = backup;
      if (byCommand) {
        const bringBack = async (): Promise<void> => {
          const how = await restoreByCommand({ ...deps, random }, { folder, source });
          restoredAlone ||= how === 'alone';
        };
        restoring = bringBack();
        await restoring;
        return;
      }
      folder = join(deps.folder, `restored-${lives}`);
      copyDurable(source, folder);
    },
    activate: async (code) => {
      getOrThrow(await (life?.agent?.activate(code) ?? Promise.reject(new Error('off'))));
    },
    call: async (method, input) => {
      const mine = life;
      if (!mine?.agent) return undefined;
      return Promise.race([mine.agent.api.call(method, input), mine.dead]);
    },
    changeVersion: (next) => {
      world.trace.note(`${name} becomes the ${next} version`);
      version = next;
      if (life) die(life);
    },
    startSecond: () => {
      if (!life?.agent) return;
      const wrong = tryAsSecond(folder);
      world.trace.note(`${name} is started a second time: ${wrong ?? 'refused'}`);
      if (wrong !== undefined) intrusions.push(wrong);
    },
    intrusions: () => intrusions,
    setSkewMs: (next) => {
      world.trace.note(`${name} clock is off by ${next} ms`);
      skewMs = next;
    },
    setDiskFull: (full) => {
      world.trace.note(`${name} disk ${full ? 'full' : 'has room'}`);
      diskFull = full;
    },
    hint: () => {
      if (life) world.timers.after(5, life.hint);
    },
    lives: () => lives,
    wasRestored: () => restored || restoredAlone,
    wasRestoredAlone: () => restoredAlone,
    restoredAtMs: () => restoredAtMs,
    folder: () => folder,
    close: () => {
      if (life) life.alive = false;
      for (const store of stores) store.close();
    },
  };
}

function createLife(folder: string): Life {
  const { promise: dead, resolve } = openPromise<undefined>();
  const end = (): void => resolve(undefined);
  return { alive: true, folder, dead, end, agent: undefined, hint: () => undefined };
}

interface Mortality {
  readonly fate: () => EffectFate;
  readonly die: () => void;
}

function mortalFetch(
  { fetch }: SimTillDeps,
  life: Life,
  mortality: Mortality,
): typeof globalThis.fetch {
  return async (input, init) => {
    if (!life.alive) return never();
    const fate = (input as string).endsWith('/healthz') ? 'go-on' : mortality.fate();
    if (fate === 'die-before') mortality.die();
    if (!life.alive) return never();
    const answering = fetch(input, init);
    if (fate === 'die-after') mortality.die();
    try {
      const answer = await answering;
      return life.alive ? answer : never();
    } catch (error) {
      if (life.alive) throw error;
      return never();
    }
  };
}

/** The wire as long as the till lives; a dead till hears nothing and its bytes stay where they are. */
function mortalTransport(life: Life, wire: Transport, mortality: Mortality): Transport {
  return {
    address: wire.address,
    open: async () => {
      if (!life.alive) return never();
      const opened = await wire.open();
      if (!opened.ok) return opened;
      const connection = opened.value;
      return {
        ok: true,
        value: {
          ...connection,
          write: async (bytes) => {
            const fate = mortality.fate();
            if (fate === 'die-before') mortality.die();
            if (!life.alive) return never();
            const written = await connection.write(bytes);
            if (fate === 'die-after') mortality.die();
            return life.alive ? written : never();
          },
          onData: (listener) => connection.onData((chunk) => life.alive && listener(chunk)),
          onClose: (listener) => connection.onClose((reason) => life.alive && listener(reason)),
        },
      };
    },
  };
}

/** What a dead till waits for. */
const never = <T>(): Promise<T> => new Promise(() => undefined);

/** A machine with nothing plugged in but what the configuration names. */
const nothingAround: Surroundings = {
  platform: 'win32',
  devRoot: '/nowhere',
  sysRoot: '/nowhere',
  listSerial: () => Promise.resolve([]),
  listHid: () => Promise.resolve([]),
  mayOpen: () => Promise.resolve(false),
  groupOf: () => Promise.resolve(null),
};
