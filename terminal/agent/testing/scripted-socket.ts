import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

type Handle = (request: IncomingMessage, response: ServerResponse, raw: Buffer) => void;

/** A server on a loopback port of its own, which can go away and come back on the same port. */
export async function openScriptedSocket(handle: Handle) {
  const sockets = new Set<Socket>();

  const listen = (port: number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => handle(request, response, Buffer.concat(chunks)));
      });
      server.on('connection', (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
      });
      server.listen(port, '127.0.0.1', () => resolve(server));
    });

  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    /** Nothing listens any more: connections are refused. */
    goDown: async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
    comeBack: async (): Promise<void> => {
      server = await listen(port);
    },
  };
}
