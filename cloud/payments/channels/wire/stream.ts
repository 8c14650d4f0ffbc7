import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export type StreamEnd = 'whole' | 'no-answer' | 'refused' | 'too-large';

/**
 * Reads a large body piece by piece, through `through` (decompression), into `sink`. Memory stays
 * bounded: the next piece is read when the last one was taken. A sink that throws breaks the
 * download off and the throw goes on.
 */
export async function streamFromWire(request: {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly readTimeoutMs: number;
  readonly through?: Transform;
  /** Bytes behind `through`. */
  readonly bytesMax: number;
  readonly sink: (chunk: Uint8Array) => Promise<void>;
}): Promise<StreamEnd> {
  let bytes = 0;
  let sinkFailure: { readonly cause: unknown } | undefined;
  const take = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > request.bytesMax) throw new Error('too large');
      await request.sink(chunk).catch((cause: unknown) => {
        sinkFailure = { cause };
        throw cause;
      });
    }
  };
  try {
    const response = await fetch(request.url, {
      redirect: 'error',
      headers: request.headers,
      signal: AbortSignal.timeout(request.readTimeoutMs),
    });
    if (!response.ok || response.body === null) return 'refused';
    const body = Readable.fromWeb(response.body);
    await pipeline(body, request.through ?? new Transform({ transform: passOn }), take);
    return 'whole';
  } catch {
    if (sinkFailure !== undefined) throw sinkFailure.cause;
    return bytes > request.bytesMax ? 'too-large' : 'no-answer';
  }
}

const passOn = (
  chunk: Uint8Array,
  _encoding: string,
  done: (error: null, chunk: Uint8Array) => void,
): void => done(null, chunk);
