import { Socket } from 'node:net';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Timers } from '#drivers/core/timers.ts';
import type { Connection, OpenError, Transport } from '#drivers/core/transport.ts';
import {
  createGuardedConnection,
  openTimeoutMsDefault,
} from '#drivers/transports/guarded-connection.ts';

export interface TcpDeps {
  readonly host: string;
  /** 1..65535; receipt printers listen on 9100. */
  readonly port: number;
  readonly timers: Timers;
  readonly openTimeoutMs?: number;
  readonly writeTimeoutMs?: number;
}

const keepAliveDelayMs = 5_000;

/** A raw TCP socket, as network printers and serial servers speak it. */
export function createTcpTransport(deps: TcpDeps): Transport {
  return { address: `tcp ${deps.host}:${deps.port}`, open: () => openTcp(deps) };
}

function openTcp(deps: TcpDeps): Promise<Result<Connection, OpenError>> {
  return new Promise((resolve) => {
    const socket = new Socket();
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveDelayMs);
    const fail = (error: OpenError): void => {
      cancel();
      socket.destroy();
      resolve(err(error));
    };
    const cancel = deps.timers.after(deps.openTimeoutMs ?? openTimeoutMsDefault, () =>
      fail({ type: 'device-open-timeout' }),
    );
    const onOpenError = (failure: NodeJS.ErrnoException): void => fail(openErrorOf(failure));
    socket.once('error', onOpenError);
    socket.connect(deps.port, deps.host, () => {
      cancel();
      socket.off('error', onOpenError);
      resolve(ok(connect(socket, deps)));
    });
  });
}

function openErrorOf(failure: NodeJS.ErrnoException): OpenError {
  switch (failure.code ?? '') {
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENOTFOUND':
      return { type: 'device-missing' };
    case 'EACCES':
    case 'EPERM':
      return { type: 'device-permission' };
    case 'ETIMEDOUT':
      return { type: 'device-open-timeout' };
    default:
      return { type: 'device-open-failed', detail: failure.message.slice(0, 200) };
  }
}

function connect(socket: Socket, deps: TcpDeps): Connection {
  const guarded = createGuardedConnection({
    timers: deps.timers,
    writeTimeoutMs: deps.writeTimeoutMs,
    raw: {
      write: (bytes, done) => {
        if (!socket.writable) return done('socket closed');
        socket.write(bytes, (failure) => done(failure?.message ?? null));
      },
      drain: (done) => {
        // Every write waits for its own callback, so an empty queue is the state at rest.
        if (socket.writableLength === 0) done(null);
        else socket.once('drain', () => done(null));
      },
      close: () => {
        socket.destroy();
        return Promise.resolve();
      },
    },
  });
  socket.on('data', (chunk: Buffer) => guarded.deliver(chunk));
  socket.on('error', (failure: Error) =>
    guarded.end({ type: 'device-error', detail: failure.message.slice(0, 200) }),
  );
  socket.on('close', () => guarded.end({ type: 'disconnected' }));
  socket.on('end', () => guarded.end({ type: 'disconnected' }));
  return guarded.connection;
}
