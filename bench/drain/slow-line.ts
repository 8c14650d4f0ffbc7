import { connect, createServer, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';

export interface SlowLine {
  readonly origin: string;
  stop(): Promise<void>;
}

/** A TCP line to `origin` on which each byte arrives `oneWayMs` later, in both directions, however many there are. */
export function openSlowLine(origin: string, oneWayMs: number): Promise<SlowLine> {
  const { hostname, port } = new URL(origin);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port), noDelay: true });
    near.setNoDelay(true);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.once('close', () => sockets.delete(from));
      // A line that is cut at the end of a round is no fault of the bench.
      pipeline(from, createDelay(oneWayMs), to, () => {});
    }
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const ownPort = typeof address === 'object' && address !== null ? address.port : 0;
      resolve({
        origin: `http://127.0.0.1:${ownPort}`,
        stop: () =>
          new Promise((closed) => {
            for (const socket of sockets) socket.destroy();
            server.close(() => closed());
          }),
      });
    });
  });
}

/** Takes chunks at once and gives each away `delayMs` later: a delay, not a limit of the rate. */
function createDelay(delayMs: number): Transform {
  let travelling = 0;
  let ended: (() => void) | undefined;
  return new Transform({
    transform(chunk: Buffer, _encoding, taken) {
      travelling += 1;
      setTimeout(() => {
        if (this.destroyed) return;
        this.push(chunk);
        travelling -= 1;
        if (travelling === 0) ended?.();
      }, delayMs);
      taken();
    },
    flush(finished) {
      if (travelling === 0) finished();
      else ended = finished;
    },
  });
}
