import { io } from 'socket.io-client';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, type Result } from '#shared/result/result.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TerminalError,
  TerminalEvent,
} from '#terminal/ipc/terminal-api.ts';
import type { LinkWatcher, TerminalLink } from './terminal-link.ts';

/**
 * TerminalApi over the loopback host (terminal/web): POST /api/call for calls, socket.io on /events for events.
 * After every (re)connection the whole state is asked for, so that an event lost meanwhile is healed.
 */
export interface LoopbackOptions {
  /** http://127.0.0.1:PORT; the page's own origin. */
  readonly origin: string;
  readonly token: string;
}

/** The host answers in milliseconds; whatever takes longer than this is gone. */
const callTimeoutMs = 10_000;
/** What the host says to a token that is not its own; see terminal/web/access.ts. */
const tokenRefused = 'token-refused';
const refreshRetryMs = 1_000;
const reconnectDelayMsMin = 200;
const reconnectDelayMsMax = 1_000;

export function createLoopbackLink(options: LoopbackOptions): TerminalLink {
  const listeners = new Set<(event: TerminalEvent) => void>();
  const watchers = new Set<LinkWatcher>();
  const emit = (event: TerminalEvent): void => listeners.forEach((listener) => listener(event));
  const tell = (up: boolean, code?: ErrorCode): void =>
    watchers.forEach((watcher) => watcher(up, code));

  const link: TerminalLink = {
    async call(method, input) {
      const answer = await postCall(options, method, input);
      if (!answer.ok && answer.error.code === 'host-access-refused') tell(false, 'till-restarted');
      return answer;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };

  const socket = io(options.origin, {
    path: '/events',
    auth: { token: options.token },
    transports: ['websocket'],
    reconnectionDelay: reconnectDelayMsMin,
    reconnectionDelayMax: reconnectDelayMsMax,
  });
  socket.on('event', (event: TerminalEvent) => emit(event));
  const catchUp = async (): Promise<void> => {
    const up = await refresh(link, emit);
    tell(up);
    // A socket without answers is a host that is still starting: ask until it speaks or hangs up.
    if (!up && socket.connected) setTimeout(() => void catchUp(), refreshRetryMs);
  };
  socket.on('connect', () => void catchUp());
  socket.on('disconnect', (reason) => {
    tell(false);
    // A host that stops in order says goodbye, and socket.io then does not come back by itself.
    if (reason === 'io server disconnect') setTimeout(() => socket.connect(), reconnectDelayMsMin);
  });
  // The host answers and does not know this window's token: it was started anew. No waiting brings that back.
  socket.on('connect_error', ({ message }) =>
    message === tokenRefused ? tell(false, 'till-restarted') : tell(false),
  );
  return link;
}

async function refresh(link: TerminalLink, emit: (event: TerminalEvent) => void): Promise<boolean> {
  const [till, status] = await Promise.all([
    link.call('till.state', {}),
    link.call('status.get', {}),
  ]);
  if (till.ok) emit({ name: 'till.changed', payload: till.value });
  if (status.ok) emit({ name: 'status.changed', payload: status.value });
  return till.ok && status.ok;
}

async function postCall<M extends MethodName>(
  { origin, token }: LoopbackOptions,
  method: M,
  input: MethodInput<M>,
): Promise<Result<MethodOutput<M>, TerminalError>> {
  try {
    const response = await fetch(`${origin}/api/call`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-greentill-token': token },
      body: JSON.stringify({ method, input }),
      signal: AbortSignal.timeout(callTimeoutMs),
    });
    return (await response.json()) as Result<MethodOutput<M>, TerminalError>;
  } catch (failure) {
    // The host is our own process on this machine: silence means that it is being restarted.
    return err({ code: 'agent-restarting', detail: String(failure) });
  }
}
