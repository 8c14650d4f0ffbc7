import type { Clock } from '#shared/time/clock.ts';
import { err } from '#shared/result/result.ts';
import type { CallAnswer } from '#terminal/ipc/dispatch.ts';
import { readCall } from '#terminal/ipc/dispatch.ts';
import { createApiClient, type ApiClient } from '#terminal/ipc/message-link.ts';
import { wrapKeyFlag, wrapKeyMessage } from '#terminal/ipc/wrap-key.ts';
import type { TerminalEvent } from '#terminal/ipc/terminal-api.ts';
import { decideRestart, type RestartHistory } from '#terminal/main/restart-policy.ts';
import type { AgentProcess, ShellPort } from '#terminal/main/shell-port.ts';

/** Keeps the agent running as a process of its own, and carries calls and events between it and the windows. */
export interface AgentHost {
  call(message: unknown): Promise<CallAnswer>;
  onEvent(listener: (event: TerminalEvent) => void): void;
  stop(): void;
}

export interface AgentHostDeps {
  readonly shell: Pick<ShellPort, 'forkAgent'>;
  readonly clock: Clock;
  readonly delay: (ms: number, run: () => void) => void;
  readonly entry: string;
  readonly args: readonly string[];
  /** What the agent seals its own key with, base64; undefined: the rights of the file are all there is. */
  readonly wrapKey?: string | undefined;
  /** The agent crashed too often to be started again: say so instead of pretending. */
  readonly onGiveUp: (exitCode: number, failure: string | undefined) => void;
}

export function createAgentHost(deps: AgentHostDeps): AgentHost {
  const listeners = new Set<(event: TerminalEvent) => void>();
  let history: RestartHistory = { crashesMs: [] };
  let stopped = false;
  /** Why the last agent could not run; the next one that can makes it void. */
  let failure: string | undefined;
  let current: { process: AgentProcess; client: ApiClient } | undefined;

  const start = (): void => {
    if (stopped) return;
    const { wrapKey, args } = deps;
    const flags = wrapKey === undefined ? args : [...args, wrapKeyFlag];
    const process = deps.shell.forkAgent(deps.entry, flags);
    if (wrapKey !== undefined) process.post(wrapKeyMessage(wrapKey));
    const client = createApiClient(process);
    client.api.subscribe((event) => {
      for (const listener of listeners) listener(event);
    });
    current = { process, client };
    process.onExit((exitCode) => {
      client.disconnect();
      failure = client.failure();
      current = undefined;
      if (stopped) return;
      const decision = decideRestart(history, deps.clock.monotonicMs());
      history = decision.history;
      if (decision.type === 'restart') deps.delay(decision.delayMs, start);
      else deps.onGiveUp(exitCode, failure);
    });
  };
  start();

  return {
    async call(message) {
      const call = readCall(message);
      if (!call) return err({ code: 'input-invalid' });
      if (!current) return restarting(failure);
      return current.client.api.call(call.method, call.input);
    },
    onEvent: (listener) => listeners.add(listener),
    stop() {
      stopped = true;
      current?.process.kill();
    },
  };
}

const restarting = (failure: string | undefined): CallAnswer =>
  err({ code: 'agent-restarting', ...(failure === undefined ? {} : { detail: failure }) });
