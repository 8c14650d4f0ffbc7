import type { ChargeStatus } from '#shared/wire/v1/charges.ts';
import type { OrderId } from '#shared/ids/ids.ts';
import type { Channel } from '#cloud/channel/channel.ts';
import { cancelCharge, startCharge, type TillIdentity } from '#cloud/payments/charge.ts';
import { openMerchantChannels } from '#cloud/payments/merchant-channels.ts';
import type { OfflineSettlementDeps } from '#cloud/payments/offline/settlement.ts';
import { runPaymentsOnce } from '#cloud/payments/payment-worker.ts';
import {
  createPaymentBench,
  provisionTill,
  type PaymentBench,
} from '#cloud/payments/testing/payment-bench.ts';
import { listUndecided } from '#cloud/payments/undecided.ts';
import {
  setup as startTestCluster,
  testClusterVariable,
} from '#cloud/platform/testing/test-cluster.ts';
import { chaosShareDefault, createChaos } from '#cloud/channel-simulator/chaos.ts';
import { compareBooks } from './charge-books.ts';
import { createDraw, type Draw } from '../draw.ts';
import { counted, type Tier, type TierOutcome, type TierRun } from '../tier.ts';

export const charges: Tier = {
  title: 'Charges against a channel that fails one request in five, in virtual time',
  unit: 'charges',
  fullCount: 100_000,
  partCount: 5_000,
  missing: () => undefined,
  run: async (run) => {
    const isOurs = process.env[testClusterVariable] === undefined;
    const stop = isOurs ? startTestCluster() : undefined;
    try {
      return await chargeUnderFaults(run);
    } finally {
      stop?.();
      // The next part starts one of its own.
      if (isOurs) delete process.env[testClusterVariable];
    }
  },
  note: (counts) => {
    const of = (name: string): string => counted(counts, name);
    return (
      `${of('requests')} requests to the channel, of which ${of('line faults')} failed on the line (lost, unanswered, forged, garbled, ` +
      `rate-limited); one payment code in five waits, never pays, breaks off, lies or is refused; the cloud died ${of('deaths')} times with ` +
      `a charge sent; ${of('cancels')} cancels, ${of('repeats')} repeated requests, ${of('second attempts')} second attempts. ` +
      `Outcome: ${of('paid')} paid, ${of('failed')} failed, ${of('reversed')} reversed, ${of('refunded-late')} found paid too late and refunded, ` +
      `${of('refused')} refused before anything was sent. ` +
      `${of('late')} took more than 90 s, and all of them were listed as exceptions. ` +
      'The simulator’s books, our ledger and the bill agree to the fen, order by order; quotas contain exactly what was paid; ' +
      'the laws of the books hold. Real payment code, real PostgreSQL (fsync off), each part across midnight at the end of a month.'
    );
  },
  found: 'nothing so far.',
};

/** How many charges leave in one second of virtual time. */
const perSecond = 16;
const stepMs = 1_000;
/** The last day of a month in Shanghai, shortly before midnight. */
const midnightMs = Date.parse('2026-10-01T00:00:00+08:00');
const beforeMidnightMs = 120_000;
/** Every unknown must have ended within so long: the janitor's pauses are part of the run. */
const quietMsMax = 30 * 86_400_000;

const faultShare = chaosShareDefault;
const wallets = ['wechat', 'alipay', 'unionpay'] as const;
const codeStarts = { wechat: '13', alipay: '28', unionpay: '62' } as const;
const troubles = ['02', '03', '04', '05', '06', '07', '08', '09', '12', '13'] as const;

interface Play {
  readonly bench: PaymentBench;
  readonly tills: readonly TillIdentity[];
  readonly draw: Draw;
  readonly counts: Record<string, number>;
  readonly tally: (name: string, by?: number) => void;
  /** Orders that were seen in the list of exceptions. */
  readonly listed: Set<string>;
  deps: OfflineSettlementDeps;
}

/** One part: `count` charges at an even pace, their faults by seed, then on until nothing is open; then every book. */
export async function chargeUnderFaults(
  { count, seed, say }: TierRun,
  bend: (channel: Channel) => Channel = (channel) => channel,
): Promise<TierOutcome> {
  const bench = await createPaymentBench({ startMs: midnightMs - beforeMidnightMs });
  const play = await openPlay(bench, seed);
  const { counts, tally, draw } = play;
  let requests = 0;
  const chaos = createChaos({ seed: `charges/${seed}`, share: faultShare });
  bench.simulator.setFaults(() => {
    requests += 1;
    const fault = chaos();
    if (fault !== 'none') tally('line faults');
    return fault;
  });
  const alive = (): void => {
    play.deps = mortal(bench.restarted(), play, bend);
  };
  alive();
  try {
    // What is refused before anything was sent is no charge: others come in its place.
    for (let made = 0, number = 0, second = 0; made < count; second += 1) {
      const numbers = Array.from(
        { length: Math.min(perSecond, count - made) },
        (_, n) => number + n,
      );
      number += numbers.length;
      const sold = await Promise.all(numbers.map((one) => sell(play, one)));
      made += sold.filter(Boolean).length;
      await passTime(play, bench.clock.nowMs() + stepMs);
      // A restarted process forgets what it knew of the channels' health.
      if (draw(`restart/${second}`) < 0.01) alive();
      if (second % 60 === 59) say(`    ${made} of ${count}`);
    }
    const untilMs = bench.clock.nowMs() + quietMsMax;
    while ((await openCount(play)) > 0 && bench.clock.nowMs() < untilMs)
      await passTime(play, bench.clock.nowMs() + stepMs * 5);
    tally('requests', requests);
    const found = await compareBooks({ bench, listed: play.listed, tally });
    return { ...found, tried: count, counts };
  } finally {
    await bench.close();
  }
}

async function openPlay(bench: PaymentBench, seed: number): Promise<Play> {
  const counts: Record<string, number> = {};
  const tally = (name: string, by = 1): void => void (counts[name] = (counts[name] ?? 0) + by);
  const second = await provisionTill(bench.cloud, '1900000110');
  for (const [{ operatorId, merchantId }, no, isTight] of [
    [bench.till, bench.merchantNo, false],
    [second, '1900000110', true],
  ] as const) {
    const channels = wallets.map((wallet, index) => ({
      channel: wallet,
      channelMerchantNo: no,
      wallets: [wallet],
      priority: index + 1,
      perTxnMaxFen: 5_000_000,
      dayQuotaFen: 100_000_000_000,
      // One shop runs into its limit of a day, and into that of a month.
      ...(isTight && wallet === 'unionpay' ? { dayCountMax: 200 } : {}),
      ...(isTight && wallet === 'alipay' ? { monthCountMax: 200 } : {}),
    }));
    await openMerchantChannels(bench.deps.db, { operatorId, merchantId, channels });
  }
  const tills = [bench.till, second];
  const draw = createDraw(`charges/${seed}`);
  return { bench, tills, draw, counts, tally, listed: new Set(), deps: bench.deps };
}

/** The process dies after a charge that was sent: nobody hears the answer. */
class Died extends Error {}
const deathShare = 0.01;

function mortal(
  deps: OfflineSettlementDeps,
  { draw, tally }: Play,
  bend: (channel: Channel) => Channel,
): OfflineSettlementDeps {
  const channels = [...deps.channels].map(([name, plain]) => {
    const channel = bend(plain);
    const charge: Channel['charge'] = async (order) => {
      const answered = await channel.charge(order);
      if (draw(`death/${order.authCode}`) >= deathShare) return answered;
      tally('deaths');
      throw new Died('the process died');
    };
    return [name, { ...channel, charge }] as const;
  });
  return { ...deps, channels: new Map(channels) };
}

/** False when the charge was refused before anything was sent. */
async function sell(play: Play, number: number): Promise<boolean> {
  const { draw, tally } = play;
  const of = (name: string): number => draw(`${name}/${number}`);
  const till = play.tills[Math.floor(of('till') * play.tills.length)]!;
  const wallet = wallets[Math.floor(of('wallet') * wallets.length)]!;
  const suffix =
    of('trouble') < faultShare ? troubles[Math.floor(of('suffix') * troubles.length)]! : '01';
  const request = play.bench.request(suffix, {
    wallet,
    authCode: `${codeStarts[wallet]}${String(number).padStart(wallet === 'unionpay' ? 15 : 14, '0')}${suffix}`,
    amountFen: 100 + Math.floor(of('amount') ** 3 * 50_000),
  });
  const isRepeated = of('repeat') < 0.05;
  if (isRepeated) tally('repeats');
  const answers = await Promise.all(
    (isRepeated ? [request, request] : [request]).map((one) => submit(play, till, one)),
  );
  if (answers.includes('failed') && of('again') < 0.5) {
    tally('second attempts');
    const authCode = `${request.authCode.slice(0, 2)}9${request.authCode.slice(3, -2)}01`;
    await submit(play, till, { ...request, attempt: 2, authCode });
    return true;
  }
  if (answers.every((answer) => answer === 'refused')) return false;
  if (of('cancel') >= 0.05) return true;
  tally('cancels');
  const key = { ...till, orderId: request.orderId as OrderId, attempt: 1 };
  await cancelCharge(play.deps, till, key);
  return true;
}

async function submit(
  { deps, tally }: Play,
  till: TillIdentity,
  request: Parameters<typeof startCharge>[2],
): Promise<ChargeStatus | 'refused' | 'died'> {
  try {
    const charge = await startCharge(deps, till, request);
    if (charge.ok) return charge.value.status;
    tally('refused');
    return 'refused';
  } catch (cause) {
    if (cause instanceof Died) return 'died';
    throw cause;
  }
}

/** Does what falls due on the way, in steps of a second, and looks at the list of exceptions as a person would. */
async function passTime({ bench, deps, tills, listed }: Play, untilMs: number): Promise<void> {
  bench.clock.advanceTo(untilMs);
  while ((await runPaymentsOnce(deps)) > 0);
  const nowMs = bench.clock.nowMs();
  for (const till of tills)
    for (const one of await listUndecided(deps.db, { ...till, nowMs }))
      listed.add(`${one.orderId}/${one.attempt}`);
}

async function openCount({ deps }: Play): Promise<number> {
  const { rows } = await deps.db.execute<{ open: number }>(
    'select count(*) as open from payment_attempt where next_step is not null',
  );
  return rows[0]?.open ?? 0;
}
