import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { portsInUse } from './ports.ts';

describe('ports of the demo', () => {
  it('names the ones that somebody listens on, and leaves the others free', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await portsInUse([port])).toEqual([port]);
    await new Promise((resolve) => server.close(resolve));
    expect(await portsInUse([port, port])).toEqual([]);
  });
});
