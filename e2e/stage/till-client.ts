import { io } from 'socket.io-client';
import { getOrThrow } from '#shared/result/result.ts';
import type { Status, TillState } from '#terminal/ipc/state.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TerminalApi,
  TerminalEvent,
} from '#terminal/ipc/terminal-api.ts';

/** A window of the till without pixels: the same calls and events as the renderer's, and waiting with a limit. */
export interface TillClient {
  readonly api: TerminalApi;
  /** Calls and insists on success. */
  must<M extends MethodName>(method: M, input: MethodInput<M>): Promise<MethodOutput<M>>;
  state(): Promise<TillState>;
  status(): Promise<Status>;
  /** Waits until the till's screen is one of these types. Throws with the last screen after `waitMsMax`. */
  screen<T extends TillState['screen']['type']>(
    ...types: readonly T[]
  ): Promise<Extract<TillState['screen'], { type: T }>>;
  /** Waits until `check` holds of the status. */
  statusWhere(what: string, check: (status: Status) => boolean): Promise<Status>;
  close(): void;
}

const waitMsMax = 30_000;
const pollMs = 20;

/** `url` is what the host printed: http://127.0.0.1:PORT/#token=TOKEN. */
export function connectTill(url: string): TillClient {
  const { origin, hash } = new URL(url);
  const token = hash.replace('#token=', '');
  const socket = io(origin, { path: '/events', auth: { token }, transports: ['websocket'] });
  const call = async (method: string, input: unknown): Promise<unknown> => {
    const response = await fetch(`${origin}/api/call`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-greentill-token': token },
      body: JSON.stringify({ method, input }),
    });
    return response.json();
  };
  const api: TerminalApi = {
    call: call as TerminalApi['call'],
    subscribe(listener: (event: TerminalEvent) => void) {
      socket.on('event', listener);
      return () => socket.off('event', listener);
    },
  };
  const state = async (): Promise<TillState> => getOrThrow(await api.call('till.state', {}));
  const status = async (): Promise<Status> => getOrThrow(await api.call('status.get', {}));
  return {
    api,
    state,
    status,
    must: async (method, input) => getOrThrow(await api.call(method, input)),
    async screen(...types) {
      const seen = await poll(
        state,
        ({ screen }) => types.some((type) => type === screen.type),
        `the screen ${types.join(' or ')}`,
      );
      return seen.screen as never;
    },
    statusWhere: (what, check) => poll(status, check, what),
    close: () => void socket.close(),
  };
}

/** Asks until `check` holds. Throws with the last answer after `waitMsMax`. */
export async function poll<T>(
  ask: () => Promise<T>,
  check: (value: T) => boolean,
  what: string,
): Promise<T> {
  const deadlineMs = performance.now() + waitMsMax;
  let last: unknown;
  while (performance.now() < deadlineMs) {
    try {
      const value = await ask();
      if (check(value)) return value;
      last = value;
    } catch (error) {
      last = String(error);
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`waited ${waitMsMax} ms in vain for ${what}; last seen: ${JSON.stringify(last)}`);
}
