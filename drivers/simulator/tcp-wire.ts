import { createServer, type Server, type Socket } from 'node:net';
import type { FarWire } from '#drivers/core/far-side.ts';

/** A device on a TCP port of this machine. One host at a time: a new one takes over, as on most network printers. */
export async function createTcpWire(deps: {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}): Promise<FarWire & { readonly port: number }> {
  const byteListeners: ((chunk: Uint8Array) => void)[] = [];
  const presenceListeners: ((present: boolean) => void)[] = [];
  let socket: Socket | null = null;

  const accept = (fresh: Socket): void => {
    socket?.destroy();
    socket = fresh;
    fresh.setNoDelay(true);
    fresh.on('error', () => undefined);
    fresh.on('data', (chunk: Buffer) => {
      for (const listener of byteListeners) listener(chunk);
    });
    fresh.on('close', () => {
      if (socket !== fresh) return;
      socket = null;
      for (const listener of presenceListeners) listener(false);
    });
    for (const listener of presenceListeners) listener(true);
  };

  let server: Server = createServer(accept);
  const port = await listen(server, deps);
  const pull = async (): Promise<void> => {
    const closing = server;
    const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
    socket?.destroy();
    await closed;
  };
  return {
    port,
    address: `${deps.host}:${port}`,
    send: (bytes) => void socket?.write(bytes),
    onBytes: (listener) => void byteListeners.push(listener),
    onPresence: (listener) => void presenceListeners.push(listener),
    pull,
    plug: async () => {
      if (server.listening) return;
      server = createServer(accept);
      await listen(server, { host: deps.host, port });
    },
    close: pull,
  };
}

function listen(
  server: Server,
  at: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : at.port);
    });
  });
}
