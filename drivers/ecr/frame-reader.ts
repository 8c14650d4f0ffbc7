/**
 * Cuts a stream of bytes into frames, byte by byte, whatever chunks it comes in. A protocol only says what lies at the
 * head of the bytes; losing step and finding it again is done here: after a bad frame the search goes on at its second
 * byte, so a good frame that follows, or even overlaps, is found. Memory is bounded by the protocol's longest frame.
 */
export interface ReaderState {
  /** The beginning of a frame that is not whole yet. */
  readonly pending: Uint8Array;
  /** So many of the next bytes belonged to a bad frame: only a whole frame is believed there, no single byte. */
  readonly suspectCount: number;
}

export type Taken<T> =
  /** The head may become a frame. Only said while it is shorter than the longest frame. */
  | { readonly type: 'more' }
  /** No frame begins here. */
  | { readonly type: 'skip' }
  | { readonly type: 'taken'; readonly value: T; readonly byteCount: number }
  /** A frame began here and is broken; it claimed so many bytes. */
  | { readonly type: 'bad'; readonly byteCount: number };

/** `suspect`: the head lies within a frame that proved bad. */
export type TakeHead<T> = (bytes: Uint8Array, suspect: boolean) => Taken<T>;

export interface ReaderStep<T> {
  readonly state: ReaderState;
  readonly values: readonly T[];
  /** Frames that began and proved broken. */
  readonly badCount: number;
}

export const readerStart: ReaderState = { pending: new Uint8Array(0), suspectCount: 0 };

/** Reads on with the bytes that arrived. */
export function readOn<T>(state: ReaderState, chunk: Uint8Array, take: TakeHead<T>): ReaderStep<T> {
  let bytes = joined(state.pending, chunk);
  let { suspectCount } = state;
  let badCount = 0;
  const values: T[] = [];
  const consume = (byteCount: number): void => {
    bytes = bytes.subarray(byteCount);
    suspectCount = Math.max(0, suspectCount - byteCount);
  };
  while (bytes.length > 0) {
    const taken = take(bytes, suspectCount > 0);
    if (taken.type === 'more') break;
    if (taken.type === 'skip') consume(1);
    else if (taken.type === 'bad') {
      badCount += 1;
      suspectCount = Math.max(suspectCount, taken.byteCount);
      consume(1);
    } else {
      values.push(taken.value);
      consume(taken.byteCount);
    }
  }
  return { state: { pending: Uint8Array.from(bytes), suspectCount }, values, badCount };
}

/** Nothing more arrived for a while: what began is torn. Frames hidden in it are still found; then it is forgotten. */
export function readTorn<T>(state: ReaderState, take: TakeHead<T>): ReaderStep<T> {
  let { pending } = state;
  let badCount = 0;
  const values: T[] = [];
  while (pending.length > 0) {
    badCount += 1;
    const rest = pending.subarray(1);
    const step = readOn({ pending: new Uint8Array(0), suspectCount: rest.length }, rest, take);
    values.push(...step.values);
    badCount += step.badCount;
    pending = step.state.pending;
  }
  return { state: readerStart, values, badCount };
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
