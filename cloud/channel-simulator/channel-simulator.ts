import type { KeyObject } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '#shared/time/clock.ts';
import {
  createBillDesk,
  type BillDesk,
  type BillMismatch,
} from '#cloud/channel-simulator/books/bill-lines.ts';
import {
  booksRulesDefault,
  createChannelBooks,
  type BooksRules,
} from '#cloud/channel-simulator/books/channel-books.ts';
import type { FaceHouse, SimulatorFace } from '#cloud/channel-simulator/face.ts';
import { aggregatorFace } from '#cloud/channel-simulator/faces/aggregator/aggregator-face.ts';
import { carryExchange, type LineFault } from '#cloud/channel-simulator/line.ts';
import { createLatePayers } from '#cloud/channel-simulator/late-payers.ts';
import { createMoneyBooks, type MoneyBooks } from '#cloud/channel-simulator/books/money-books.ts';
import {
  moneyRulesDefault,
  moneyRulesOfFace,
  type MoneyRules,
} from '#cloud/channel-simulator/books/money-ground.ts';
import { createNotifier } from '#cloud/channel-simulator/notifier.ts';
import type { BooksStore } from '#cloud/channel-simulator/books/order-shelf.ts';
import { requestBytesMax, type BookLine, type Face } from '#cloud/channel-simulator/protocol.ts';

export interface ChannelSimulatorOptions {
  /** 0 = any free port; `none`: nobody listens, requests come through `inject` alone. */
  readonly port: number | 'none';
  readonly host?: string;
  /** The same seed gives the same transaction numbers. */
  readonly seed: string;
  readonly clock: Clock;
  readonly channelPrivateKey: KeyObject;
  /** Callers by app id, with the key that verifies their requests. */
  readonly apps: ReadonlyMap<string, KeyObject>;
  readonly rules?: Partial<BooksRules>;
  readonly moneyRules?: Partial<MoneyRules>;
  /** The wallets' own dialects it speaks beside the aggregator's. */
  readonly faces?: readonly SimulatorFace[];
  /** Keeps the books over a restart; without it they live as long as the process. */
  readonly store?: BooksStore;
  /** Real milliseconds until suffix 10 is answered; set it above the caller's read timeout. */
  readonly slowAnswerMs?: number;
  /** Waits before notifies are so many times shorter; 1 when absent. */
  readonly noticeSpeedUp?: number;
  /** Asked for each bill: what it lies about, beside what was set at `bills`. */
  readonly mismatches?: () => readonly BillMismatch[];
  /** Asked for each posting of a notify: whether it probes if its receiver looks at signatures; never without it. */
  readonly isProbing?: () => boolean;
  /** Decides the fault of each request; `none` without it. */
  readonly faultOf?: (request: { readonly path: string; readonly index: number }) => LineFault;
}

export interface ChannelSimulator {
  readonly baseUrl: string;
  /** One request without a socket, for worlds in which time is not real. Rejects when the answer is cut off. */
  readonly inject: FastifyInstance['inject'];
  readonly books: () => readonly BookLine[];
  /** Splits, subsidies and payouts as they really happened. */
  readonly money: MoneyBooks;
  /** Bills as the faces write them, and where they are made to lie. */
  readonly bills: BillDesk;
  /** Changes the channel's rules while it runs: for demos and tests. */
  setRules(rules: Partial<BooksRules>): void;
  setFaults(faultOf: NonNullable<ChannelSimulatorOptions['faultOf']>): void;
  /** Requests carried out so far, by path. */
  readonly requestCounts: () => ReadonlyMap<string, number>;
  /** What still comes by itself: payers who confirm after a reversal, notifies that nobody has accepted. */
  readonly comingCount: () => number;
  close(): Promise<void>;
}

export const slowAnswerMsDefault = 12_000;

/** Starts the simulated payment channel: an HTTP server of its own, with its own keys and its own books. */
export async function createChannelSimulator(
  options: ChannelSimulatorOptions,
): Promise<ChannelSimulator> {
  let rules: BooksRules = { ...booksRulesDefault, ...options.rules };
  let faultOf = options.faultOf ?? (() => 'none' as const);
  const store = options.store === undefined ? {} : { store: options.store };
  const books = createChannelBooks({ seed: options.seed, rules: () => rules, ...store });
  const moneyRules = moneyRulesWith(options.moneyRules);
  const money = createMoneyBooks({ seed: options.seed, books, rules: moneyRules, ...store });
  const bills = createBillDesk(books.shelf.orders, options.mismatches);
  const counts = new Map<string, number>();
  const closing = new AbortController();
  const notifier = createNotifier({ closing: closing.signal, speedUp: options.noticeSpeedUp ?? 1 });
  const latePayers = createLatePayers({
    books,
    clock: options.clock,
    closing: closing.signal,
    afterMs: () => rules.paysOnceClosedAfterMs,
  });
  let index = 0;
  let baseUrl = 'http://channel.invalid';

  const app = openServer();
  const house: FaceHouse = {
    clock: options.clock,
    seed: options.seed,
    baseUrl: () => baseUrl,
    books,
    money,
    bills,
    serve: async (request, answer, exchange) => {
      // The route, not the address: addresses hold order numbers, and counters must stay few.
      const path = request.routeOptions.url ?? '';
      const fault = faultOf({ path, index });
      index += 1;
      const count = (): void => void counts.set(path, (counts.get(path) ?? 0) + 1);
      const slowAnswerMs = options.slowAnswerMs ?? slowAnswerMsDefault;
      await carryExchange(answer, exchange, {
        fault,
        slowAnswerMs,
        closing: closing.signal,
        count,
      });
    },
    awaitPayer: latePayers.awaitPayer,
    isProbing: options.isProbing ?? (() => false),
    notify: notifier.notify,
  };
  for (const face of [aggregatorFace(options), ...(options.faces ?? [])]) face.mount(app, house);

  const { port, host = '127.0.0.1' } = options;
  if (port !== 'none') baseUrl = await app.listen({ port, host });
  return {
    baseUrl,
    inject: app.inject.bind(app),
    books: () => books.lines(),
    money,
    bills,
    setRules: (change) => {
      rules = { ...rules, ...change };
    },
    setFaults: (change) => {
      faultOf = change;
    },
    requestCounts: () => counts,
    comingCount: () => latePayers.awaitedCount() + notifier.openCount(),
    close: async () => {
      closing.abort();
      await app.close();
    },
  };
}

/** Bodies come to the faces as they were sent. */
function openServer(): FastifyInstance {
  const app = Fastify({ logger: false, bodyLimit: requestBytesMax, forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  return app;
}

const moneyRulesWith =
  (changed: Partial<MoneyRules> | undefined) =>
  (face?: Face): MoneyRules => ({
    ...moneyRulesDefault,
    ...(face === undefined ? {} : moneyRulesOfFace[face]),
    ...changed,
  });
