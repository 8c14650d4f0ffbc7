import { pathToFileURL } from 'node:url';
import type { Clock } from '#shared/time/clock.ts';
import { err } from '#shared/result/result.ts';
import { createAgentHost, type AgentHost } from '#terminal/main/agent-host.ts';
import type { Sender, ShellPort, ShellWindow } from '#terminal/main/shell-port.ts';
import { loadWrapKey } from '#terminal/main/wrap-key.ts';

/** Windows and life cycle of the desktop app. Owns no money: every decision is the agent's. */
export interface DesktopOptions {
  readonly indexFile: string;
  readonly preloadFile: string;
  readonly agentEntry: string;
  readonly agentArgs: readonly string[];
  readonly kiosk: boolean;
}

export interface DesktopDeps {
  readonly shell: ShellPort;
  readonly clock: Clock;
  readonly delay: (ms: number, run: () => void) => void;
  readonly report: (message: string) => void;
}

/** Runs the app; answers false when another instance is running already and this one quits. */
export async function runDesktop(deps: DesktopDeps, options: DesktopOptions): Promise<boolean> {
  const { shell } = deps;
  if (!shell.requestSingleInstance()) {
    shell.quit();
    return false;
  }
  await shell.whenReady();

  const agent = createAgentHost({
    shell,
    clock: deps.clock,
    delay: deps.delay,
    entry: options.agentEntry,
    args: options.agentArgs,
    wrapKey: wrapKeyOf(deps),
    onGiveUp: (exitCode, failure = `exit code ${exitCode}`) =>
      deps.report(`the agent stopped again and again (${failure}): 收银程序无法启动`),
  });
  const window = shell.openWindow(options);
  serveWindow(shell, window, agent, pathToFileURL(options.indexFile).href);

  window.onRendererGone(() => window.reload());
  shell.onSecondInstance(() => window.focus());
  shell.onAllWindowsClosed(() => {
    agent.stop();
    shell.quit();
  });
  return true;
}

/** Undefined: there is no store, or it does not open; the agent then says so when its key was sealed with it. */
function wrapKeyOf({ shell, report }: DesktopDeps): string | undefined {
  const secrets = shell.osSecrets();
  if (!secrets) return undefined;
  const loaded = loadWrapKey(secrets, shell.userFolder());
  if (loaded.type === 'key') return loaded.key;
  report('the key store of the system does not open what it sealed: 终端密钥打不开');
  return undefined;
}

function serveWindow(
  shell: ShellPort,
  window: ShellWindow,
  agent: AgentHost,
  indexUrl: string,
): void {
  let open = true;
  window.onClosed(() => {
    open = false;
  });
  agent.onEvent((event) => {
    if (open) window.send('greentill:event', event);
  });
  shell.handleCalls(async (sender, message) =>
    isOurWindow(sender, { windowId: window.id, indexUrl })
      ? agent.call(message)
      : err({ code: 'host-access-refused' }),
  );
}

/** Only the main frame of our own window, showing our own page, may call: not a frame, not a page it was led to. */
export function isOurWindow(
  sender: Sender,
  own: { readonly windowId: number; readonly indexUrl: string },
): boolean {
  const [page] = sender.frameUrl.split(/[?#]/);
  return sender.windowId === own.windowId && sender.isMainFrame && page === own.indexUrl;
}
