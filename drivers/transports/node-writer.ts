import type { FileHandle } from 'node:fs/promises';
import { nothingScheduled, type Timers } from '#drivers/core/timers.ts';

/** Writes to a non-blocking device node: what it does not take now is offered again a little later. */
export interface NodeWriter {
  readonly write: (bytes: Uint8Array, tell: (failure: string | null) => void) => void;
  /** Gives up what was not taken. Resolves when no write is under way any more. */
  readonly stop: () => Promise<void>;
}

const pauseMs = 2;

export function createNodeWriter(deps: {
  readonly file: FileHandle;
  readonly timers: Timers;
  /** The node is dead; the code of the system's error. */
  readonly onFailure: (code: string) => void;
}): NodeWriter {
  let stopped = false;
  let wake = nothingScheduled;
  let writing: Promise<void> = Promise.resolve();

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const cancel = deps.timers.after(pauseMs, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });

  const writeAll = async (bytes: Uint8Array): Promise<string | null> => {
    for (let start = 0; start < bytes.length;) {
      if (stopped) return 'closed';
      const taken = await writeOnce(deps.file, bytes.subarray(start));
      if (typeof taken === 'string') return taken;
      start += taken;
      if (taken === 0) await pause();
    }
    return null;
  };

  const writeAndTell = async (
    bytes: Uint8Array,
    tell: (failure: string | null) => void,
  ): Promise<void> => {
    const failure = await writeAll(bytes);
    tell(failure);
    if (failure !== null && !stopped) deps.onFailure(failure);
  };

  return {
    write: (bytes, tell) => {
      writing = writeAndTell(bytes, tell);
    },
    stop: () => {
      stopped = true;
      wake();
      return writing;
    },
  };
}

/** Bytes taken, 0 for now, or the code of an error. */
async function writeOnce(file: FileHandle, bytes: Uint8Array): Promise<number | string> {
  try {
    return (await file.write(bytes, 0, bytes.length, null)).bytesWritten;
  } catch (failure) {
    const code = (failure as NodeJS.ErrnoException).code ?? 'unknown';
    // usblp says ENOSPC while the printer is out of paper: it goes on when the roll is changed.
    return code === 'EAGAIN' || code === 'EINTR' || code === 'ENOSPC' ? 0 : code;
  }
}
