import { err, type Err, type Result } from '#shared/result/result.ts';
import { dispatch, type CallAnswer } from '#terminal/ipc/dispatch.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TerminalApi,
  TerminalError,
  TerminalEvent,
} from '#terminal/ipc/terminal-api.ts';

/**
 * TerminalApi over any message port (Electron's utility process, a child process, a worker).
 *
 * | direction        | message                          | meaning                                  |
 * |------------------|----------------------------------|------------------------------------------|
 * | window -> agent  | {type:'call', id, method, input} | one call; ids grow from 1                |
 * | agent -> window  | {type:'answer', id, answer}      | the call's Result                        |
 * | agent -> window  | {type:'event', event}            | a TerminalEvent                          |
 * | agent -> window  | {type:'ready'}                   | the agent is open; calls are served now  |
 * | agent -> window  | {type:'failed', code}            | the agent cannot run; it will exit       |
 */
export interface MessagePort {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** Calls that may wait for an answer at once; more are refused with `agent-busy`. */
export const callsInFlightMax = 256;

interface AgentMessage {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly answer?: CallAnswer;
  readonly code?: unknown;
  readonly event?: TerminalEvent;
}

/** The agent's end: serves calls and pushes events until the returned function is called. */
export function serveApi(port: MessagePort, api: TerminalApi): () => void {
  const unsubscribe = api.subscribe((event) => port.post({ type: 'event', event }));
  port.onMessage((message) => {
    const { type, id, ...call } = (message ?? {}) as { type?: unknown; id?: unknown };
    if (type !== 'call' || !Number.isSafeInteger(id)) return;
    void dispatch(api, call).then((answer) => port.post({ type: 'answer', id, answer }));
  });
  port.post({ type: 'ready' });
  return unsubscribe;
}

export interface ApiClient {
  readonly api: TerminalApi;
  /** Why the agent said that it cannot run: a code of the catalogue; undefined: it did not say so. */
  failure(): string | undefined;
  /**
   * The other end is gone: every waiting call answers `agent-restarting`. A financial call is then
   * queried, never replayed.
   */
  disconnect(): void;
}

/** The window's end. */
export function createApiClient(port: MessagePort): ApiClient {
  const waiting = new Map<number, (answer: CallAnswer) => void>();
  const listeners = new Set<(event: TerminalEvent) => void>();
  let lastId = 0;
  let connected = true;
  let failure: string | undefined;
  const restarting = (): Err<TerminalError> =>
    err({ code: 'agent-restarting', ...(failure === undefined ? {} : { detail: failure }) });

  port.onMessage((message) => {
    const { type, id, answer, code, event } = (message ?? {}) as AgentMessage;
    if (type === 'failed' && typeof code === 'string') failure = code;
    if (type === 'event' && event) for (const listener of listeners) listener(event);
    if (type !== 'answer' || typeof id !== 'number' || !answer) return;
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });

  const call = <M extends MethodName>(
    method: M,
    input: MethodInput<M>,
  ): Promise<Result<MethodOutput<M>, TerminalError>> => {
    if (!connected) return Promise.resolve(restarting());
    if (waiting.size >= callsInFlightMax) return Promise.resolve(err({ code: 'agent-busy' }));
    lastId += 1;
    const id = lastId;
    return new Promise((resolve) => {
      waiting.set(id, (answer) => resolve(answer as Result<MethodOutput<M>, TerminalError>));
      port.post({ type: 'call', id, method, input });
    });
  };

  return {
    api: {
      call,
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    failure: () => failure,
    disconnect() {
      connected = false;
      for (const resolve of waiting.values()) resolve(restarting());
      waiting.clear();
    },
  };
}
