/** Collects bytes into segments that never end inside a command. */
export interface ByteWriter {
  /** One whole command. */
  put(command: ArrayLike<number>): void;
  /** One command in two parts (header and data, text and line end). */
  putWhole(head: ArrayLike<number>, tail: ArrayLike<number>): void;
  segments(): readonly Uint8Array[];
}

const bufferBytes = 4_096;

/** A segment is closed at the first command boundary at or after `segmentBytes`. */
export function createByteWriter(segmentBytes: number): ByteWriter {
  const done: Uint8Array[] = [];
  let buffer = new Uint8Array(bufferBytes);
  let used = 0;

  const append = (part: ArrayLike<number>): void => {
    if (used + part.length > buffer.length) {
      const larger = new Uint8Array(Math.max(buffer.length * 2, used + part.length));
      larger.set(buffer.subarray(0, used));
      buffer = larger;
    }
    buffer.set(part, used);
    used += part.length;
  };
  const close = (): void => {
    if (used > 0) done.push(buffer.slice(0, used));
    used = 0;
  };

  return {
    put: (command) => {
      append(command);
      if (used >= segmentBytes) close();
    },
    putWhole: (head, tail) => {
      append(head);
      append(tail);
      if (used >= segmentBytes) close();
    },
    segments: () => {
      close();
      return [...done];
    },
  };
}
