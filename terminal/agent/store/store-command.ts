import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { readWords } from '#shared/command-line/read-words.ts';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { storeFlag, type StoreOutcome } from '#terminal/ipc/store-command.ts';
import { loadConfig, type Config } from '#terminal/agent/config.ts';
import {
  deviceKeyFileName,
  formerKeyFileName,
  openDeviceKey,
  type KeyRing,
} from '#terminal/agent/identity/device-key.ts';
import type { KeyProtector } from '#terminal/agent/identity/key-protector.ts';
import { identityOf } from '#terminal/agent/identity/identity.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import { backupFolderOf, listBackups } from '#terminal/agent/store/backup-folder.ts';
import { backupFileName } from '#terminal/agent/store/backup-names.ts';
import { cloudCopyOf, recoveryClient } from '#terminal/agent/store/recovery/cloud-copy.ts';
import { recoverStore, type CloudCopy } from '#terminal/agent/store/recovery/recover.ts';
import { runStoreTask } from '#terminal/agent/store/store-tasks.ts';

/** How the desktop program is asked for the same commands (terminal/main/desktop-store.ts). */
const desktopStore = `npm run desktop -- ${storeFlag}`;
const usage =
  'usage: npm run store -- backups|backup|check|restore|salvage --config FILE [--from BACKUP] [--alone]';

interface Options {
  readonly command: string;
  readonly config: string;
  readonly from: string | undefined;
  readonly alone: boolean;
}

interface StoreCommandDeps {
  /** Opens the till's key, as whoever runs the command can. */
  readonly protector: KeyProtector;
  /** The command line as it was typed, to be said again. */
  readonly command: string;
}

const said = (value: unknown): StoreOutcome => ({
  exitCode: 0,
  text: typeof value === 'string' ? value : JSON.stringify(value, undefined, 2),
});
const failed = (text: string): StoreOutcome => ({ exitCode: 1, text });

/**
 * Looks at a till's backups and its journal, and gets the journal back:
 *   backups                            lists the backups of a till, the newest first
 *   backup                             makes one now; the till may run
 *   check                              checks pages and chain; the till may run
 *   restore [--from BACKUP] [--alone]  a new journal from a backup, the cloud, and what the old file still has
 *   salvage [--alone]                  the same from the damaged file, then its newest backup, then the cloud
 * each with `--config FILE`. `--alone` goes on without the cloud. Ends with 1 when it could not do it, and then nothing
 * was changed.
 */
export async function runStoreCommand(
  args: readonly string[],
  protector: KeyProtector,
): Promise<StoreOutcome> {
  const options = readOptions(args);
  if (!options.ok) return failed(options.error);
  const config = await loadConfig(options.value.config);
  if (!config.ok)
    return failed(`${options.value.config}: ${config.error.detail ?? config.error.code}`);
  return run({ protector, command: args.join(' ') }, options.value, config.value);
}

async function run(deps: StoreCommandDeps, options: Options, till: Config): Promise<StoreOutcome> {
  const { command, from, alone } = options;
  const dataDir = resolve(till.dataDir);
  const folder = resolve(till.backupDir ?? backupFolderOf(dataDir));
  const journal = join(dataDir, journalFileName);
  const backups = listBackups(folder).map((name) => join(folder, backupFileName(name)));
  switch (command) {
    case 'backups':
      return said(backups.join('\n'));
    case 'backup':
    case 'check': {
      const nowMs = systemClock.nowMs();
      const task = command === 'backup' ? { type: command, dataDir, folder, nowMs } : undefined;
      const result = runStoreTask(task ?? { type: 'check', dataDir });
      const isWell = result.type === 'backed-up' || result.type === 'checked';
      return isWell ? said(result) : failed(`${result.type}: ${result.detail}`);
    }
    case 'salvage':
      return recover(deps, till, {
        alone,
        reason: 'salvaged',
        sources: [journal, ...backups.slice(0, 1)],
      });
    case 'restore': {
      const backup = from === undefined ? backups[0] : resolve(from);
      if (backup === undefined || !existsSync(backup)) return failed('there is no such backup');
      // What the file in place still has is never thrown away for an older copy.
      return recover(deps, till, { alone, reason: 'restored', sources: [backup, journal] });
    }
    default:
      return failed(usage);
  }
}

async function recover(
  deps: StoreCommandDeps,
  till: Config,
  how: {
    readonly alone: boolean;
    readonly reason: 'restored' | 'salvaged';
    readonly sources: readonly string[];
  },
): Promise<StoreOutcome> {
  const dataDir = resolve(till.dataDir);
  let keyTrouble: string | undefined;
  const cloudBy = (meta: ReadonlyMap<string, string>): CloudCopy | undefined => {
    const key = keyOf(deps, dataDir);
    if (key.ok) return cloudOf(till, { meta, key: key.value });
    keyTrouble = key.error;
    return undefined;
  };
  const done = await recoverStore({
    dataDir,
    sources: how.sources,
    reason: how.reason,
    clock: systemClock,
    random: systemRandom,
    appVersion: process.env['npm_package_version'] ?? '0.1.0',
    cloud: how.alone ? undefined : cloudBy,
  });
  if (done.ok) return said(done.value);
  if (keyTrouble !== undefined) return failed(keyTrouble);
  const { code, detail } = done.error;
  const { meaning, action } = errorCatalogue[code];
  return failed(`${code}: ${meaning} ${action}\n  ${detail}`);
}

/** The cloud as this till's own key reaches it; undefined when key or identity are gone. */
function cloudOf(
  { cloudUrl }: Config,
  of: { readonly meta: ReadonlyMap<string, string>; readonly key: KeyRing | undefined },
): CloudCopy | undefined {
  const who = identityOf(of.meta.get('identity'));
  const { key } = of;
  if (!who || !key) return undefined;
  return cloudCopyOf(recoveryClient({ cloudUrl, key, terminalId: who.terminalId }));
}

/** The till's own key; undefined where there is none. The error says in words what to do. */
function keyOf(
  { protector, command }: StoreCommandDeps,
  dataDir: string,
): Result<KeyRing | undefined, string> {
  // Opening would make a new key where there is none, and the cloud does not know that one.
  const keyFiles = [deviceKeyFileName, formerKeyFileName].map((name) => join(dataDir, name));
  if (!keyFiles.some((path) => existsSync(path))) return ok(undefined);
  const key = openDeviceKey(dataDir, protector);
  if (key.ok) return key;
  const { code, detail } = key.error;
  const { meaning } = errorCatalogue[code];
  // Only the desktop program is let into the key store of the operating system.
  const way =
    protector.name === 'os-store' || code !== 'device-key-unreadable'
      ? ''
      : `\n  If the desktop program made this till: ${desktopStore} ${command}, as the user who runs the till.`;
  return err(
    `${code}: ${meaning}\n  ${detail}${way}\n  Without the key the cloud cannot be asked: add --alone to go on with the files alone.`,
  );
}

function readOptions(args: readonly string[]): Result<Options, string> {
  const read = readWords(
    args,
    { config: { type: 'text' }, from: { type: 'text' }, alone: { type: 'flag' } },
    { wordsMax: 1 },
  );
  if (!read.ok) return err(`${read.error}\n${usage}`);
  const { values, words } = read.value;
  const [command] = words;
  if (command === undefined || values.config === undefined) return err(usage);
  return ok({ command, config: values.config, from: values.from, alone: values.alone });
}
