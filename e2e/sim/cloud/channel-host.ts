import {
  createChannelSimulator,
  type ChannelSimulator,
} from '#cloud/channel-simulator/channel-simulator.ts';
import { chaosFaults as faults } from '#cloud/channel-simulator/chaos.ts';
import { sandboxKeysFromSeed } from '#cloud/channel-simulator/sandbox-keys.ts';
import type { World } from '../world/virtual-world.ts';
import { cloudOrigin, type CloudHost } from './cloud-host.ts';

export const channelSeed = 'simulator';
export const channelAppId = 'greentill';

/** The payment channel: the real simulator with its books, reached over a line that fails as the seed says. */
export interface ChannelHost {
  readonly simulator: ChannelSimulator;
  /** What the cloud's global `fetch` becomes. */
  readonly fetch: typeof globalThis.fetch;
  /** Chance of a mishap of one call, 0..1. */
  readonly setTrouble: (chance: number) => void;
  readonly setRefusing: (refusing: boolean) => void;
  /** Where its notifies go. */
  readonly setCloud: (cloud: Pick<CloudHost, 'answer'>) => void;
}

const wayMsMax = 120;

export async function createChannelHost(world: World): Promise<ChannelHost> {
  const keys = sandboxKeysFromSeed(channelSeed);
  const random = world.randomOf('channel');
  const notifyRandom = world.randomOf('notifies');
  let cloud: Pick<CloudHost, 'answer'> | undefined;
  let trouble = 0;
  let refusing = false;
  const simulator = await createChannelSimulator({
    port: 'none',
    seed: channelSeed,
    clock: world.clockOf(() => 0),
    channelPrivateKey: keys.channelPrivateKey,
    apps: new Map([[channelAppId, keys.appPublicKey]]),
    faultOf: ({ path }) => {
      const fault =
        random.unit() < trouble ? faults[Math.floor(random.unit() * faults.length)] : undefined;
      world.trace.note(`channel ${path}${fault === undefined ? '' : ` ${fault}`}`);
      return fault ?? 'none';
    },
  });
  const way = (): Promise<void> =>
    new Promise((resolve) => {
      world.timers.after(5 + random.unit() * wayMsMax, resolve);
    });

  const carry = async (url: URL, init: RequestInit): Promise<Response> => {
    if (refusing) throw failed('ECONNREFUSED');
    await way();
    const calm = world.slowTurns();
    try {
      const reply = await simulator.inject({
        method: 'POST',
        url: url.pathname,
        headers: init.headers as Record<string, string>,
        payload: init.body as string,
      });
      await way();
      return new Response(reply.body, {
        status: reply.statusCode,
        headers: Object.fromEntries(
          Object.entries(reply.headers).map(([name, value]) => [name, String(value)]),
        ),
      });
    } catch {
      throw failed('ECONNRESET');
    } finally {
      calm();
    }
  };

  /** A notify on its way to the cloud; in times of trouble it, or the answer to it, may get lost. */
  const post = async (url: URL, init: RequestInit): Promise<Response> => {
    const [there, back] = [notifyRandom.unit(), notifyRandom.unit()];
    await way();
    if (there < trouble) throw failed('ECONNRESET');
    const answer = await cloud?.answer({
      method: 'POST',
      path: url.pathname,
      headers: init.headers as Record<string, string>,
      body: Buffer.from(init.body as string),
    });
    world.trace.note(`notify ${answer?.status ?? 'not heard'} ${answer?.body ?? ''}`);
    await way();
    if (answer === undefined || back < trouble) throw failed('ECONNRESET');
    return new Response(answer.body, { status: answer.status });
  };

  return {
    simulator,
    setCloud: (next) => {
      cloud = next;
    },
    setTrouble: (chance) => {
      trouble = chance;
    },
    setRefusing: (next) => {
      refusing = next;
    },
    fetch: (input, init = {}) =>
      new Promise((resolve, reject) => {
        init.signal?.addEventListener('abort', () =>
          reject(new DOMException('the time is over', 'TimeoutError')),
        );
        const url = new URL(input as URL);
        (url.origin === cloudOrigin ? post : carry)(url, init).then(resolve, reject);
      }),
  };
}

const failed = (code: string): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
