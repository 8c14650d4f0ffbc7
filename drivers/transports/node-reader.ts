import type { FileHandle } from 'node:fs/promises';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';

/** Reads a non-blocking device node by asking it again and again, one question at a time. */
export interface NodeReader {
  start(): void;
  /** Resolves when no read is under way any more. */
  stop(): Promise<void>;
}

const readBytesMax = 512;
/** After an answer the next one is often near; a quiet printer is asked less often, step by step. */
const pauseMsMin = 5;
const pauseMsMax = 40;

export function createNodeReader(deps: {
  readonly file: FileHandle;
  readonly timers: Timers;
  readonly onBytes: (bytes: Uint8Array) => void;
  /** The node is dead; the code of the system's error. */
  readonly onFailure: (code: string) => void;
}): NodeReader {
  let stopped = false;
  let cancel = nothingScheduled;
  let reading: Promise<void> = Promise.resolve();
  let pauseMs = pauseMsMin;

  const read = async (): Promise<void> => {
    const found = await readOnce(deps.file);
    if (stopped) return;
    if (typeof found !== 'string') {
      pauseMs = pauseMsMin;
      deps.onBytes(found);
    } else if (found === 'nothing') pauseMs = Math.min(pauseMs * 2, pauseMsMax);
    // A printer whose interface has no way back: what it does with our bytes nobody can say.
    else if (found === 'write-only') return;
    else return deps.onFailure(found);
    again();
  };
  const again = (): void => {
    cancel = deps.timers.after(pauseMs, () => {
      reading = read();
    });
  };

  return {
    start: again,
    stop: () => {
      stopped = true;
      cancel();
      return reading;
    },
  };
}

/** Bytes, `nothing` for now, `write-only` for ever, or the code of an error. */
async function readOnce(file: FileHandle): Promise<Uint8Array | string> {
  try {
    const { bytesRead, buffer } = await file.read(
      new Uint8Array(readBytesMax),
      0,
      readBytesMax,
      null,
    );
    // A printer may answer with an empty transfer; it is no end of file.
    return bytesRead === 0 ? 'nothing' : buffer.subarray(0, bytesRead);
  } catch (failure) {
    const code = (failure as NodeJS.ErrnoException).code ?? 'unknown';
    if (code === 'EAGAIN' || code === 'EINTR') return 'nothing';
    return code === 'EINVAL' ? 'write-only' : code;
  }
}
