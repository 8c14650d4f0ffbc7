import { setTimeout as pause } from 'node:timers/promises';
import { createDraw, type Draw } from '../draw.ts';
import { openHouse, type DatabaseBlow, type House } from './house.ts';
import type { StrikeMoment, Work } from './statement-watch.ts';
import { counted, type Counts, type Tier, type TierOutcome, type TierRun } from '../tier.ts';

export const databaseStops: Tier = {
  title: 'PostgreSQL stopped abruptly in the middle of a batch, and restarted',
  unit: 'stops',
  fullCount: 200,
  partCount: 50,
  missing: () =>
    process.platform === 'win32' ? 'Windows has no immediate stop by signal' : undefined,
  run: stopDatabaseOften,
  note: (counts) => {
    const of = (name: string): string => counted(counts, name);
    return (
      `${of('immediate')} immediate stops (the signal of \`pg_ctl stop -m immediate\`), ${of('backend')} kill -9 of the working ` +
      `backend, ${of('postmaster')} of the postmaster, each timed by a statement seen on the wire: ` +
      `${of('half said')} with part of the statement sent, ${of('inside taking')} inside the transaction that accepts a batch (${of('undone')} rolled back, ` +
      `${of('stored')} stored but unanswered), ${of('inside projecting')} inside the one that projects it, ` +
      `${of('answered')} just after its answer, ${of('between')} between batches. The cloud’s process kept running each time; ` +
      `every entry is in the cloud once, with its hash; the laws of the books hold. fsync on.`
    );
  },
  found:
    'The cloud’s process exited when PostgreSQL died between two queries of a transaction. Fixed, with a test in ' +
    'cloud/platform/postgres/connect.test.ts.',
};

/** The till's queue before each stop. */
const queuedSales = 30;
/** A batch must come within so long, or the stop falls between batches. */
const batchMsMax = 8_000;
/** About as long as taking a batch takes. */
const runningMicrosMax = 4_000;
const storedSql = 'select coalesce(sum(head_seq), 0) as stored from journal_head';

async function stopDatabaseOften({ count, seed, say }: TierRun): Promise<TierOutcome> {
  const draw = createDraw(`database/${seed}`);
  const house = await openHouse({});
  const counts: Record<string, number> = {};
  const tally = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  let forgotten = 0;
  try {
    for (let stop = 0; stop < count; stop += 1) {
      house.cloudLine.unplug();
      for (let sale = 0; sale < queuedSales; sale += 1) await house.sell();
      const before = await storedIn(house);
      const { landed, blow } = await stopAt(house, planStop(draw, stop));
      // The till never forgets an acknowledgement; the database must not either.
      const acknowledged = house.acknowledgedEntries();
      const stored = await storedIn(house);
      forgotten += Math.max(0, acknowledged - stored);
      tally(blow);
      tally(landed);
      if (landed === 'inside taking') tally(stored > before ? 'stored' : 'undone');
      say(`  stop ${stop + 1}: ${blow}, ${landed}; ${acknowledged} acknowledged, ${stored} stored`);
      house.cloudLine.plug();
    }
    const found = await house.settle();
    const faults =
      forgotten === 0
        ? found.faults
        : [...found.faults, `PostgreSQL forgot ${forgotten} acknowledged entries`];
    return { ...found, faults, tried: count, counts: counts satisfies Counts };
  } finally {
    await house.close();
  }
}

async function storedIn(house: House): Promise<number> {
  const [row] = await house.ask<{ stored: number }>(storedSql);
  return row?.stored ?? 0;
}

interface PlannedStop {
  readonly blow: DatabaseBlow['type'];
  readonly moment: StrikeMoment;
}

const blows = ['immediate', 'backend', 'postmaster'] as const;

/** Six of ten stops fall while a batch is taken, three while one is projected, one just after the answer. */
function planStop(draw: Draw, stop: number): PlannedStop {
  const of = (name: string): number => draw(`${name}/${stop}`);
  const blow = blows[stop % blows.length]!;
  const kind = of('kind');
  if (kind < 0.1) return { blow, moment: { type: 'answered', work: 'taking' } };
  const work: Work = kind < 0.7 ? 'taking' : 'projecting';
  const moment: StrikeMoment =
    of('half') < 0.25
      ? { type: 'half-said', work, share: of('share') }
      : { type: 'running', work, thenMicros: Math.floor(of('micros') * runningMicrosMax) };
  return { blow, moment };
}

type Landing = 'half said' | `inside ${Work}` | 'answered' | 'between';

const landingOf = (moment: StrikeMoment): Landing => {
  if (moment.type === 'half-said') return 'half said';
  return moment.type === 'answered' ? 'answered' : `inside ${moment.work}`;
};

/** Strikes at the planned moment; the line to the cloud is out from that very moment until the caller has looked. */
async function stopAt(
  house: House,
  { blow, moment }: PlannedStop,
): Promise<{ readonly landed: Landing; readonly blow: DatabaseBlow['type'] }> {
  const struck: Promise<void>[] = [];
  const strike = (hits: DatabaseBlow): void => {
    struck.push(house.strikeDatabase(hits));
    house.cloudLine.unplug();
  };
  house.statements.arm(moment, (pid) =>
    strike(blow === 'backend' ? { type: blow, pid } : { type: blow }),
  );
  house.cloudLine.plug();
  const deadlineMs = performance.now() + batchMsMax;
  while (struck.length === 0 && performance.now() < deadlineMs) await pause(pollMs);
  const isLate = house.statements.disarm();
  // Without a batch there is no backend that does its work.
  const late = blow === 'backend' ? 'postmaster' : blow;
  if (isLate) strike({ type: late });
  await Promise.all(struck);
  return isLate ? { landed: 'between', blow: late } : { landed: landingOf(moment), blow };
}

const pollMs = 5;
