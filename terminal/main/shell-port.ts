/**
 * The smallest part of Electron the desktop app needs. `electron-shell.ts` is the real one, checked against
 * Electron's own types; tests use a scripted one whose agent is a real child process.
 */
export interface ShellPort {
  /** False when another instance runs already: it comes to the front and this one must quit. */
  requestSingleInstance(): boolean;
  onSecondInstance(listener: () => void): void;
  whenReady(): Promise<void>;
  /** Starts a bundle of the agent's room as a utility process. */
  forkAgent(entry: string, args: readonly string[]): AgentProcess;
  openWindow(options: WindowOptions): ShellWindow;
  /** Serves 'greentill:call' from renderers; `sender` says who asks. */
  handleCalls(handler: (sender: Sender, message: unknown) => Promise<unknown>): void;
  onAllWindowsClosed(listener: () => void): void;
  quit(): void;
  /** Ends at once, with this code for whoever started the app. */
  exit(code: number): void;
  /** The operating system's store of secrets; undefined where there is none. Ask when ready. */
  osSecrets(): OsSecrets | undefined;
  /** Where the app keeps files of this user. */
  userFolder(): string;
}

/** Seals text so that only this user of this computer opens it again: DPAPI, Keychain, libsecret or KWallet. */
export interface OsSecrets {
  seal(text: string): Uint8Array;
  /** Throws on what another user or computer sealed. */
  open(sealed: Uint8Array): string;
}

export interface AgentProcess {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onExit(listener: (code: number) => void): void;
  kill(): void;
}

export interface WindowOptions {
  readonly indexFile: string;
  readonly preloadFile: string;
  /** Full screen without a way out for customers. */
  readonly kiosk: boolean;
}

export interface ShellWindow {
  readonly id: number;
  /** Delivers to the preload of this window only. */
  send(channel: 'greentill:event', payload: unknown): void;
  focus(): void;
  /** The renderer died; the till comes back by loading again. */
  onRendererGone(listener: () => void): void;
  reload(): void;
  onClosed(listener: () => void): void;
}

export interface Sender {
  readonly windowId: number | undefined;
  /** The URL of the frame that asks. */
  readonly frameUrl: string;
  readonly isMainFrame: boolean;
}
