import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/**
 * A real wire that can be cut: a TCP proxy on loopback. Off means what a pulled network cable means to a till:
 * open connections die, new ones are refused.
 */
export interface NetworkSwitch {
  readonly port: number;
  readonly on: boolean;
  turn(on: boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startNetworkSwitch(target: {
  readonly port: number;
}): Promise<NetworkSwitch> {
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    return socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
  };
  const server = createServer((client) => {
    const upstream = keep(connect(target.port, '127.0.0.1'));
    keep(client).pipe(upstream).pipe(client);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  const cut = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });

  await listen(0);
  const { port } = server.address() as AddressInfo;
  let on = true;
  return {
    port,
    get on() {
      return on;
    },
    async turn(wanted) {
      if (wanted === on) return;
      on = wanted;
      await (wanted ? listen(port) : cut());
    },
    async close() {
      if (on) await cut();
    },
  };
}
