import { createServer, type AddressInfo } from 'node:net';
import { createServer as createHttp } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startNetworkSwitch } from './network-switch.ts';

describe('network switch', () => {
  it('carries requests, cuts them off, and carries them again on the same port', async () => {
    const server = createHttp((_, response) => response.end('here'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const wire = await startNetworkSwitch({ port: (server.address() as AddressInfo).port });
    const ask = async () => (await fetch(`http://127.0.0.1:${wire.port}/`)).text();
    expect(await ask()).toBe('here');
    await wire.turn(false);
    await expect(ask()).rejects.toThrow();
    await wire.turn(true);
    expect(await ask()).toBe('here');
    await wire.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('kills what is open when the cable is pulled', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const wire = await startNetworkSwitch({ port: (server.address() as AddressInfo).port });
    const hanging = fetch(`http://127.0.0.1:${wire.port}/`);
    hanging.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await wire.turn(false);
    await expect(hanging).rejects.toThrow();
    server.close();
  });

  it('may be turned as often as one likes: nothing is left behind by a turn', async () => {
    const warnings: string[] = [];
    const note = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', note);
    const wire = await startNetworkSwitch({ port: 9 });
    for (let turn = 0; turn < 15; turn += 1) {
      await wire.turn(false);
      await wire.turn(true);
    }
    await wire.close();
    // Node says it one tick later.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});
