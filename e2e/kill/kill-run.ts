import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { PrinterSimulator } from '#drivers/simulator/printer/printer-simulator.ts';
import { journalFileName } from '#terminal/agent/journal/open-store.ts';
import type { Stage } from '../stage/stage.ts';
import type { SaleRecord } from './evidence.ts';
import {
  gatherEvidence,
  readCloudHeads,
  readJournal,
  type EvidenceDeps,
} from './gather-evidence.ts';
import { groupBy } from './group-by.ts';
import {
  planKills,
  type CloudStrike,
  type KillCounts,
  type PlannedSale,
  type TillStrike,
} from './kill-plan.ts';
import { isTaken, judge, type Violation } from './oracles.ts';
import { sell, type Strikes } from './sell.ts';
import type { Aim, Blow, Striker } from './striker.ts';
import { setOwnerPin } from './sell-on-trust.ts';
import { openTillDesk, type TillDesk } from './till-desk.ts';

export interface KillOptions extends KillCounts {
  readonly stage: Stage;
  readonly say: (text: string) => void;
  readonly striker: Striker;
  /** What is sold, instead of the plan of the counts and the seed. */
  readonly plans?: readonly PlannedSale[];
  /** One after the other: shops that share a cloud kill it in turn. */
  readonly inTurn: InTurn;
}

/** Runs `work` when all that was given to it before has ended. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

export interface KillReport {
  readonly sales: readonly SaleRecord[];
  readonly tillKills: number;
  readonly cloudKills: number;
  /** Of both: till and cloud in the same moment. */
  readonly doubleKills: number;
  /** Of the till’s: inside a commit, at the write that the kill waited for. */
  readonly writeKills: number;
  /** Acknowledged sales that are missing on the till or in the cloud. */
  readonly lostCount: number;
  /** Sales that stand twice on the till, in the cloud, or in the books of the channel or the box. */
  readonly doubledCount: number;
  readonly entryCount: number;
  readonly paperCount: number;
  /** Where the receipts of the taken sales stand on the till: printed, unknown after a kill in the middle. */
  readonly receiptStates: ReadonlyMap<string, number>;
  readonly channelCharges: number;
  readonly boxCharges: number;
  readonly violations: readonly Violation[];
  readonly durationMs: number;
}

/** Sells, kills, restarts, waits until everything is at rest, and then asks every book. Throws when the till hangs. */
export async function runKills(options: KillOptions): Promise<KillReport> {
  const startedMs = performance.now();
  const { stage, say } = options;
  const desk = openTillDesk(stage);
  const paper = collectPaper(stage.bench.printer);
  const plans = options.plans ?? planKills(options);
  const sales: SaleRecord[] = [];
  const killed: Killed = { till: 0, cloud: 0, both: 0, atWrite: 0 };
  try {
    await setOwnerPin(desk);
    for (const [index, plan] of plans.entries()) {
      sales.push(await sellUnderFire({ ...options, desk }, plan, killed));
      if ((index + 1) % sayEverySales === 0 || index + 1 === plans.length)
        say(progressLine(sales, killed, performance.now() - startedMs));
    }
    say('the last sale is rung up; waiting until everything is at rest …');
    const deps: EvidenceDeps = { stage, desk };
    await untilAtRest(deps);
    const evidence = { ...(await gatherEvidence(deps)), sales, paper: paper() };
    const violations = judge(evidence);
    const of = (...names: readonly Violation['oracle'][]): readonly string[] =>
      violations.filter(({ oracle }) => names.includes(oracle)).map(({ detail }) => detail);
    const missing = of('acknowledged is kept', 'the cloud has the same orders');
    const doubled = [
      ...of('nothing is doubled'),
      ...of('the channel’s books agree', 'the box’s books agree').filter((detail) =>
        / charged \d+ times/.test(detail),
      ),
    ];
    return {
      sales,
      tillKills: killed.till,
      cloudKills: killed.cloud,
      doubleKills: killed.both,
      writeKills: killed.atWrite,
      lostCount: missing.length,
      doubledCount: doubled.length,
      entryCount: evidence.journal.reduce((sum, { entries }) => sum + entries.length, 0),
      paperCount: evidence.paper.length,
      receiptStates: countBy(
        evidence.tillOrders.filter((order) => isTaken(order.state)),
        (order) => order.receipt,
      ),
      channelCharges: evidence.channelBooks.filter((line) => line.state === 'SUCCESS').length,
      boxCharges: evidence.boxBooks.length,
      violations,
      durationMs: performance.now() - startedMs,
    };
  } finally {
    desk.close();
  }
}

const countBy = <V>(
  items: readonly V[],
  nameOf: (item: V) => string,
): ReadonlyMap<string, number> =>
  new Map([...groupBy(items, nameOf)].map(([name, group]) => [name, group.length]));

const sayEverySales = 20;

function progressLine(
  sales: readonly SaleRecord[],
  killed: { readonly till: number; readonly cloud: number },
  elapsedMs: number,
): string {
  const count = (told: SaleRecord['told']): number =>
    sales.filter((sale) => sale.told === told).length;
  return (
    `${String(sales.length).padStart(5)} sales: ${count('taken')} taken, ` +
    `${count('promised') + count('kept')} on trust, ${count('not-paid')} not paid, ` +
    `${count('nothing')} never begun; kills: till ${killed.till}, cloud ${killed.cloud}; ` +
    `${(elapsedMs / 1000).toFixed(0)} s`
  );
}

type Killed = { [Kind in 'till' | 'cloud' | 'both' | 'atWrite']: number };

/** When a write does not come, the till is killed so long after the call all the same. */
const writeMsMax = 400;

async function sellUnderFire(
  deps: Pick<KillOptions, 'stage' | 'striker' | 'inTurn'> & { readonly desk: TillDesk },
  plan: PlannedSale,
  killed: Killed,
): Promise<SaleRecord> {
  const { stage, inTurn } = deps;
  const { tillStrike, cloudStrike } = plan;
  const isBoth = cloudStrike?.moment === 'with-till';
  const killTill = async (strike: TillStrike, struck: Blow['struck']): Promise<void> => {
    const gone = struck.then(() => undefined);
    await Promise.all([stage.killTill(gone), isBoth ? stage.killCloud(gone) : undefined]);
    killed.till += 1;
    if ((await struck).atWrite) killed.atWrite += 1;
    if (isBoth) {
      killed.cloud += 1;
      killed.both += 1;
    }
    await Promise.all([
      backAfter(strike.downMs, () => stage.startTill()),
      isBoth ? backAfter(cloudStrike.downMs, () => stage.startCloud()) : undefined,
    ]);
  };
  const killCloud = async ({ downMs }: CloudStrike): Promise<void> => {
    await stage.killCloud();
    killed.cloud += 1;
    await backAfter(downMs, () => stage.startCloud());
  };

  if (tillStrike?.moment === 'before-sale') {
    await pause(tillStrike.delayMs);
    await killTill(tillStrike, Promise.resolve({ atWrite: false }));
  }
  const called = signal();
  const ready = signal();
  const strikeTill = async (strike: TillStrike): Promise<void> => {
    const { struck } = await deps.striker.aim(aimOf(strike, stage, isBoth));
    ready.give();
    await killTill(strike, struck);
  };
  const isStruckInCall = tillStrike !== undefined && tillStrike.moment !== 'before-sale';
  const armed = signal();
  const tillBack = isStruckInCall
    ? armed.given.then(() =>
        isBoth ? inTurn(() => strikeTill(tillStrike)) : strikeTill(tillStrike),
      )
    : undefined;
  const cloudBack =
    cloudStrike?.moment === 'after-call'
      ? called.given
          .then(() => pause(cloudStrike.delayMs))
          .then(() => inTurn(() => killCloud(cloudStrike)))
      : undefined;
  const strikes: Strikes = {
    ready: async () => {
      armed.give();
      if (tillBack) await Promise.race([ready.given, tillBack]);
    },
    callSent: called.give,
    tillBack,
  };
  const [record] = await Promise.all([sell(deps, plan, strikes), tillBack, cloudBack]);
  return record;
}

async function backAfter(downMs: number, start: () => Promise<void>): Promise<void> {
  await pause(downMs);
  await start();
}

function aimOf(strike: TillStrike, stage: Stage, isBoth: boolean): Aim {
  const { till, cloud } = stage.pids();
  const pids = isBoth ? [till, cloud] : [till];
  if (strike.moment !== 'at-write')
    return { pids, atWrite: undefined, thenMicros: 0, latestMs: strike.delayMs };
  const file = path.join(stage.folder, 'till', `${journalFileName}-wal`);
  const { write, thenMicros } = strike;
  return { pids, atWrite: { file, number: write }, thenMicros, latestMs: writeMsMax };
}

/** Something that happens once. */
function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give: (() => void) | undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give?.() };
}

/**
 * Everything that was printed, torn off piece by piece: the simulator's roll keeps only the last
 * thousands of lines.
 */
function collectPaper(printer: PrinterSimulator): () => readonly (readonly string[])[] {
  const pieces: (readonly string[])[] = [];
  const tearOff = (): void => {
    if (printer.paper().at(-1)?.type !== 'cut') return;
    pieces.push(...printer.receipts().map((receipt) => receipt.lines));
    printer.clearPaper();
  };
  printer.onChange(tearOff);
  return () => [...pieces, ...printer.receipts().map((receipt) => receipt.lines)];
}

const restMsMax = 240_000;
const restPauseMs = 500;

/** Nothing unsent, nothing pending, nothing waiting for the printer, and both sides at the same entry. */
async function untilAtRest(deps: EvidenceDeps): Promise<void> {
  const deadlineMs = performance.now() + restMsMax;
  while (performance.now() < deadlineMs) {
    if (await isAtRest(deps)) return;
    await pause(restPauseMs);
  }
  // Not an error of its own: the oracles say what is still open.
}

async function isAtRest({ stage, desk }: EvidenceDeps): Promise<boolean> {
  const status = await desk.look('status.get', {});
  const today = await desk.look('today.get', {});
  if (!status.ok || !today.ok || !status.value.online || status.value.unsentCount > 0) return false;
  const newest = await desk.look('orders.list', { limit: 200 });
  if (!newest.ok || newest.value.rows.some((row) => row.receipt === 'queued')) return false;
  const { pendingFen, offlineFen, turnoverFen, tomorrow } = today.value;
  if (pendingFen + offlineFen > 0 || tomorrow?.cloudTurnoverFen !== turnoverFen) return false;
  const waiting = await stage.database.pool.query<{ count: number }>(
    'select count(*) as count from journal_head where projected_seq < head_seq',
  );
  if (Number(waiting.rows[0]?.count) > 0) return false;
  const heads = new Map((await readCloudHeads(stage)).map((head) => [head.epoch, head.headSeq]));
  return readJournal(stage.folder).every(
    ({ epoch, entries }) => heads.get(epoch) === entries.length,
  );
}
