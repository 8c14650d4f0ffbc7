import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import fastifyStatic from '@fastify/static';
import Fastify from 'fastify';
import {
  boxActs,
  outcomes,
  switchNames,
  type BoxRequest,
  type CounterMember,
  type CounterState,
  type Outcome,
  type SwitchRequest,
} from '#terminal/renderer/counter/contract.ts';
import type { DeviceBench } from '#drivers/simulator/device-bench.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import { actAtBox, createCounterSwitches, faceOfBox, faceOfDisplay } from './counter-switches.ts';
import type { NetworkSwitch } from './network-switch.ts';
import { freshWalletCode } from './wallet-codes.ts';

/** The virtual counter: the far ends of the demo's devices and wires, operated by hand from a page. */
export interface CounterServer {
  readonly origin: string;
  readonly url: string;
  setTillUrl(url: string): void;
  turn(request: SwitchRequest): Promise<void>;
  close(): Promise<void>;
}

export interface CounterOptions {
  readonly port: number;
  readonly rendererFolder: string;
  readonly bench: DeviceBench;
  readonly network: () => NetworkSwitch;
  readonly members: () => readonly CounterMember[];
  /** A fresh signed member code, as the member's phone would show it. */
  readonly memberCode: (phone: string) => Promise<string>;
}

const textCharsMax = 1024;
const wallets: readonly Wallet[] = ['wechat', 'alipay', 'unionpay'];

export async function startCounterServer(options: CounterOptions): Promise<CounterServer> {
  const { bench } = options;
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 8 * 1024 });
  const switches = createCounterSwitches(options);
  let paperVersion = 0;
  let tillUrl = '';
  let paperRecords = 0;
  bench.printer.onChange(() => {
    // A till asks its printer how it is all the time; only new paper is news.
    const now = bench.printer.paper().length;
    if (now !== paperRecords) paperVersion += 1;
    paperRecords = now;
  });
  const state = (): CounterState => ({
    paperVersion,
    switches: switches.state(),
    drawerKicks: bench.printer.drawerKickCount(),
    box: faceOfBox(bench.box),
    display: faceOfDisplay(bench),
    members: options.members(),
    tillUrl,
  });

  app.get('/counter/state', () => state());
  app.get('/counter/paper.svg', (_request, reply) =>
    reply.type('image/svg+xml').send(bench.printer.renderPaperSvg()),
  );
  app.post('/counter/scan', async (request, reply) => {
    const code = await codeToScan(request.body, options.memberCode);
    if (code === undefined) return reply.code(400).send({ error: 'not a scan request' });
    bench.scanner.scan(code);
    return reply.code(204).send();
  });
  app.post('/counter/switch', async (request, reply) => {
    const { name, on } = (request.body ?? {}) as Partial<SwitchRequest>;
    const known = switchNames.find((one) => one === name);
    if (known === undefined || typeof on !== 'boolean') {
      return reply.code(400).send({ error: 'not a switch request' });
    }
    await switches.turn({ name: known, on });
    return reply.code(204).send();
  });
  app.post('/counter/box', async (request, reply) => {
    const { act } = (request.body ?? {}) as Partial<BoxRequest>;
    const known = boxActs.find((one) => one === act);
    if (known === undefined) return reply.code(400).send({ error: 'not a box request' });
    actAtBox(bench.box, known);
    return reply.code(204).send();
  });
  if (existsSync(options.rendererFolder)) {
    await app.register(fastifyStatic, { root: options.rendererFolder, index: 'counter.html' });
  }
  await app.listen({ host: '127.0.0.1', port: options.port });
  const origin = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  return {
    origin,
    url: `${origin}/counter.html`,
    setTillUrl(url) {
      tillUrl = url;
    },
    turn: (request) => switches.turn(request),
    close: () => app.close(),
  };
}

async function codeToScan(
  body: unknown,
  memberCode: (phone: string) => Promise<string>,
): Promise<string | undefined> {
  const { kind, outcome, text } = (body ?? {}) as {
    kind?: unknown;
    outcome?: unknown;
    text?: unknown;
  };
  const wallet = wallets.find((one) => one === kind);
  if (wallet) {
    const known = outcomes.find((one): one is Outcome => one === outcome);
    return freshWalletCode(wallet, known ?? 'paid');
  }
  if (typeof text !== 'string' || text.length === 0 || text.length > textCharsMax) return undefined;
  if (kind === 'member') return memberCode(text);
  return kind === 'text' ? text : undefined;
}
