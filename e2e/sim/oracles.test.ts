import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TillEvidence, WorldEvidence } from './evidence.ts';
import { judgeWorld, oracles, type OracleName } from './oracles.ts';
import { openTestBench } from './testing/test-bench.ts';
import type { SimBench } from './sim-bench.ts';

/** A world that went well, in which each oracle's own violation is planted. */
type Mutable<T> =
  T extends ReadonlySet<infer E>
    ? Set<E>
    : T extends ReadonlyMap<infer K, infer V>
      ? Map<K, V>
      : T extends object
        ? { -readonly [K in keyof T]: Mutable<T[K]> }
        : T;
type World = Mutable<WorldEvidence>;
type Till = Mutable<TillEvidence>;

/** Cash, wallet and box sales, and nothing put back or closed. */
const seed = 1;
let bench: SimBench;
let clean: WorldEvidence;
beforeAll(async () => {
  bench = await openTestBench();
  clean = (await bench.run({ seed, steps: 4, planted: undefined })).evidence;
}, 60_000);
afterAll(() => bench.close());

const someTill = ({ tills }: World): Till => tills[0] as Till;
const journalOf = (till: Till) => till.journal[0] as Till['journal'][number];
const takenSale = ({ sales }: World) => {
  const sale = sales.find(({ told }) => told === 'taken');
  if (!sale) throw new Error(`seed ${seed} took nothing`);
  return sale;
};
const tillOfSale = (world: World): Till =>
  world.tills.find(({ name }) => name === takenSale(world).till) as Till;
const paidLine = (world: World, amountFen: number, outTradeNo: string): void => {
  const line = world.channelBooks[0];
  if (!line) throw new Error(`seed ${seed} has no line at the channel`);
  world.channelBooks.push({ ...line, state: 'SUCCESS', amountFen, outTradeNo });
};
/** An order on a member's code, in the journal and in the list. */
const acceptOffline = (till: Till, order: { id: string; fen: number; state: string }): void => {
  const [first] = till.orders;
  const [entry] = journalOf(till).entries;
  if (!first || !entry) throw new Error(`seed ${seed} has an empty till`);
  const orderId = order.id;
  till.orders.push({
    ...first,
    orderId,
    amountFen: order.fen,
    state: order.state,
  });
  const body = JSON.stringify({ orderId, code: 'the same code' });
  journalOf(till).entries.push({ ...entry, type: 'offline.accepted', body });
};

const violations: Readonly<Record<OracleName, (world: World) => void>> = {
  'everything ends': (world) => {
    world.isQuiet = false;
  },
  'what was told taken is kept': (world) => {
    const { amountFen } = takenSale(world);
    const till = tillOfSale(world);
    till.orders = till.orders.filter((order) => order.amountFen !== amountFen);
  },
  'the customer paid once': (world) => {
    for (const no of ['a01', 'b01']) paidLine(world, takenSale(world).amountFen, no);
  },
  'the books agree': (world) => paidLine(world, 1, 'nobody01'),
  'the journal arrived once': (world) => {
    const [head] = someTill(world).cloudHeads;
    if (head) head.headSeq -= 1;
  },
  'what was acknowledged is in the cloud once': (world) => {
    someTill(world).cloudEntries.pop();
  },
  'a lost tail is named': (world) => {
    journalOf(someTill(world)).entries.pop();
  },
  'what was acknowledged is back': (world) => {
    world.faults.restores.push({ till: 0, fromMs: 0, toMs: 1, byCommand: true });
    journalOf(someTill(world)).entries.pop();
  },
  'a member code pays once': (world) => {
    for (const id of ['ord_A', 'ord_B'])
      acceptOffline(someTill(world), { id, fen: 100, state: 'settled' });
  },
  'a second process is refused': (world) => {
    someTill(world).intrusions.push('a second process was let in');
  },
  'till and cloud have the same orders': (world) => {
    someTill(world).cloudOrders.push({ orderId: 'ord_X', state: 'cash', amountFen: 1 });
  },
  'each sale is taken once': (world) => {
    const { amountFen } = takenSale(world);
    const { cloudOrders } = tillOfSale(world);
    const twin = cloudOrders.find((order) => order.amountFen === amountFen);
    if (twin) cloudOrders.push({ ...twin, orderId: 'ord_X' });
  },
  'nothing is set aside': (world) => {
    someTill(world).cloudSetAside.push('entry 3 is parked');
  },
  'the tallies agree': (world) => {
    const [day] = someTill(world).tallies;
    if (day) day.tillFen += 1;
  },
  'no cap is exceeded': (world) =>
    acceptOffline(someTill(world), { id: 'ord_A', fen: 10_000_000, state: 'offline-accepted' }),
  'the laws of the books hold': (world) => {
    world.brokenLaws.push('the ledger sums to zero');
  },
  'one original receipt': (world) => {
    const till = world.tills.find(({ paper }) => paper.length > 0);
    if (!till) throw new Error(`seed ${seed} printed nothing`);
    till.paper = [...till.paper, ...till.paper];
  },
};

it('the world without a violation is clean', () => {
  expect(judgeWorld(clean)).toEqual([]);
});

it.each(Object.keys(oracles) as OracleName[])('"%s" sees its violation', (oracle) => {
  const world = structuredClone(clean) as World;
  violations[oracle](world);
  expect(oracles[oracle](world as WorldEvidence)).not.toEqual([]);
});
