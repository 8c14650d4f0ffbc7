import type { Timers } from '#drivers/core/timers.ts';

/** One HTTP exchange, told apart by what is known about the bytes. */
export type Exchange =
  | {
      readonly type: 'answered';
      readonly status: number;
      readonly headers: Headers;
      readonly body: string;
    }
  /** No connection was made: not one byte of the request left. */
  | { readonly type: 'never-sent' }
  /** A byte may have left and no whole answer came. */
  | { readonly type: 'lost'; readonly why: 'timeout' | 'broken' };

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly timeoutMs: number;
  /** Ends the exchange early: its outcome is then not known. */
  readonly signal?: AbortSignal;
}

/** The longest answer that is read. A configuration with its revocation list is the largest of all. */
export const answerBytesMax = 2 * 1024 * 1024;

/**
 * Failures that happen before a connection exists, by the codes of Node's sockets and of its HTTP client. Only these
 * prove that nothing left; every other failure leaves the outcome open.
 */
const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Sends one request and waits at most `timeoutMs` for the whole answer. Never throws. */
export async function exchange(
  request: HttpRequest,
  { fetch, timers }: { fetch: typeof globalThis.fetch; timers: Timers },
): Promise<Exchange> {
  const abort = new AbortController();
  let timedOut = false;
  const cancel = timers.after(request.timeoutMs, () => {
    timedOut = true;
    abort.abort();
  });
  const giveUp = (): void => abort.abort();
  if (request.signal?.aborted) giveUp();
  request.signal?.addEventListener('abort', giveUp);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers },
      ...(request.body === undefined ? {} : { body: new Uint8Array(request.body) }),
      signal: abort.signal,
      redirect: 'error',
    });
    const body = await readBounded(response);
    if (body === undefined) return { type: 'lost', why: 'broken' };
    return { type: 'answered', status: response.status, headers: response.headers, body };
  } catch (error) {
    if (timedOut) return { type: 'lost', why: 'timeout' };
    return neverLeft(error) ? { type: 'never-sent' } : { type: 'lost', why: 'broken' };
  } finally {
    cancel();
    request.signal?.removeEventListener('abort', giveUp);
  }
}

/** True when every cause of the failure lies before the connection. */
function neverLeft(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError && cause.errors.length > 0)
    return cause.errors.every((one) => neverConnected.has(codeOf(one)));
  return neverConnected.has(codeOf(cause));
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

async function readBounded(response: Response): Promise<string | undefined> {
  if (!response.body) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    if (size > answerBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
