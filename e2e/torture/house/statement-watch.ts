import type { Tap } from './line.ts';

/**
 * The two transactions of a batch: taking it into the inbox, which is one statement, and projecting
 * it, which is many.
 */
export type Work = 'taking' | 'projecting';

/** When to strike, at the next work of its kind that goes over the wire. */
export type StrikeMoment =
  /** Part of the statement's bytes have left for the server, and the rest never does. */
  | { readonly type: 'half-said'; readonly work: Work; readonly share: number }
  /** All of it has left, so many microseconds ago, and no answer was passed on. */
  | { readonly type: 'running'; readonly work: Work; readonly thenMicros: number }
  /** The answer is being passed on. */
  | { readonly type: 'answered'; readonly work: Work };

export interface StatementWatch {
  readonly tap: Tap;
  /** Calls `strike` once, at that moment, with the process id of the server's backend that does the work. */
  arm(moment: StrikeMoment, strike: (backendPid: number) => void): void;
  /** No strike any more; true: it had not come. */
  disarm(): boolean;
}

const marks = {
  taking: Buffer.from('insert into journal_batch'),
  projecting: Buffer.from('insert into journal_entry'),
} as const satisfies Record<Work, Buffer>;

/** Listens to PostgreSQL's own protocol on its way between the cloud and the database: a batch is seen, not guessed. */
export function createStatementWatch(): StatementWatch {
  const backends = new Map<number, number>();
  const working = new Map<number, Work>();
  let armed: { moment: StrikeMoment; strike: (backendPid: number) => void } | undefined;
  const strikeOn = (connection: number): void => {
    const { strike } = armed!;
    armed = undefined;
    strike(backends.get(connection) ?? 0);
  };
  return {
    tap: {
      asked: (connection, chunk, pass) => {
        const work = workIn(chunk);
        if (work === undefined) return pass(chunk);
        working.set(connection, work);
        if (armed?.moment.work !== work || armed.moment.type === 'answered') return pass(chunk);
        if (armed.moment.type === 'half-said') {
          pass(chunk.subarray(0, Math.floor(chunk.length * armed.moment.share)));
          return strikeOn(connection);
        }
        pass(chunk);
        busyWait(armed.moment.thenMicros);
        strikeOn(connection);
      },
      answered: (connection, chunk, pass) => {
        if (!backends.has(connection))
          readBackendPid(chunk, (pid) => backends.set(connection, pid));
        const work = working.get(connection);
        working.delete(connection);
        pass(chunk);
        if (work !== undefined && armed?.moment.type === 'answered' && armed.moment.work === work)
          strikeOn(connection);
      },
      ended: (connection) => {
        backends.delete(connection);
        working.delete(connection);
      },
    },
    arm: (moment, strike) => {
      armed = { moment, strike };
    },
    disarm: () => {
      const wasArmed = armed !== undefined;
      armed = undefined;
      return wasArmed;
    },
  };
}

const workIn = (chunk: Buffer): Work | undefined =>
  chunk.includes(marks.taking)
    ? 'taking'
    : chunk.includes(marks.projecting)
      ? 'projecting'
      : undefined;

/** BackendKeyData: 'K', length 12, process id, secret (PostgreSQL protocol 3.0, section "Message Formats"). */
const keyData = Buffer.from([0x4b, 0, 0, 0, 12]);

function readBackendPid(chunk: Buffer, found: (pid: number) => void): void {
  const at = chunk.indexOf(keyData);
  if (at >= 0 && chunk.length >= at + 9) found(chunk.readUInt32BE(at + 5));
}

/** Nothing else may happen in this process meanwhile: the answer must not be passed on. */
function busyWait(micros: number): void {
  const untilMs = performance.now() + micros / 1_000;
  while (performance.now() < untilMs);
}
