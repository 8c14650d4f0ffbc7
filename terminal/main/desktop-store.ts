import { readStoreOutcome, storeFlag } from '#terminal/ipc/store-command.ts';
import { wrapKeyFlag, wrapKeyMessage } from '#terminal/ipc/wrap-key.ts';
import type { ShellPort } from '#terminal/main/shell-port.ts';
import { readWrapKey } from '#terminal/main/wrap-key.ts';

export interface DesktopStoreDeps {
  readonly shell: Pick<ShellPort, 'whenReady' | 'osSecrets' | 'userFolder' | 'forkAgent' | 'exit'>;
  /** To the standard output. */
  readonly say: (text: string) => void;
  /** To the standard error. */
  readonly report: (text: string) => void;
}

/**
 * The store commands (`npm run store`) of a till whose key the operating system's store guards: only the desktop app is
 * let in there, so it runs them itself, without a window:
 *
 *   npm run desktop -- --store backups|backup|check|restore|salvage --config FILE [--from BACKUP] [--alone]
 *
 * The output and the exit code are those of `npm run store`.
 *
 * The command runs in a process of its own, and the app ends with its exit code. A till that runs is not asked to make
 * room: it holds its lock, and the command says so. No key is ever made here.
 */
export async function runDesktopStore(
  { shell, say, report }: DesktopStoreDeps,
  { storeEntry, args }: { readonly storeEntry: string; readonly args: readonly string[] },
): Promise<void> {
  await shell.whenReady();
  const secrets = shell.osSecrets();
  const kept = secrets && readWrapKey(secrets, shell.userFolder());
  if (kept?.type === 'locked')
    report('the key store of the system does not open what it sealed: 终端密钥打不开');
  const key = kept?.type === 'key' ? kept.key : undefined;
  const child = shell.forkAgent(storeEntry, [
    ...(key === undefined ? [] : [wrapKeyFlag]),
    storeFlag,
    ...args,
  ]);
  if (key !== undefined) child.post(wrapKeyMessage(key));
  const exitCode = await new Promise<number>((resolve) => {
    child.onMessage((message) => {
      const outcome = readStoreOutcome(message);
      if (!outcome) return;
      (outcome.exitCode === 0 ? say : report)(outcome.text);
      resolve(outcome.exitCode);
      child.kill();
    });
    child.onExit((code) => resolve(code === 0 ? 1 : code));
  });
  shell.exit(exitCode);
}
