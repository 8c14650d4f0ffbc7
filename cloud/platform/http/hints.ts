import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { authenticate } from '#cloud/identity/access.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { startHintRelay, type HintRelay } from '#cloud/platform/http/hint-relay.ts';
import type { Logger } from '#cloud/platform/logger.ts';
import type { Hints } from '#cloud/platform/hints-port.ts';

/**
 * socket.io at /hints: the one event `pull` means "ask /v1/results now". A terminal proves itself
 * by the headers of a signed GET of the hints address (the same RFC 9421 profile as every request),
 * sent as the `auth` of the handshake because a browser-like client cannot set headers on a
 * WebSocket.
 */
export const hintsPath = '/hints';
const messageBytesMax = 4096;
const roomOf = (terminal: { operatorId: string; terminalId: string }) =>
  `${terminal.operatorId}/${terminal.terminalId}`;

const terminalOfRoom = (room: string): string => room.slice(room.indexOf('/') + 1);

export interface HintServer extends Hints {
  /** Attaches to the HTTP server. */
  attach(
    server: HttpServer,
    options: {
      readonly deps: Pick<CloudDeps, 'clock' | 'terminals' | 'metrics' | 'logger' | 'config'>;
    },
  ): void;
  /**
   * From now on the other nodes that share the database hear of every hint, and their hints reach
   * terminals here.
   */
  join(options: {
    readonly databaseUrl: string;
    readonly logger: Pick<Logger, 'warn'>;
    /** Another node has news for this terminal: what is remembered about it may be old. */
    readonly onTold: (terminalId: string) => void;
  }): Promise<void>;
  close(): Promise<void>;
}

export function createHintServer(): HintServer {
  const io = new Server({
    path: hintsPath,
    serveClient: false,
    maxHttpBufferSize: messageBytesMax,
    transports: ['websocket', 'polling'],
  });
  let relay: HintRelay | undefined;
  let attached = false;
  const pullHere = (room: string): void => void io.to(room).emit('pull');
  return {
    pull(terminal) {
      const room = roomOf(terminal);
      pullHere(room);
      relay?.tell(room);
    },
    async join(options) {
      const onTold = (room: string): void => {
        options.onTold(terminalOfRoom(room));
        pullHere(room);
      };
      relay = await startHintRelay({ ...options, onTold });
    },
    attach(server, { deps }) {
      const admit = async (socket: Socket): Promise<string | undefined> => {
        const request = {
          method: 'GET',
          targetUri: `${deps.config.publicOrigin ?? calledOrigin(socket)}${hintsPath}`,
          headers: toHeaders(socket.handshake.auth),
          rawBody: Buffer.alloc(0),
        };
        try {
          const identity = await authenticate(request, { ...deps, fresh: false });
          if (!identity.ok) return identity.error.type;
          if (identity.value.revoked) return 'terminal-revoked';
          await socket.join(roomOf(identity.value));
          return undefined;
        } catch (error) {
          deps.logger.error({ err: error }, 'hint handshake failed');
          return 'internal-error';
        }
      };
      io.use((socket, next) => {
        const answer = async () => {
          const refused = await admit(socket);
          next(refused === undefined ? undefined : new Error(refused));
        };
        void answer();
      });
      io.on('connection', (socket) => {
        deps.metrics.hintSockets.inc();
        socket.on('disconnect', () => deps.metrics.hintSockets.dec());
      });
      io.attach(server);
      attached = true;
    },
    async close() {
      await relay?.close();
      if (attached) await io.close();
    },
  };
}

/**
 * What the terminal calls this cloud, as for every other request: the address it was reached at,
 * not the one it hears.
 */
const calledOrigin = ({ handshake }: Socket): string =>
  `${handshake.secure ? 'https' : 'http'}://${handshake.headers.host ?? ''}`;

/** What the client put into `auth`; anything but a flat record of strings becomes nothing. */
function toHeaders(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter((pair): pair is [string, string] => typeof pair[1] === 'string')
      .map(([name, text]) => [name.toLowerCase(), text]),
  );
}
