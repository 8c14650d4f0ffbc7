/** What to send. The caller has signed it already. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How long one answer may take, milliseconds of real time. */
  readonly readTimeoutMs: number;
  readonly answerBytesMax: number;
}

export interface WireAnswer {
  readonly type: 'answered';
  readonly status: number;
  readonly headers: Headers;
  /** Exactly as they came: a signature covers bytes, not what they mean. */
  readonly bytes: Buffer;
}

/** `not-sent`: proven, not one byte left. `no-answer`: anything may have happened. */
export type WireResult = WireAnswer | { readonly type: 'not-sent' | 'no-answer' };

/** Sends one request, once. Redirects are errors: a channel's answer comes from the channel. */
export async function sendOnWire(request: WireRequest): Promise<WireResult> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      redirect: 'error',
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      signal: AbortSignal.timeout(request.readTimeoutMs),
    });
    const bytes = await readBounded(response, request.answerBytesMax);
    return bytes === undefined
      ? { type: 'no-answer' }
      : { type: 'answered', status: response.status, headers: response.headers, bytes };
  } catch (cause) {
    return { type: cause instanceof Error && neverLeft(cause.cause) ? 'not-sent' : 'no-answer' };
  }
}

/** The answer's bytes; undefined when there are more than `bytesMax`. */
async function readBounded(response: Response, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * What can only happen before there is a connection: nobody listens, the name has no address, no connection came about in time. An error of any other
 * kind may have come after the request.
 */
const beforeConnection: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** A name with several addresses fails with one error for each: all of them must prove it. */
function neverLeft(cause: unknown): boolean {
  if (cause instanceof AggregateError)
    return cause.errors.length > 0 && cause.errors.every(neverLeft);
  return cause instanceof Error && 'code' in cause && beforeConnection.has(cause.code);
}
