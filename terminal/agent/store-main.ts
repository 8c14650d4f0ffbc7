import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock, systemRandom } from '#drivers/core/system-ports.ts';
import { readWords } from '#shared/command-line/read-words.ts';
import { errorCatalogue } from '#shared/errors/catalogue.ts';
import { loadConfig, type Config } from '#terminal/agent/config.ts';
import {
  deviceKeyFileName,
  formerKeyFileName,
  openDeviceKey,
  type OpenKeyError,
} from '#terminal/agent/identity/device-key.ts';
import { identityOf } from '#terminal/agent/identity/identity.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import { backupFolderOf, listBackups } from '#terminal/agent/store/backup-folder.ts';
import { backupFileName } from '#terminal/agent/store/backup-names.ts';
import { cloudCopyOf, recoveryClient } from '#terminal/agent/store/recovery/cloud-copy.ts';
import { recoverStore, type CloudCopy } from '#terminal/agent/store/recovery/recover.ts';
import { runStoreTask } from '#terminal/agent/store/store-tasks.ts';

/**
 * npm run store -- COMMAND --config FILE
 *   backups                            lists the backups of a till, the newest first
 *   backup                             makes one now; the till may run
 *   check                              checks pages and chain; the till may run
 *   restore [--from BACKUP] [--alone]  a new journal from a backup, the cloud, and what the old file still has
 *   salvage [--alone]                  the same from the damaged file, then its newest backup, then the cloud
 * `--alone` goes on without the cloud. Ends with 1 when it could not do it, and then nothing was changed.
 */
const usage =
  'usage: npm run store -- backups|backup|check|restore|salvage --config FILE [--from BACKUP] [--alone]';

interface Options {
  readonly command: string;
  readonly config: string;
  readonly from: string | undefined;
  readonly alone: boolean;
}

const say = (value: unknown): void =>
  void process.stdout.write(
    `${typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)}\n`,
  );
const fail = (message: string): void => {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
};

const options = readOptions();
const config = options && (await loadConfig(options.config));
if (!options || !config) fail(usage);
else if (!config.ok) fail(`${options.config}: ${config.error.detail ?? config.error.code}`);
else await run(options, config.value);

async function run({ command, from, alone }: Options, till: Config): Promise<void> {
  const dataDir = resolve(till.dataDir);
  const folder = resolve(till.backupDir ?? backupFolderOf(dataDir));
  const journal = join(dataDir, journalFileName);
  const backups = listBackups(folder).map((name) => join(folder, backupFileName(name)));
  switch (command) {
    case 'backups':
      return say(backups.join('\n'));
    case 'backup':
    case 'check': {
      const nowMs = systemClock.nowMs();
      const task = command === 'backup' ? { type: command, dataDir, folder, nowMs } : undefined;
      const result = runStoreTask(task ?? { type: 'check', dataDir });
      const isWell = result.type === 'backed-up' || result.type === 'checked';
      return isWell ? say(result) : fail(`${result.type}: ${result.detail}`);
    }
    case 'salvage':
      return recover(till, {
        alone,
        reason: 'salvaged',
        sources: [journal, ...backups.slice(0, 1)],
      });
    case 'restore': {
      const backup = from === undefined ? backups[0] : resolve(from);
      if (backup === undefined || !existsSync(backup)) return fail('there is no such backup');
      // What the file in place still has is never thrown away for an older copy.
      return recover(till, { alone, reason: 'restored', sources: [backup, journal] });
    }
    default:
      return fail(usage);
  }
}

async function recover(
  till: Config,
  how: {
    readonly alone: boolean;
    readonly reason: 'restored' | 'salvaged';
    readonly sources: readonly string[];
  },
): Promise<void> {
  const dataDir = resolve(till.dataDir);
  const done = await recoverStore({
    dataDir,
    sources: how.sources,
    reason: how.reason,
    clock: systemClock,
    random: systemRandom,
    appVersion: process.env['npm_package_version'] ?? '0.1.0',
    cloud: how.alone ? undefined : (meta) => cloudOf(till, meta),
  });
  if (done.ok) return say(done.value);
  const { code, detail } = done.error;
  fail(`${code}: ${errorCatalogue[code].meaning} ${errorCatalogue[code].action}\n  ${detail}`);
}

/** The cloud as this till's own key reaches it; undefined when key or identity are gone. */
function cloudOf(till: Config, meta: ReadonlyMap<string, string>): CloudCopy | undefined {
  const dataDir = resolve(till.dataDir);
  const who = identityOf(meta.get('identity'));
  // Opening would make a new key where there is none, and the cloud does not know that one.
  const keyFiles = [deviceKeyFileName, formerKeyFileName].map((name) => join(dataDir, name));
  if (!who || !keyFiles.some((path) => existsSync(path))) return undefined;
  const key = openDeviceKey(dataDir);
  if (!key.ok) {
    fail(wordsOfKey(key.error));
    return undefined;
  }
  const { terminalId } = who;
  return cloudCopyOf(recoveryClient({ cloudUrl: till.cloudUrl, key: key.value, terminalId }));
}

/** Only the desktop program is let into the key store of the operating system: this one cannot speak for the till. */
function wordsOfKey({ code, detail }: OpenKeyError): string {
  const { meaning } = errorCatalogue[code];
  return `${code}: ${meaning}\n  ${detail}\n  Without the key the cloud cannot be asked: add --alone to go on with the files alone.`;
}

function readOptions(): Options | undefined {
  const read = readWords(
    process.argv.slice(2),
    { config: { type: 'text' }, from: { type: 'text' }, alone: { type: 'flag' } },
    { wordsMax: 1 },
  );
  if (!read.ok) {
    fail(read.error);
    return undefined;
  }
  const { values, words } = read.value;
  const [command] = words;
  if (command === undefined || values.config === undefined) return undefined;
  return { command, config: values.config, from: values.from, alone: values.alone };
}
