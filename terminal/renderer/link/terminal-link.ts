import type { TerminalApi } from '#terminal/ipc/terminal-api.ts';

/** The one port of the renderer, plus whether somebody is at its other end. */
export interface TerminalLink extends TerminalApi {
  /** Calls `listener` with true when the agent answers and false when it is gone; returns the way to stop. */
  watch(listener: (up: boolean) => void): () => void;
}
