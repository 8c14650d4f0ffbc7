import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchTable } from './bench-table.ts';
import { startBenchChannel } from './charge/processes.ts';
import { chargeAtRate, startIngest, type ChargedOnce } from './charge/tills.ts';
import { startBenchCloud, type BenchCloud } from './drain/cloud.ts';
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

/**
 * What the cloud adds to a charge. Open loop: so many charges a second fall due, each measured from when it was due, over
 * real HTTP with a signature each, against the real cloud with fsync on and the channel simulator in processes of their
 * own, while other tills send their journals. The overhead of a charge is the time to its answer less the time that the
 * channel itself took over this very charge. All of it shares the machine: load, cloud, database and channel.
 */
export async function runChargeBench(): Promise<BenchTable> {
  const folder = mkdtempSync(join(tmpdir(), 'greentill-charge-'));
  const keys = join(folder, 'channel');
  mkdirSync(keys);
  const channel = await startBenchChannel({ folder: keys, delayMs: channelMs });
  const cloud = await startBenchCloud(join(folder, 'cloud'), {
    CHANNEL_URL: channel.baseUrl,
    CHANNEL_KEYS: keys,
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
    const workBeforeMs = cloud.workMs();
    const charges = await chargeAtRate({ ...load, durationMs });
    const workMs = cloud.workMs() - workBeforeMs;
    const ingested = await ingest.end();
    return tableOf({
      charges,
      channelMs: await channel.latenciesMs(),
      limitMs,
      ingested,
      workMs,
      limitAfterMs: await cloud.bareInsertsMs(limitRounds),
    });
  } finally {
    await cloud.stop();
    await channel.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Found {
  readonly charges: readonly ChargedOnce[];
  readonly channelMs: Readonly<Record<string, number>>;
  readonly limitMs: Awaited<ReturnType<BenchCloud['bareInsertsMs']>>;
  readonly limitAfterMs: Awaited<ReturnType<BenchCloud['bareInsertsMs']>>;
  readonly ingested: { readonly entries: number; readonly failed: number };
  /** Processor time of the cloud's own process. */
  readonly workMs: number;
}

const tenths = (value: number): number => Math.round(value * 10) / 10;

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
      row("the cloud process's own work per charge", tenths(found.workMs / charges.length)),
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
