import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { walkEntries } from '#terminal/agent/journal/entry-rows.ts';
import { holderFileName, lockFileName } from '#terminal/agent/store/writer-lock.ts';
import { openTestJournal } from '#terminal/agent/testing/temp-store.ts';
import { countSales, type SalesCount } from '../count-sales.ts';
import { createDraw } from '../draw.ts';
import {
  addCounts,
  counted,
  type Counts,
  type Tier,
  type TierOutcome,
  type TierRun,
} from '../tier.ts';
import type { WriterAnswer, WriterOrder } from './writer-protocol.ts';

export const twoWriters: Tier = {
  title: 'Two programs compete for one till’s file',
  unit: 'tries',
  fullCount: 200,
  missing: () => undefined,
  run: tryOften,
  note: (counts) => {
    const of = (name: string): string => counted(counts, name);
    return (
      `${of('race')} races for a new folder and ${of('race again')} for an existing one, timed to start in the same millisecond; ` +
      `${of('held')} attempts while one program held it, ${of('killed')} just after kill -9 of the holder, ${of('killed in a race')} ` +
      `with the holder killed during the race; ${of('stale')} races for a lock that a dead program had left, ${of('reused')} for ` +
      `one whose process id now belongs to another program (in ${of('atOnce')} races both really started within 1 ms). Exactly ` +
      `one wrote each time; the other was told \`store-locked\`, ${of('named')} times with the holder’s process id and start time.`
    );
  },
  found:
    'When two programs started in the same millisecond, the loser could be told the name of a program long dead, left beside ' +
    'the lock. It now waits a moment before it reads who holds the lock.',
};

const kinds = [
  'race',
  'race again',
  'held',
  'killed',
  'killed in a race',
  'stale',
  'reused',
] as const;
type Kind = (typeof kinds)[number];
const child = path.join(import.meta.dirname, 'writer-child.ts');
/** Both have their order by then. */
const leadMs = 12;
/** The second begins up to so much later or earlier. */
const skewMsMax = 1;
const sayEvery = 20;

async function tryOften({ count, seed, say }: TierRun): Promise<TierOutcome> {
  const draw = createDraw(`writers/${seed}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'greentill-writers-'));
  const faults: string[] = [];
  const writers = [createWriter(), createWriter()] as const;
  let counts: Counts = {};
  let [acknowledged, lost, doubled, tried] = [0, 0, 0, 0];
  try {
    for (; tried < count; tried += 1) {
      const kind = kinds[tried % kinds.length]!;
      const dataDir = path.join(folder, `till-${tried}`);
      const skewMs = (draw(`${tried}`) * 2 - 1) * skewMsMax;
      const bout = createBout({ dataDir, writers, skewMs });
      await play[kind](bout);
      await bout.end();
      const after = judge(dataDir);
      acknowledged += bout.sales();
      lost += Math.max(0, bout.sales() - after.salesCount);
      doubled += after.doubledCount + Math.max(0, after.salesCount - bout.sales());
      faults.push(
        ...[...bout.faults, ...after.faults].map((what) => `${tried} (${kind}): ${what}`),
      );
      counts = addCounts(counts, { [kind]: 1, named: bout.named(), atOnce: bout.atOnce() });
      rmSync(dataDir, { recursive: true, force: true });
      if ((tried + 1) % sayEvery === 0) say(`  ${tried + 1} tries`);
    }
  } finally {
    for (const writer of writers) writer.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return { tried, acknowledged, lost, doubled, faults, counts };
}

const play: Readonly<Record<Kind, (bout: Bout) => Promise<void>>> = {
  race: (bout) => bout.race(),
  'race again': async (bout) => {
    await bout.enter(0);
    await bout.leave(0);
    await bout.race();
  },
  held: async (bout) => {
    await bout.enter(0);
    await bout.isRefused(1);
    await bout.leave(0);
    await bout.enter(1);
  },
  killed: async (bout) => {
    await bout.enter(0);
    await bout.kill(0);
    await bout.enter(1);
  },
  'killed in a race': async (bout) => {
    await bout.enter(0);
    await bout.enterWhileKilled(1, 0);
  },
  stale: async (bout) => {
    await bout.enter(0);
    await bout.kill(0);
    bout.leaveBehind({ pid: pidOfNobody, journal: true });
    await bout.race();
  },
  reused: async (bout) => {
    await bout.enter(0);
    await bout.kill(0);
    bout.leaveBehind({ pid: process.pid, journal: false });
    await bout.race();
  },
};

/** Above the kernel's largest process id. */
const pidOfNobody = 4_194_305;
type Side = 0 | 1;

/** Two programs and one folder. */
interface Bout {
  readonly faults: readonly string[];
  /** Both at once: exactly one gets in, the other is told why not. */
  race(): Promise<void>;
  /** It must get in, and sells once. */
  enter(side: Side): Promise<void>;
  isRefused(side: Side): Promise<void>;
  /**
   * The holder is killed in the instant in which the other tries: it gets in then, or as soon as
   * the holder is gone.
   */
  enterWhileKilled(side: Side, holder: Side): Promise<void>;
  leave(side: Side): Promise<void>;
  kill(side: Side): Promise<void>;
  leaveBehind(holder: { readonly pid: number; readonly journal: boolean }): void;
  /** Sales that were answered as stored. */
  sales(): number;
  /** Refusals that named the holder. */
  named(): number;
  /** Races in which both began within a millisecond. */
  atOnce(): number;
  end(): Promise<void>;
}

const soon = (): number => performance.timeOrigin + performance.now() + leadMs;

function createBout(deps: {
  readonly dataDir: string;
  readonly writers: readonly [Writer, Writer];
  readonly skewMs: number;
}): Bout {
  const { dataDir, writers, skewMs } = deps;
  const faults: string[] = [];
  let [sales, named, atOnce] = [0, 0, 0];
  const open = (side: Side, atMs: number): Promise<WriterAnswer> =>
    writers[side].open({ type: 'open', dataDir, sale: sales, atMs });
  const judgeRefusal = (answer: WriterAnswer, holder: Side | undefined): void => {
    if (answer.type !== 'refused' || answer.code !== 'store-locked')
      return void faults.push(`the second was answered ${JSON.stringify(answer)}`);
    if (holder === undefined) return;
    const pid = String(writers[holder].pid());
    const isNamed = new RegExp(`^process ${pid}, since \\d{4}-`).test(answer.detail);
    if (isNamed) named += 1;
    else if (answer.detail !== 'another process')
      faults.push(`the second was told of ${answer.detail}`);
  };
  const enter = async (side: Side): Promise<void> => {
    const answer = await open(side, soon());
    if (answer.type === 'writer') sales += 1;
    else faults.push(`the only one was answered ${JSON.stringify(answer)}`);
  };
  return {
    faults,
    enter,
    race: async () => {
      await Promise.all(writers.map((writer) => writer.isReady()));
      const atMs = soon();
      const answers = await Promise.all([open(0, atMs), open(1, atMs + skewMs)]);
      const [first, second] = answers.map((answer) => ('begunMs' in answer ? answer.begunMs : 0));
      if (Math.abs(first! - second!) < skewMsMax) atOnce += 1;
      const winners = ([0, 1] as const).filter((side) => answers[side].type === 'writer');
      sales += winners.length;
      if (winners.length !== 1) faults.push(`${winners.length} wrote: ${JSON.stringify(answers)}`);
      const [winner] = winners;
      if (winner !== undefined && winners.length === 1)
        judgeRefusal(answers[winner === 0 ? 1 : 0], winner);
    },
    isRefused: async (side) => {
      const before = named;
      judgeRefusal(await open(side, soon()), side === 0 ? 1 : 0);
      if (named === before) faults.push('the holder was not named');
    },
    enterWhileKilled: async (side, holder) => {
      await writers[side].isReady();
      const atMs = soon();
      const entering = open(side, atMs);
      while (performance.timeOrigin + performance.now() < atMs + skewMs);
      writers[holder].kill();
      const answer = await entering;
      await writers[holder].isGone();
      if (answer.type === 'writer') sales += 1;
      else {
        judgeRefusal(answer, undefined);
        await enter(side);
      }
    },
    leave: (side) => writers[side].release(),
    kill: async (side) => {
      writers[side].kill();
      await writers[side].isGone();
    },
    leaveBehind: ({ pid, journal }) => {
      writeFileSync(path.join(dataDir, holderFileName), JSON.stringify({ pid, sinceMs: 1 }));
      if (journal) writeFileSync(path.join(dataDir, `${lockFileName}-journal`), 'left behind');
    },
    sales: () => sales,
    named: () => named,
    atOnce: () => atOnce,
    end: async () => {
      for (const writer of writers) await writer.release();
    },
  };
}

/** A program that can be killed; it is started again when it is needed. */
interface Writer {
  /** It runs and listens: an order is followed to the microsecond. */
  isReady(): Promise<void>;
  open(order: WriterOrder): Promise<WriterAnswer>;
  release(): Promise<void>;
  kill(): void;
  isGone(): Promise<void>;
  /** Of the program that had the last order. */
  pid(): number;
}

function createWriter(): Writer {
  let running: ChildProcess | undefined;
  let gone: Promise<void> = Promise.resolve();
  let ready: Promise<void> = Promise.resolve();
  let pid = 0;
  const living = (): ChildProcess => {
    if (running) return running;
    const started = fork(child);
    running = started;
    pid = started.pid ?? 0;
    ready = new Promise((resolve) => started.once('message', () => resolve()));
    gone = new Promise((resolve) => {
      started.once('exit', () => {
        if (running === started) running = undefined;
        resolve();
      });
    });
    return started;
  };
  const ask = async (order: WriterOrder): Promise<WriterAnswer> => {
    const asked = living();
    await ready;
    return new Promise((resolve) => {
      const ended = (): void => resolve({ type: 'threw', detail: 'it ended' });
      asked.once('exit', ended);
      asked.once('message', (answer) => {
        asked.off('exit', ended);
        resolve(answer as WriterAnswer);
      });
      asked.send(order);
    });
  };
  return {
    isReady: () => {
      living();
      return ready;
    },
    open: ask,
    release: async () => {
      if (running) await ask({ type: 'release' });
    },
    kill: () => {
      const dying = running;
      running = undefined;
      dying?.kill('SIGKILL');
    },
    isGone: () => gone,
    pid: () => pid,
  };
}

/** What the two left, on a good day. */
function judge(dataDir: string): SalesCount {
  const { journal } = openTestJournal(dataDir);
  const found = countSales(journal.read);
  const trouble = journal.trouble();
  const openings = [...walkEntries(journal.read)].filter(({ type }) => type === 'store.opened');
  journal.close();
  const faults = [...found.faults];
  if (trouble !== undefined) faults.push(`the journal says ${trouble}`);
  if (openings.length !== 1) faults.push(`the journal began ${openings.length} times`);
  return { ...found, faults };
}
