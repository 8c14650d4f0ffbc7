/** A parser under fuzz, and what it promises whatever it is fed. */
export interface FuzzTarget {
  readonly name: string;
  /** Good inputs: what the mutations start from. Never empty. */
  readonly seeds: readonly Uint8Array[];
  /** Bytes or elements it may hold back between two inputs at most. */
  readonly heldMax: number;
  open(): FuzzedParser;
}

export interface FuzzedParser {
  /** Takes one input; answers how many messages it recognised. Must not throw. */
  feed(input: Uint8Array): number;
  /** What it holds back now, in bytes or elements; 0 for a parser without memory. */
  held(): number;
  /** After anything at all: is a good frame recognised once the longest frame has gone by? */
  recovers(): boolean;
}

/** A parser without memory: it recovers when the first seed is read as it was read before. */
export function pureTarget(
  name: string,
  seeds: readonly Uint8Array[],
  read: (input: Uint8Array) => boolean,
): FuzzTarget {
  const [first = new Uint8Array(0)] = seeds;
  return {
    name,
    seeds,
    heldMax: 0,
    open: () => ({
      feed: (input) => (read(input) ? 1 : 0),
      held: () => 0,
      recovers: () => read(first),
    }),
  };
}

/**
 * A parser of a stream. It recovers when, after good frames worth one longest frame, the next good frame is
 * recognised.
 */
export function streamTarget<S>(stream: {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  readonly start: S;
  readonly step: (state: S, input: Uint8Array) => { readonly state: S; readonly found: number };
  readonly heldIn: (state: S) => number;
  readonly heldMax: number;
  readonly goodFrame: Uint8Array;
  /** Bytes of its longest frame: so much may be lost before it is in step again. */
  readonly frameBytesMax: number;
}): FuzzTarget {
  const goodFrames = Math.ceil(stream.frameBytesMax / stream.goodFrame.length) + 1;
  return {
    name: stream.name,
    seeds: stream.seeds,
    heldMax: stream.heldMax,
    open: () => {
      let { start: state } = stream;
      const feed = (input: Uint8Array): number => {
        const step = stream.step(state, input);
        ({ state } = step);
        return step.found;
      };
      return {
        feed,
        held: () => stream.heldIn(state),
        recovers: () => {
          let found = 0;
          for (let frame = 0; frame <= goodFrames; frame += 1) found = feed(stream.goodFrame);
          return found === 1;
        },
      };
    },
  };
}
