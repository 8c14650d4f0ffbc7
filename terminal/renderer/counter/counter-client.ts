import {
  pollMs,
  type BoxAct,
  type BoxRequest,
  type CounterState,
  type ScanRequest,
  type SwitchRequest,
} from './contract.ts';

export interface CounterClient {
  /** The last state, or undefined while the demo host does not answer. */
  subscribe(listener: (state: CounterState | undefined) => void): () => void;
  scan(request: ScanRequest): Promise<void>;
  flip(request: SwitchRequest): Promise<void>;
  act(act: BoxAct): Promise<void>;
}

/** Asks the demo host of this page's own origin, one request at a time. */
export function createCounterClient(view: Window): CounterClient {
  const listeners = new Set<(state: CounterState | undefined) => void>();
  const tell = (state: CounterState | undefined): void =>
    listeners.forEach((listener) => listener(state));
  const ask = async (): Promise<void> => {
    tell(await readState());
    view.setTimeout(() => void ask(), pollMs);
  };
  void ask();
  const post = async (
    path: string,
    body: ScanRequest | SwitchRequest | BoxRequest,
  ): Promise<void> => {
    const sent = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).catch(() => undefined);
    tell(sent?.ok === true ? await readState() : undefined);
  };
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    scan: (request) => post('/counter/scan', request),
    flip: (request) => post('/counter/switch', request),
    act: (act) => post('/counter/box', { act }),
  };
}

async function readState(): Promise<CounterState | undefined> {
  try {
    const response = await fetch('/counter/state');
    return response.ok ? ((await response.json()) as CounterState) : undefined;
  } catch {
    return undefined;
  }
}
