import { sql } from 'drizzle-orm';
import { systemClock } from '#drivers/core/system-ports.ts';
import { newId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { openMerchantChannels } from '#cloud/payments/merchant-channels.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { createChannelHealth } from '#cloud/payments/routing/channel-health.ts';
import { routeAndReserve } from '#cloud/payments/routing/route-and-reserve.ts';
import {
  routeCharge,
  routeSeed,
  type RouteCandidate,
} from '#cloud/payments/routing/route-charge.ts';
import { createPaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { setup as startTestCluster } from '#cloud/platform/testing/test-cluster.ts';
import { describeMachine } from './machine.ts';
import { quantile } from './statistics.ts';
import type { BenchTable } from './bench-table.ts';

/** The decision itself with eight candidates, health looked up for each; and apart from it what the database adds. */
const channelCount = 8;
const decisions = 50_000;
const warmUp = 5_000;
const reservations = 500;
const p99MicrosMax = 200;

const row = (name: string, values: readonly number[], at: number) => ({
  name,
  value: Number((quantile(values, at) * 1_000).toFixed(1)),
  unit: 'µs',
});

export async function runRouteBench(): Promise<BenchTable> {
  const pure = decide();
  const database = await reserve();
  const p99Micros = quantile(pure, 0.99) * 1_000;
  return {
    name: 'route',
    machine: describeMachine(),
    settings: [
      `${channelCount} candidates, all open, of one priority: the draw is the longest way`,
      'database: one merchant, one connection after the other, fsync off',
    ],
    rows: [
      row('decision with its view of health, p50', pure, 0.5),
      row('decision with its view of health, p99', pure, 0.99),
      row('read limits and use, decide, reserve, commit: p50', database, 0.5),
      row('read limits and use, decide, reserve, commit: p99', database, 0.99),
    ],
    verdicts: [
      {
        law: `a decision takes at most ${p99MicrosMax} µs (p99, ${channelCount} candidates)`,
        measured: `${p99Micros.toFixed(1)} µs over ${decisions} decisions`,
        ok: p99Micros <= p99MicrosMax,
      },
    ],
  };
}

function decide(): readonly number[] {
  const health = createChannelHealth();
  const names = Array.from({ length: channelCount }, (_, n) => `channel-${n}`);
  const took: number[] = [];
  for (let n = -warmUp; n < decisions; n += 1) {
    const merchantId = `mch_${n % 1_000}`;
    const nowMs = 1_790_000_000_000 + n;
    const channel = names[Math.abs(n) % channelCount]!;
    const event = n % 7 === 0 ? 'bad' : 'good';
    health.saw({ channel, merchantId }, { event, latencyMs: 100 + (Math.abs(n) % 50) }, nowMs);
    const from = systemClock.monotonicMs();
    const candidates = names.map((one, index) =>
      candidateOf(one, index, health.view({ channel: one, merchantId }, nowMs)),
    );
    const seed = routeSeed(merchantId, 1);
    const decision = routeCharge({ amountFen: fen(1_234), minute: 600, seed, candidates });
    const ms = systemClock.monotonicMs() - from;
    assert(decision.candidates.length === channelCount, () => 'a candidate is missing');
    if (n >= 0) took.push(ms);
  }
  return took;
}

const candidateOf = (
  channel: string,
  index: number,
  health: RouteCandidate['health'],
): RouteCandidate => ({
  channel,
  priority: 1,
  weight: 100 + index,
  feeBp: 20 + index,
  health,
  limit: {
    perTxnMinFen: 1,
    perTxnMaxFen: 5_000_000,
    dayQuotaFen: 1_000_000_000,
    dayCountMax: 10_000,
    monthQuotaFen: 10_000_000_000,
    monthCountMax: 100_000,
    openFromMinute: 0,
    openUntilMinute: 1_440,
  },
  use: { dayFen: 1_000, dayCount: 10, monthFen: 10_000, monthCount: 100 },
});

async function reserve(): Promise<readonly number[]> {
  const stop = startTestCluster();
  const bench = await createPaymentBench();
  try {
    const { deps, till, clock } = bench;
    const channels = Array.from({ length: channelCount }, (_, n) => ({
      channel: `channel-${n}`,
      channelMerchantNo: bench.merchantNo,
      wallets: ['unionpay' as const],
      priority: 1,
      perTxnMaxFen: 5_000_000,
      dayQuotaFen: 100_000_000_000,
    }));
    await openMerchantChannels(deps.db, { ...till, channels });
    await deps.db.execute(sql`delete from merchant_channel where channel = 'unionpay'`);
    const profile = deps.channels.get('unionpay')?.profile;
    assert(profile !== undefined, () => 'the bench has the wallet UnionPay');
    const adapters = new Map(channels.map(({ channel }) => [channel, { profile }]));
    const took: number[] = [];
    for (let n = 0; n < reservations; n += 1) {
      const nowMs = clock.nowMs();
      const request = {
        ...till,
        orderId: newId('ord', bench.cloud.deps),
        attempt: 1,
        wallet: 'unionpay' as const,
        netFen: fen(1_234),
        quotaDate: accountingDate(nowMs),
      };
      const from = systemClock.monotonicMs();
      const routed = await deps.db.transaction((tx) =>
        routeAndReserve(tx, request, { health: deps.health, channels: adapters, nowMs }),
      );
      took.push(systemClock.monotonicMs() - from);
      assert(routed.taken !== undefined, () => 'a channel takes it');
    }
    return took;
  } finally {
    await bench.close();
    stop();
  }
}
