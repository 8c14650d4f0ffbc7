import { chownSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const accountNames = ['postgres', 'nobody'] as const;

/**
 * How to run a program that refuses to run as root: prefix words of the command line, and the owner
 * of its files.
 */
export interface Account {
  readonly prefix: readonly string[];
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * PostgreSQL refuses root. As root it therefore runs as `postgres` or `nobody`; where that account
 * cannot reach the folder (a clone under /root), it keeps the one capability that lets it through,
 * by setpriv of util-linux.
 */
export function createAccount(paths: {
  readonly folder: string;
  readonly binary: string;
}): Account {
  if (process.platform === 'win32' || process.getuid?.() !== 0) {
    return { prefix: [], owner: undefined };
  }
  const owner = findOwner();
  chownSync(paths.folder, owner.uid, owner.gid);
  const ids = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'];
  const reachable = [paths.folder, dirname(paths.binary)].every(isReachableByOthers);
  const through = reachable ? [] : ['--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  return { prefix: ['setpriv', ...ids, ...through], owner };
}

function findOwner(): { uid: number; gid: number } {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of accountNames) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error(`as root, PostgreSQL needs one of the accounts ${accountNames.join(', ')}`);
}

function isReachableByOthers(path: string): boolean {
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
