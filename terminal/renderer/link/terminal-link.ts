import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { TerminalApi } from '#terminal/ipc/terminal-api.ts';

export type LinkWatcher = (up: boolean, code?: ErrorCode) => void;

/** The one port of the renderer, plus whether somebody is at its other end. */
export interface TerminalLink extends TerminalApi {
  /**
   * Calls `listener` with true when the agent answers and false when it is gone; `code` says so when waiting does not
   * help: the window was opened for an agent that is no more. Returns the way to stop.
   */
  watch(listener: LinkWatcher): () => void;
}
