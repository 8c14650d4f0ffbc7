/** Collects bytes into segments that never end inside a command. */
export interface ByteWriter {
  /** One whole command. */
  put(command: ArrayLike<number>): void;
  /** One whole command of its own segment, taken as it is: not a byte of it is copied, and none may change later. */
  putSegment(command: Uint8Array): void;
  /** One command in two parts (header and data). */
  putWhole(head: ArrayLike<number>, tail: ArrayLike<number>): void;
  /** One command written in place: `fill` gets room for `bytesMax` from `at`, and answers where it stopped. */
  putInPlace(bytesMax: number, fill: (buffer: Uint8Array, at: number) => number): void;
  segments(): readonly Uint8Array[];
}

const bufferBytes = 4_096;

/** A segment is closed at the first command boundary at or after `segmentBytes`. */
export function createByteWriter(segmentBytes: number): ByteWriter {
  const done: Uint8Array[] = [];
  let buffer = new Uint8Array(bufferBytes);
  let used = 0;

  const reserve = (bytes: number): void => {
    if (used + bytes <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, used + bytes));
    larger.set(buffer.subarray(0, used));
    buffer = larger;
  };
  const append = (part: ArrayLike<number>): void => {
    reserve(part.length);
    buffer.set(part, used);
    used += part.length;
  };
  const close = (): void => {
    if (used > 0) done.push(buffer.slice(0, used));
    used = 0;
  };
  const closeWhenFull = (): void => {
    if (used >= segmentBytes) close();
  };

  return {
    put: (command) => {
      append(command);
      closeWhenFull();
    },
    putSegment: (command) => {
      close();
      done.push(command);
    },
    putWhole: (head, tail) => {
      append(head);
      append(tail);
      closeWhenFull();
    },
    putInPlace: (bytesMax, fill) => {
      reserve(bytesMax);
      used = fill(buffer, used);
      closeWhenFull();
    },
    segments: () => {
      close();
      return [...done];
    },
  };
}
