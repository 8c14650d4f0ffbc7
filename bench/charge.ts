import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchTable } from './bench-table.ts';
import { startBenchChannel, type BenchChannel } from './charge/processes.ts';
import { chargeAtRate, startIngest, type ChargedOnce } from './charge/tills.ts';
import { startBenchCloud, type BenchCloud, type CountedStatement } from './drain/cloud.ts';
import { describeMachine } from './machine.ts';
import { quantile } from './statistics.ts';

/** `CHARGE_RATE=100 npm run bench -- charge` looks at another rate; the law is about this one. */
const perSecond = Number(process.env['CHARGE_RATE'] ?? 300);
const warmUpMs = 5_000;
const durationMs = Number(process.env['CHARGE_SECONDS'] ?? 20) * 1_000;
/** What a channel that answers at once would still take; a real one takes some hundred. */
const channelMs = 20;
const tillsCount = 600;
const ingestTills = 40;
const ingestEveryMs = 100;
const ingestOrders = 10;
const overheadMsMax = 5;
const limitRounds = 300;
/** So long the cloud is watched with its journals alone, to know what the charges cost. */
const asideMs = 5_000;
/**
 * `CHARGE_PROFILE=FOLDER` writes a profile of the cloud's process there; `CHARGE_STATEMENTS=1`
 * tells what the database ran.
 */
const profileFolder = process.env['CHARGE_PROFILE'];
const showsStatements = process.env['CHARGE_STATEMENTS'] === '1';
/** `CHARGE_EXPLAIN=FOLDER` keeps the database's log there, with the plan of every statement as it ran. */
const explainFolder = process.env['CHARGE_EXPLAIN'];

/**
 * What the cloud adds to a charge. Open loop: so many charges a second fall due, each measured from
 * when it was due, over real HTTP with a signature each, against the real cloud with fsync on and
 * the channel simulator in processes of their own, while other tills send their journals. The
 * overhead of a charge is the time to its answer less the time that the channel itself took over
 * this very charge. All of it shares the machine: load, cloud, database and channel.
 */
export async function runChargeBench(): Promise<BenchTable> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-charge-'));
  const keys = join(folder, 'channel');
  mkdirSync(keys);
  const channel = await startBenchChannel({ folder: keys, delayMs: channelMs });
  const environment = {
    CHANNEL_URL: channel.baseUrl,
    CHANNEL_KEYS: keys,
    ...(profileFolder === undefined
      ? {}
      : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileFolder}` }),
  };
  const cloud = await startBenchCloud(join(folder, 'cloud'), environment, {
    countsStatements: true,
    explains: explainFolder !== undefined,
  });
  try {
    const terminals = await cloud.plantTerminals(tillsCount);
    await cloud.openChannels(terminals);
    const limitMs = await cloud.bareInsertsMs(limitRounds);
    const ingest = startIngest({
      tills: terminals.slice(0, ingestTills),
      everyMs: ingestEveryMs,
      ordersPerBatch: ingestOrders,
    });
    const load = { tills: terminals, origin: cloud.origin, perSecond };
    await chargeAtRate({ ...load, durationMs: warmUpMs });
    const aside = await meterOf({ cloud, channel }, () => sleep(asideMs));
    const { value: charges, ...work } = await meterOf({ cloud, channel }, async () => {
      const all = await chargeAtRate({ ...load, durationMs });
      return all;
    });
    const ingested = await ingest.end();
    return tableOf({
      charges,
      channelMs: await channel.latenciesMs(),
      limitMs,
      ingested,
      work: lessOf(work, aside),
      limitAfterMs: await cloud.bareInsertsMs(limitRounds),
    });
  } finally {
    await cloud.stop();
    await channel.stop();
    if (explainFolder !== undefined)
      copyFileSync(
        join(folder, 'cloud', 'postgres', 'postgres.log'),
        join(explainFolder, 'postgres.log'),
      );
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a time cost: the cloud's process, its database, and the statements that ran there. */
interface Work {
  readonly lastedMs: number;
  readonly cloudMs: number;
  readonly databaseMs: number;
  /** Who asks and who is asked: they share the machine, and are none of the product. */
  readonly loadMs: number;
  readonly channelMs: number;
  readonly statements: number;
}

interface Metered {
  readonly cloud: BenchCloud;
  readonly channel: BenchChannel;
}

const ownMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

const countOf = (all: readonly CountedStatement[]): number =>
  all.reduce((sum, { calls }) => sum + calls, 0);

async function meterOf<T>(
  { cloud, channel }: Metered,
  during: () => Promise<T>,
): Promise<Work & { readonly value: T }> {
  const before = await cloud.statements();
  const [startedMs, cloudMs] = [performance.now(), cloud.workMs()];
  const databaseMs = cloud.databaseWorkMs();
  const [loadBefore, channelBefore] = [ownMs(), channel.workMs()];
  const value = await during();
  const after = await cloud.statements();
  if (showsStatements) showMost(before, after);
  return {
    value,
    lastedMs: performance.now() - startedMs,
    cloudMs: cloud.workMs() - cloudMs,
    databaseMs: cloud.databaseWorkMs() - databaseMs,
    loadMs: ownMs() - loadBefore,
    channelMs: channel.workMs() - channelBefore,
    statements: countOf(after) - countOf(before),
  };
}

/** Work less what the same time costs without charges: journals, polls. */
function lessOf(work: Work, aside: Work): Omit<Work, 'lastedMs'> {
  const part = work.lastedMs / aside.lastedMs;
  return {
    cloudMs: work.cloudMs - aside.cloudMs * part,
    databaseMs: work.databaseMs - aside.databaseMs * part,
    loadMs: work.loadMs - aside.loadMs * part,
    channelMs: work.channelMs - aside.channelMs * part,
    statements: work.statements - aside.statements * part,
  };
}

const wide = (text: string): string => text.padStart(7);

function showMost(before: readonly CountedStatement[], after: readonly CountedStatement[]): void {
  const known = new Map(before.map((one) => [one.text, one]));
  const ran = after.map((one) => {
    const earlier = known.get(one.text) ?? { calls: 0, tookMs: 0, planMs: 0, pages: 0 };
    return {
      calls: one.calls - earlier.calls,
      tookMs: one.tookMs - earlier.tookMs,
      planMs: one.planMs - earlier.planMs,
      pages: one.pages - earlier.pages,
      text: one.text.replaceAll(/\s+/g, ' ').slice(0, 110),
    };
  });
  const most = ran.toSorted((a, b) => b.tookMs - a.tookMs).slice(0, 60);
  for (const { calls, tookMs, planMs, pages, text } of most.filter((one) => one.calls > 0))
    console.log(
      `  ${wide(String(calls))} x  ${wide(tookMs.toFixed(0))} ms, planned ${wide(planMs.toFixed(0))} ms, ` +
        `${wide((pages / calls).toFixed(1))} pages a call  ${text}`,
    );
}

interface Found {
  readonly charges: readonly ChargedOnce[];
  readonly channelMs: Readonly<Record<string, number>>;
  readonly limitMs: Awaited<ReturnType<BenchCloud['bareInsertsMs']>>;
  readonly limitAfterMs: Awaited<ReturnType<BenchCloud['bareInsertsMs']>>;
  readonly ingested: { readonly entries: number; readonly failed: number };
  /** Of the charges alone. */
  readonly work: Omit<Work, 'lastedMs'>;
}

const tenths = (value: number): number => Math.round(value * 10) / 10;
const hundredths = (value: number): number => Math.round(value * 100) / 100;

/** A quantile as the table shows it. */
const shown = (values: readonly number[], part: number): number => tenths(quantile(values, part));

const row = (name: string, value: number, unit = 'ms') => ({ name, value, unit });

function tableOf(found: Found): BenchTable {
  const { charges, ingested } = found;
  const paid = charges.filter(({ says }) => says === 'paid');
  const ofChannel = (one: ChargedOnce) => found.channelMs[one.outTradeNo] ?? 0;
  const overheads = paid.map((one) => one.tookMs - ofChannel(one));
  const totals = paid.map(({ tookMs }) => tookMs);
  const channel = paid.map(ofChannel);
  const limits = [...found.limitMs, ...found.limitAfterMs];
  const others = new Set(
    charges.filter(({ says }) => says !== 'paid').map((one) => `${one.status} ${one.says}`),
  );
  const p99 = shown(overheads, 0.99);
  const limitP99 = shown(limits, 0.99);
  const n = charges.length;
  return {
    name: 'charge',
    machine: describeMachine(),
    settings: [
      `${perSecond} charges/s for ${durationMs / 1000} s in an open loop, ${tillsCount} tills of ${tillsCount / 20} shops, each request signed (Ed25519)`,
      `the channel takes ${channelMs} ms over each payment by rule; what it took beyond is its own work on this machine`,
      `beside it ${(ingestOrders * 2 * 1000) / ingestEveryMs} journal entries/s in signed batches, folded and booked: ${ingested.entries} taken, ${ingested.failed} batches failed`,
      'PostgreSQL 18, fsync on, synchronous_commit on; load, cloud, database and channel share the machine',
    ],
    rows: [
      row('overhead of the cloud, p50', shown(overheads, 0.5)),
      row('overhead of the cloud, p90', shown(overheads, 0.9)),
      {
        ...row('overhead of the cloud, p99 (ratio: a bare insert to it)', p99),
        ratio: limitP99 / p99,
      },
      row('till to answer, p50', shown(totals, 0.5)),
      row('till to answer, p99', shown(totals, 0.99)),
      row('the channel itself, p50', shown(channel, 0.5)),
      row('the channel itself, p99', shown(channel, 0.99)),
      row('limit: a bare insert with fsync, p50', shown(limits, 0.5)),
      row('limit: a bare insert with fsync, p99', limitP99),
      row("processor of the cloud's process, per charge", hundredths(found.work.cloudMs / n)),
      row('processor of its database, per charge', hundredths(found.work.databaseMs / n)),
      row('processor of the load, per charge', hundredths(found.work.loadMs / n)),
      row('processor of the channel, per charge', hundredths(found.work.channelMs / n)),
      row('statements per charge', tenths(found.work.statements / n), ''),
      row('charges paid', paid.length, 'charges'),
    ],
    verdicts: [
      {
        law: 'every charge is paid, none is refused or lost',
        measured: `${paid.length} of ${charges.length}${others.size === 0 ? '' : `; ${[...others].slice(0, 5).join(', ')}`}`,
        ok: paid.length === charges.length,
      },
      {
        law: `the cloud adds at most ${overheadMsMax} ms to 99 of 100 charges`,
        measured: `p99 ${p99} ms`,
        ok: p99 <= overheadMsMax,
      },
    ],
  };
}
