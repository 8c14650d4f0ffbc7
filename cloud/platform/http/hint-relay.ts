import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { Logger } from '#cloud/platform/logger.ts';

/**
 * Carries hints between the nodes of one cloud, by LISTEN and NOTIFY of the database they share:
 * the node that learns something is seldom the one that a terminal is connected to. Best effort
 * like every hint: what a broken connection loses, the terminal's next poll finds.
 */
export interface HintRelay {
  /** Tells the other nodes. Several within one moment travel together. */
  tell(room: string): void;
  close(): Promise<void>;
}

const channel = 'greentill_hints';
/** A payload may have 8,000 bytes; a room has 61. */
const roomsPerNotice = 100;
/** More are dropped: the terminals poll. */
const roomsWaitingMax = 5_000;
const gatherMs = 10;
const reconnectMs = 1_000;

/**
 * Starts to listen; resolves when it does, and goes on trying when the database cannot be reached
 * now.
 */
export async function startHintRelay(options: {
  readonly databaseUrl: string;
  readonly logger: Pick<Logger, 'warn'>;
  /** Another node has news for this room. */
  readonly onTold: (room: string) => void;
}): Promise<HintRelay> {
  const { databaseUrl, logger, onTold } = options;
  const nodeId = randomBytes(8).toString('hex');
  const waiting = new Set<string>();
  let client: Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  const lose = (lost: Client, error?: unknown): void => {
    if (client !== lost) return;
    client = undefined;
    void lost.end().catch(() => undefined);
    if (closed) return;
    logger.warn({ err: error }, 'hints between nodes are interrupted');
    retry = setTimeout(() => void connect(), reconnectMs);
  };
  const connect = async (): Promise<void> => {
    if (closed) return;
    const fresh = new Client({
      connectionString: databaseUrl,
      application_name: 'greentill-hints',
    });
    client = fresh;
    fresh.on('error', (error) => lose(fresh, error));
    fresh.on('end', () => lose(fresh));
    fresh.on('notification', ({ payload }) => {
      const [from, ...rooms] = (payload ?? '').split(' ');
      if (from !== nodeId) for (const room of rooms) onTold(room);
    });
    try {
      await fresh.connect();
      await fresh.query(`listen ${channel}`);
    } catch (error) {
      lose(fresh, error);
    }
  };
  const flush = (): void => {
    timer = undefined;
    const rooms = [...waiting].slice(0, roomsPerNotice);
    for (const room of rooms) waiting.delete(room);
    const teller = client;
    if (teller && rooms.length > 0) {
      void teller
        .query('select pg_notify($1, $2)', [channel, [nodeId, ...rooms].join(' ')])
        .catch((error: unknown) => lose(teller, error));
    }
    if (waiting.size > 0 && !closed) timer = setTimeout(flush, gatherMs);
  };

  await connect();
  return {
    tell(room) {
      if (closed || waiting.size >= roomsWaitingMax) return;
      waiting.add(room);
      timer ??= setTimeout(flush, gatherMs);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      clearTimeout(retry);
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
