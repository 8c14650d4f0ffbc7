import { describe, expect, it } from 'vitest';
import { fen } from '#shared/money/fen.ts';
import { boxKinds, type BoxKind } from '#drivers/contract/box-kinds.ts';
import { createSeededRandom } from '#shared/time/seeded-random.ts';
import { createManualTime, type ManualTime } from '#drivers/contract/manual-time.ts';
import type { FarSide } from '#drivers/core/far-side.ts';
import type { BoxLateOutcome, BoxOutcome, BoxPos, BoxSale } from '#drivers/ecr/box-pos.ts';
import type { BoxBehaviour } from '#drivers/simulator/box/box-behaviour.ts';
import { createMemoryWire, type MemoryWire } from '#drivers/transports/memory.ts';

/**
 * The proof of the law: the cable comes out at every byte of a sale, in both directions, while the box answers in time,
 * late, or never. The oracle is the box's own books.
 */
interface Counter {
  readonly time: ManualTime;
  readonly wire: MemoryWire;
  readonly box: BoxPos;
  readonly simulator: ReturnType<BoxKind['createSimulator']>;
  readonly late: readonly BoxLateOutcome[];
  /** Arms the pull before this byte of the box's words, counted from now. */
  pullAtWord(byteOffset: number): void;
  /** Bytes that the box said so far. */
  saidByteCount(): number;
  pullCount(): number;
}

const cableOutMs = 4_000;
const sale: BoxSale = { merchantOrderNo: '01KAN7XW5K3V9C2M4P6R8T0V1W01', amountFen: fen(1_250) };

/** The box's end of the wire, whose words can be cut at a byte. */
function cuttable(wire: MemoryWire): {
  far: FarSide;
  cutAt: (offset: number) => void;
  said: () => number;
} {
  let cutAfter: number | null = null;
  let said = 0;
  const far: FarSide = {
    ...wire.far,
    send: (bytes) => {
      const room = cutAfter === null ? bytes.length : Math.max(0, cutAfter - said);
      said += Math.min(room, bytes.length);
      if (room >= bytes.length) return wire.far.send(bytes);
      cutAfter = null;
      if (room > 0) wire.far.send(bytes.subarray(0, room));
      // What was said before the cut arrives; then the cable is out.
      queueMicrotask(() => queueMicrotask(() => void wire.far.pull()));
    },
  };
  return {
    far,
    cutAt: (offset) => {
      cutAfter = said + offset;
    },
    said: () => said,
  };
}

async function openCounter(kind: BoxKind): Promise<Counter> {
  const time = createManualTime();
  const wire = createMemoryWire({ timers: time.timers });
  const simulator = kind.createSimulator(time);
  const words = cuttable(wire);
  simulator.attach(words.far);
  const late: BoxLateOutcome[] = [];
  const box = kind.createBox({
    transport: wire.transport,
    clock: time.clock,
    timers: time.timers,
    random: createSeededRandom(1),
    onLateOutcome: (news) => late.push(news),
  });
  box.start();
  await time.advance(100);
  expect(box.status().state).toBe('idle');
  let pulls = 0;
  wire.far.onPresence((present) => {
    if (present) return;
    pulls += 1;
    time.timers.after(cableOutMs, () => void wire.far.plug());
  });
  return {
    pullCount: () => pulls,
    time,
    wire,
    box,
    simulator,
    late,
    pullAtWord: words.cutAt,
    saidByteCount: words.said,
  };
}

/** Lets the counter run on, asks what became of the sale if it must, and holds the answer against the books. */
async function conclude(counter: Counter, first: BoxOutcome, label: string): Promise<void> {
  const { time, box, simulator } = counter;
  if (first.type === 'unknown') {
    expect(box.status().state, label).toBe('blocked');
    const other = box.sale({ ...sale, merchantOrderNo: `${sale.merchantOrderNo}X` });
    expect(await time.settle(other), label).toEqual({ type: 'not-sent', code: 'box-blocked' });
  }
  await time.advance(15_000);
  let outcome = first;
  const told = counter.late.find((news) => news.merchantOrderNo === sale.merchantOrderNo);
  for (let calls = 0; outcome.type === 'unknown' && calls < 5; calls += 1) {
    outcome = await time.settle(box.query(sale));
  }
  if (told !== undefined) expect(told.outcome, label).toEqual(outcome);
  const charged = simulator.books().filter((entry) => entry.kind === 'sale');
  expect(charged.length, label).toBe(outcome.type === 'approved' ? 1 : 0);
  expect(outcome.type, label).not.toBe('unknown');
  expect(box.status().state, label).toBe(outcome.type === 'not-sent' ? box.status().state : 'idle');
  await time.settle(box.stop());
  simulator.stop?.();
}

const behaviours: readonly (readonly [name: string, BoxBehaviour])[] = [
  ['answers in time', { type: 'approve', delayMs: 200 }],
  ['answers at once', { type: 'approve' }],
  ['answers while the cable is out', { type: 'approve', delayMs: 2_000 }],
  ['answers after the cable is back', { type: 'approve', delayMs: 9_000 }],
  ['never answers and charged', { type: 'never-answer', charges: true }],
  ['never answers and did not charge', { type: 'never-answer', charges: false }],
  ['declines', { type: 'decline', delayMs: 200 }],
];

/** The bytes of one undisturbed sale in both directions. */
async function measure(kind: BoxKind, behaviour: BoxBehaviour): Promise<readonly [number, number]> {
  const counter = await openCounter(kind);
  counter.simulator.script(behaviour);
  const before = [counter.wire.deliveredByteCount(), counter.saidByteCount()] as const;
  const outcome = counter.box.sale(sale);
  await counter.time.advance(1_500);
  const after = [counter.wire.deliveredByteCount(), counter.saidByteCount()] as const;
  await conclude(counter, await counter.time.settle(outcome), 'undisturbed');
  return [after[0] - before[0], after[1] - before[1]];
}

describe.each(boxKinds.map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  describe.each(behaviours)('the box %s', (__, behaviour) => {
    it('cable out at every byte to the box: never two charges, and the outcome equals the books', async () => {
      const [toBox] = await measure(kind, behaviour);
      expect(toBox).toBeGreaterThan(20);
      for (let offset = 0; offset < toBox; offset += 1) {
        const counter = await openCounter(kind);
        counter.simulator.script(behaviour);
        counter.wire.setFaults({ pullAtByte: counter.wire.deliveredByteCount() + offset });
        const outcome = await counter.time.settle(counter.box.sale(sale));
        await counter.time.advance(100);
        expect(counter.pullCount()).toBe(1);
        await conclude(counter, outcome, `to the box, byte ${offset}`);
      }
    });

    it('cable out at every byte from the box: no answer is lost without being said unknown', async () => {
      const [, fromBox] = await measure(kind, behaviour);
      expect(fromBox).toBeGreaterThan(0);
      for (let offset = 0; offset < fromBox; offset += 1) {
        const counter = await openCounter(kind);
        counter.simulator.script(behaviour);
        counter.pullAtWord(offset);
        const outcome = await counter.time.settle(counter.box.sale(sale));
        await counter.time.advance(100);
        expect(counter.pullCount()).toBe(1);
        await conclude(counter, outcome, `from the box, byte ${offset}`);
      }
    });
  });
});

describe.each(boxKinds.map((kind) => [kind.name, kind] as const))('%s, asked', (_, kind) => {
  /** A sale in doubt whose query is cut at a byte, too. */
  const askCut = async (
    charges: boolean,
    cut: (counter: Counter) => void,
  ): Promise<readonly [toBox: number, fromBox: number]> => {
    const counter = await openCounter(kind);
    counter.simulator.script({ type: 'never-answer', charges });
    const first = counter.box.sale(sale);
    await counter.time.advance(50);
    await counter.wire.far.pull();
    expect(await counter.time.settle(first)).toMatchObject({ type: 'unknown' });
    await counter.time.advance(cableOutMs + 4_000);
    const before = [counter.wire.deliveredByteCount(), counter.saidByteCount()] as const;
    cut(counter);
    let outcome = await counter.time.settle(counter.box.query(sale));
    if (outcome.type === 'unknown') outcome = await counter.time.settle(counter.box.query(sale));
    expect(outcome.type).toBe(charges ? 'approved' : 'declined');
    const after = [counter.wire.deliveredByteCount(), counter.saidByteCount()] as const;
    await conclude(counter, outcome, 'asked');
    return [after[0] - before[0], after[1] - before[1]];
  };

  it.each([true, false])(
    'cable out at every byte of the query, too (charged: %s): the outcome equals the books',
    async (charges) => {
      const [toBox, fromBox] = await askCut(charges, () => undefined);
      for (let offset = 0; offset < toBox; offset += 1) {
        await askCut(charges, ({ wire }) =>
          wire.setFaults({ pullAtByte: wire.deliveredByteCount() + offset }),
        );
      }
      for (let offset = 0; offset < fromBox; offset += 1) {
        await askCut(charges, (counter) => counter.pullAtWord(offset));
      }
    },
  );

  it('cable out at every byte of a void: never two voids, and no void is called undone', async () => {
    const voidOrder = {
      merchantOrderNo: '01KAN7XW5K3V9C2M4P6R8T0V1W02',
      amountFen: sale.amountFen,
      originalOrderNo: sale.merchantOrderNo,
      originalBoxRef: '000001',
    };
    const voidCut = async (cut: (counter: Counter) => void): Promise<readonly number[]> => {
      const counter = await openCounter(kind);
      const { time, box, simulator } = counter;
      expect(await time.settle(box.sale(sale))).toMatchObject({ type: 'approved' });
      await time.advance(100);
      const before = [counter.wire.deliveredByteCount(), counter.saidByteCount()] as const;
      cut(counter);
      let outcome = await time.settle(box.voidSale(voidOrder));
      await time.advance(3_000);
      const after = [counter.wire.deliveredByteCount(), counter.saidByteCount()] as const;
      await time.advance(12_000);
      const told = counter.late.at(-1)?.outcome;
      if (outcome.type === 'unknown') outcome = told ?? (await time.settle(box.query(voidOrder)));
      const voids = simulator.books().filter((entry) => entry.kind === 'void').length;
      if (outcome.type === 'unknown') expect(kind.can.findAny).toBe(false);
      if (outcome.type === 'unknown') expect(voids).toBeLessThanOrEqual(1);
      else expect(voids).toBe(outcome.type === 'approved' ? 1 : 0);
      await time.settle(box.stop());
      simulator.stop?.();
      return [after[0] - before[0], after[1] - before[1]];
    };
    const [toBox = 0, fromBox = 0] = await voidCut(() => undefined);
    expect(Math.min(toBox, fromBox)).toBeGreaterThan(10);
    for (let offset = 0; offset < toBox; offset += 1) {
      await voidCut(({ wire }) =>
        wire.setFaults({ pullAtByte: wire.deliveredByteCount() + offset }),
      );
    }
    for (let offset = 0; offset < fromBox; offset += 1) {
      await voidCut((counter) => counter.pullAtWord(offset));
    }
  });
});

describe('the oracle itself', () => {
  it.each(boxKinds.map((kind) => [kind.name, kind] as const))(
    '%s: a till that charges again instead of asking is caught with two charges',
    async (_, kind) => {
      const behaviour: BoxBehaviour = { type: 'approve', delayMs: 200 };
      const [, fromBox] = await measure(kind, behaviour);
      const charges: number[] = [];
      for (let offset = 0; offset < fromBox; offset += 1) {
        const counter = await openCounter(kind);
        counter.simulator.script(behaviour);
        counter.pullAtWord(offset);
        const outcome = await counter.time.settle(counter.box.sale(sale));
        await counter.time.advance(20_000);
        if (outcome.type === 'unknown') {
          counter.box.release(sale.merchantOrderNo);
          await counter.time.settle(counter.box.sale(sale));
        }
        charges.push(counter.simulator.books().length);
        await counter.time.settle(counter.box.stop());
        counter.simulator.stop?.();
      }
      expect(charges).toContain(2);
    },
  );
});
