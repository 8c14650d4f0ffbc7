import { isErrorCode } from '#shared/errors/catalogue.ts';
import { err, type Result } from '#shared/result/result.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TerminalError,
  TerminalEvent,
} from '#terminal/ipc/terminal-api.ts';
import type { LinkWatcher, TerminalLink } from './terminal-link.ts';

/** What the Electron preload puts on the window: frozen, and nothing else. */
export interface GreentillBridge {
  call(method: string, input: unknown): Promise<unknown>;
  subscribe(listener: (event: unknown) => void): () => void;
}

/**
 * TerminalApi over the Electron preload. The main process restarts a fallen agent and answers
 * `agent-restarting`; when the agent said why it cannot run, that code is the detail.
 */
export function createBridgeLink(bridge: GreentillBridge): TerminalLink {
  const watchers = new Set<LinkWatcher>();
  const tell = (up: boolean, why?: string): void =>
    watchers.forEach((watcher) =>
      why !== undefined && isErrorCode(why) ? watcher(up, why) : watcher(up),
    );
  return {
    async call<M extends MethodName>(method: M, input: MethodInput<M>) {
      try {
        const result = (await bridge.call(method, input)) as Result<MethodOutput<M>, TerminalError>;
        if (result.ok || result.error.code !== 'agent-restarting') tell(true);
        else tell(false, result.error.detail);
        return result;
      } catch (failure) {
        tell(false);
        return err({ code: 'agent-restarting', detail: String(failure) });
      }
    },
    subscribe: (listener) =>
      bridge.subscribe((event) => {
        tell(true);
        listener(event as TerminalEvent);
      }),
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}
