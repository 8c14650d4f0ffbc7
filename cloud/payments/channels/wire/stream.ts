import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Where a stream of bytes goes. */
interface Course {
  readonly through?: Transform;
  /** Bytes behind `through`. */
  readonly bytesMax: number;
  readonly sink: (chunk: Uint8Array) => Promise<void>;
}

export type StreamEnd = 'whole' | 'no-answer' | 'refused' | 'too-large';

/**
 * Reads a large body piece by piece, through `through` (decompression), into `sink`. Memory stays
 * bounded: the next piece is read when the last one was taken. A sink that throws breaks the
 * download off and the throw goes on.
 */
export async function streamFromWire(
  request: Course & {
    readonly url: URL;
    readonly headers: Readonly<Record<string, string>>;
    readonly readTimeoutMs: number;
  },
): Promise<StreamEnd> {
  const response = await fetch(request.url, {
    redirect: 'error',
    headers: request.headers,
    signal: AbortSignal.timeout(request.readTimeoutMs),
  }).catch(() => undefined);
  if (response === undefined) return 'no-answer';
  if (!response.ok || response.body === null) return 'refused';
  const how = await passThrough({ ...request, source: Readable.fromWeb(response.body) });
  return how === 'broken' ? 'no-answer' : how;
}

/** The same from a source that is there already. `broken`: it ended too early, or cannot be decompressed. */
export async function passThrough(
  course: Course & { readonly source: Readable },
): Promise<'whole' | 'broken' | 'too-large'> {
  let bytes = 0;
  let sinkFailure: { readonly cause: unknown } | undefined;
  const take = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > course.bytesMax) throw new Error('too large');
      await course.sink(chunk).catch((cause: unknown) => {
        sinkFailure = { cause };
        throw cause;
      });
    }
  };
  try {
    const { source, through = new Transform({ transform: passOn }) } = course;
    await pipeline(source, through, take);
    return 'whole';
  } catch {
    if (sinkFailure !== undefined) throw sinkFailure.cause;
    return bytes > course.bytesMax ? 'too-large' : 'broken';
  }
}

const passOn = (
  chunk: Uint8Array,
  _encoding: string,
  done: (error: null, chunk: Uint8Array) => void,
): void => done(null, chunk);
