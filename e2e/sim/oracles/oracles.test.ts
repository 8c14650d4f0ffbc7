import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CertificateId, MemberId } from '#shared/ids/ids.ts';
import { encodeCertificate, encodeTwoLayerCode } from '#shared/member/two-layer-code.ts';
import type { TillEvidence, WorldEvidence } from './evidence.ts';
import { judgeWorld, oracles, type OracleName } from './oracles.ts';
import { openTestBench } from '../testing/test-bench.ts';
import type { SimBench } from '../crew/sim-bench.ts';

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
  if (!first) throw new Error(`seed ${seed} has an empty till`);
  const orderId = order.id;
  till.orders.push({
    ...first,
    orderId,
    amountFen: order.fen,
    state: order.state,
  });
  write(till, 'offline.accepted', { orderId, code: 'the same code' });
};
/** An entry at the end of the till's journal. */
const write = (till: Till, type: string, body: object): void => {
  const { entries } = journalOf(till);
  const [entry] = entries;
  if (!entry) throw new Error(`seed ${seed} has an empty journal`);
  entries.push({ ...entry, type, body: JSON.stringify(body) });
};
const promised = (till: Till, amountFen: number): void =>
  write(till, 'offline.promised', { orderId: 'ord_P', amountFen });
const kept = (till: Till): void =>
  write(till, 'offline.promise-kept', {
    orderId: 'ord_P',
    businessDate: till.tallies[0]?.businessDate,
  });
const unsigned = () => new Uint8Array(64);
/** What a member's phone shows; the oracle reads it and leaves signatures to the till. */
const twoLayerCode = (counter: number): string => {
  const certificate = encodeCertificate(
    {
      keyId: 1,
      memberId: 'mbr_01KAN7D5Q00000000000000001' as MemberId,
      certificateId: 'crt_01KAN7D5Q00000000000000001' as CertificateId,
      devicePublicKey: Buffer.alloc(32, 7).toString('base64url'),
      paymentCapYuan: 50,
      windowCapYuan: 100,
      notAfterSeconds: 1_800_000_000,
      scope: 0,
    },
    unsigned,
  );
  return encodeTwoLayerCode({ certificate, timeSeconds: 1_795_312_800, counter }, unsigned);
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
  'late money goes back': (world) => {
    paidLine(world, 1, 'nobody01');
    const line = world.channelBooks.at(-1);
    if (line) Object.assign(line, { closedAtMs: 1, paidAtMs: 2 });
  },
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
  'a counter is taken once': (world) => {
    for (const orderId of ['ord_A', 'ord_B'])
      write(someTill(world), 'offline.accepted', { orderId, code: twoLayerCode(7) });
  },
  'a promise ends once': (world) => {
    promised(someTill(world), 1);
    kept(someTill(world));
    kept(someTill(world));
  },
  'kept promises agree': (world) => {
    promised(someTill(world), 1);
    kept(someTill(world));
  },
  'promises stay in their limits': (world) => {
    promised(someTill(world), 10_000_000);
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

/** A closed till that its owner put back without the cloud, and that says so: its first epoch lacks the last entry. */
const putBackAlone = (world: World): Till => {
  const till = someTill(world);
  till.isRevoked = true;
  till.restoredAlone = true;
  till.exceptions.push('store-restored-alone');
  world.faults.restores.push({ till: till.index, fromMs: 0, toMs: 1, byCommand: true });
  const old = journalOf(till);
  old.entries.pop();
  const [first] = old.entries;
  if (!first) throw new Error(`seed ${seed} has an empty journal`);
  const body = JSON.stringify({ reason: 'restored', appVersion: 'sim' });
  const opened = { ...first, type: 'store.opened', body };
  till.journal.push({
    epoch: 'ffff',
    entries: [opened, { ...first, seq: first.seq + 1, hash: 'last' }],
  });
  till.cloudHeads.push({ epoch: 'ffff', headSeq: first.seq + 1, headHash: 'last' });
  return till;
};

it('what a backup did not have is named by the till that was put back alone', () => {
  const world = structuredClone(clean) as World;
  putBackAlone(world);
  expect(oracles['a lost tail is named'](world as WorldEvidence)).toEqual([]);
  expect(oracles['what was acknowledged is back'](world as WorldEvidence)).toEqual([]);
});

it.each([
  [
    'it does not say that it was put back alone',
    'a lost tail is named',
    (till: Till) => {
      till.exceptions = [];
    },
  ],
  [
    'it lost what it wrote after it was put back',
    'a lost tail is named',
    (till: Till) => {
      till.journal.at(-1)?.entries.pop();
    },
  ],
  [
    'the desk had not closed it',
    'a lost tail is named',
    (till: Till) => {
      till.isRevoked = false;
    },
  ],
  [
    'the desk had not closed it',
    'what was acknowledged is back',
    (till: Till) => {
      till.isRevoked = false;
    },
  ],
] as const)('a till put back alone: %s, "%s" sees it', (_, oracle, plant) => {
  const world = structuredClone(clean) as World;
  plant(putBackAlone(world));
  expect(oracles[oracle](world as WorldEvidence)).not.toEqual([]);
});

it.each([
  [
    'the cashier was told what does not stand',
    'a promise ends once',
    (world: World) => {
      const sale = takenSale(world);
      sale.promise = 'broken';
    },
  ],
  [
    'the cloud counts what was never kept',
    'kept promises agree',
    (world: World) => {
      const keptOn = someTill(world).tallies[0]?.businessDate;
      world.cloudPromises.push({ orderId: 'ord_P', amountFen: 1, keptOn });
    },
  ],
] as const)('%s: "%s" sees it too', (_, oracle, plant) => {
  const world = structuredClone(clean) as World;
  plant(world);
  expect(oracles[oracle](world as WorldEvidence)).not.toEqual([]);
});

/** Money of one fen that came after the end, and what became of it. */
const paidLate = (
  world: World,
  end: { readonly status: string; readonly isBack: boolean; readonly isOnBill: boolean },
): void => {
  const [outTradeNo, amountFen] = ['nobody01', 1];
  paidLine(world, amountFen, outTradeNo);
  const line = world.channelBooks.at(-1);
  if (line) Object.assign(line, { closedAtMs: 1, paidAtMs: 2, refundedFen: 0 });
  if (line && end.isBack) Object.assign(line, { state: 'REFUND', refundedFen: amountFen });
  world.attempts.push({ orderId: 'ord_N', attempt: 1, status: end.status, netFen: 1, outTradeNo });
  if (end.isOnBill)
    world.billBreaks.push({
      class: 'short-by-status',
      subject: outTradeNo,
      billFen: amountFen,
      state: 'open',
    });
};
const lateOracles = ['late money goes back', 'the books agree', 'the customer paid once'] as const;
const judgeLate = (world: World): readonly string[] =>
  lateOracles.flatMap((name) => oracles[name](world as WorldEvidence));

it.each([
  { status: 'refunded-late', isBack: true, isOnBill: false },
  { status: 'reversed', isBack: false, isOnBill: true },
])('late money that is $status is well (on the bill: $isOnBill)', (end) => {
  const world = structuredClone(clean) as World;
  paidLate(world, end);
  expect(judgeLate(world)).toEqual([]);
});

it.each([
  [
    'it went back and the cloud does not know',
    { status: 'reversed', isBack: true, isOnBill: false },
  ],
  ['a sale was made of it', { status: 'paid', isBack: false, isOnBill: true }],
  ['nobody was told', { status: 'reversed', isBack: false, isOnBill: false }],
  [
    'it went back and the bill still names it',
    { status: 'refunded-late', isBack: true, isOnBill: true },
  ],
] as const)('late money: %s, and the oracle sees it', (_, end) => {
  const world = structuredClone(clean) as World;
  paidLate(world, end);
  expect(oracles['late money goes back'](world as WorldEvidence)).not.toEqual([]);
});

it('late money that the channel told of may not be left to the bill', () => {
  const world = structuredClone(clean) as World;
  paidLate(world, { status: 'reversed', isBack: false, isOnBill: true });
  world.sales.push({ ...takenSale(world), amountFen: 1, codes: ['130000000000000016'] });
  expect(oracles['late money goes back'](world as WorldEvidence)).not.toEqual([]);
});

it.each(Object.keys(oracles) as OracleName[])('"%s" sees its violation', (oracle) => {
  const world = structuredClone(clean) as World;
  violations[oracle](world);
  expect(oracles[oracle](world as WorldEvidence)).not.toEqual([]);
});
