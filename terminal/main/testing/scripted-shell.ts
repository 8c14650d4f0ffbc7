import { fork } from 'node:child_process';
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import type {
  AgentProcess,
  OsSecrets,
  Sender,
  ShellPort,
  ShellWindow,
  WindowOptions,
} from '#terminal/main/shell-port.ts';

/**
 * A scripted Electron: windows and life cycle are played by the test, messages are structured-cloned as Electron
 * does, and the agent is a real child process speaking real messages.
 */
export interface ScriptedShell extends ShellPort {
  /** What a page of this shell's window asks. */
  callFrom(sender: Partial<Sender>, message: unknown): Promise<unknown>;
  readonly windows: ScriptedWindow[];
  readonly agents: AgentProcess[];
  readonly quits: number;
  /** The codes that it ended with. */
  readonly exits: readonly number[];
  secondInstance(): void;
  closeAllWindows(): void;
}

export interface ScriptedWindow extends ShellWindow {
  readonly options: WindowOptions;
  readonly received: unknown[];
  readonly log: string[];
  loseRenderer(): void;
}

export function createScriptedShell(
  options: {
    readonly firstInstance?: boolean;
    readonly secrets?: OsSecrets;
    readonly userFolder?: string;
  } = {},
): ScriptedShell {
  const secondInstance: (() => void)[] = [];
  const allClosed: (() => void)[] = [];
  const windows: ScriptedWindow[] = [];
  const agents: AgentProcess[] = [];
  const exits: number[] = [];
  let quits = 0;
  let handle: ((sender: Sender, message: unknown) => Promise<unknown>) | undefined;

  return {
    windows,
    agents,
    exits,
    get quits() {
      return quits;
    },
    requestSingleInstance: () => options.firstInstance ?? true,
    onSecondInstance: (listener) => secondInstance.push(listener),
    whenReady: () => Promise.resolve(),
    forkAgent(entry, args) {
      const agent = forkNode(entry, args);
      agents.push(agent);
      return agent;
    },
    openWindow(windowOptions) {
      const window = scriptWindow(windows.length + 1, windowOptions);
      windows.push(window);
      return window;
    },
    handleCalls(handler) {
      handle = handler;
    },
    onAllWindowsClosed: (listener) => allClosed.push(listener),
    quit() {
      quits += 1;
    },
    exit: (code) => void exits.push(code),
    osSecrets: () => options.secrets,
    userFolder: () => options.userFolder ?? '',
    async callFrom(sender, message) {
      const answer = await handle?.(
        { windowId: 1, frameUrl: '', isMainFrame: true, ...sender },
        structuredClone(message),
      );
      return structuredClone(answer);
    },
    secondInstance: () => secondInstance.forEach((listener) => listener()),
    closeAllWindows: () => allClosed.forEach((listener) => listener()),
  };
}

/** A store of secrets that opens only what the same user sealed. */
export function scriptSecrets(user: string): OsSecrets {
  const key = createHash('sha256').update(user).digest();
  const iv = Buffer.alloc(12);
  return {
    seal(text) {
      const sealing = createCipheriv('aes-256-gcm', key, iv);
      const sealed = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()]);
      return Buffer.concat([sealing.getAuthTag(), sealed]);
    },
    open(sealed) {
      const opening = createDecipheriv('aes-256-gcm', key, iv);
      opening.setAuthTag(sealed.slice(0, 16));
      return Buffer.concat([opening.update(sealed.slice(16)), opening.final()]).toString('utf8');
    },
  };
}

function forkNode(entry: string, args: readonly string[]): AgentProcess {
  const child = fork(entry, [...args], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return {
    // An agent that ends while it is spoken to hears nothing, and that is no error of the shell.
    post: (message) => void (child.connected && child.send(message as object, () => undefined)),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => child.on('exit', (code) => listener(code ?? 1)),
    kill: () => void child.kill('SIGKILL'),
  };
}

function scriptWindow(id: number, options: WindowOptions): ScriptedWindow {
  const received: unknown[] = [];
  const log: string[] = [];
  const gone: (() => void)[] = [];
  return {
    id,
    options,
    received,
    log,
    send: (_channel, payload) => received.push(structuredClone(payload)),
    focus: () => log.push('focus'),
    reload: () => log.push('reload'),
    onRendererGone: (listener) => gone.push(listener),
    onClosed: () => undefined,
    loseRenderer: () => gone.forEach((listener) => listener()),
  };
}
