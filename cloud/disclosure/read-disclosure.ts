import { sql } from 'drizzle-orm';
import { readBalances } from '#cloud/ledger/balances.ts';
import type { AccountName } from '#cloud/ledger/posting.ts';
import { standingReasons } from '#cloud/ledger/release-hold.ts';
import type { DisclosedClose, Disclosure } from '#cloud/disclosure/disclosure-schema.ts';
import type { Tx } from '#cloud/platform/db.ts';
import { listPolicyVersions, policyOn, type PolicyVersion } from '#cloud/policy/policy-versions.ts';
import { standingPlan } from '#cloud/policy/wind-down.ts';
import { listCloses, type StoredClose } from '#cloud/release/close/stored-closes.ts';
import type { OperatorId } from '#shared/ids/ids.ts';
import { divFloor } from '#shared/money/exact.ts';
import { wholeBp } from '#shared/money/rate.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';

/** Versions of the rules that are shown, the newest ones. */
export const versionsShownMax = 50;

interface Sums extends Record<string, unknown> {
  readonly unreleased: string;
  readonly held: string;
  readonly concession: string;
  readonly earned: number;
  readonly given_count: number;
  readonly given_fen: number;
  readonly taken_count: number;
  readonly taken_fen: number;
}

/** Reads everything that is disclosed, in the caller's transaction: give it one that sees a single moment. */
export async function readDisclosure(
  tx: Tx,
  of: { readonly operatorId: OperatorId; readonly nowMs: number },
): Promise<Disclosure> {
  const { operatorId, nowMs } = of;
  const today = accountingDate(nowMs);
  const balances = await readBalances(tx, { operatorId });
  const balance = (name: AccountName) =>
    balances.find(({ account }) => account === name)?.balanceFen ?? 0;
  const sums = await readSums(tx, operatorId);
  const closes = await listCloses(tx, operatorId);
  const released = await releasedByPeriod(tx, operatorId);
  const rules = await policyOn(tx, { operatorId, day: today });
  const versions = await listPolicyVersions(tx, { operatorId, limit: versionsShownMax });
  const fundFen = balance('fund_free');
  const money = {
    fundFen,
    voucherFen: balance('voucher_outstanding'),
    payoutFen: balance('payout_in_flight'),
    ringFencedFen: balance('ring_fenced_cash'),
    parkedFen: fundFen,
    parkedBp: ratioBp(BigInt(fundFen), BigInt(sums.concession)),
  };
  const disclosed = closes.map((close) => closeOf(close, released.get(close.period) ?? 0));
  return {
    takenAtMs: nowMs,
    note,
    money,
    points: {
      unreleased: sums.unreleased,
      held: sums.held,
      coverageBp: ratioBp(BigInt(fundFen), BigInt(sums.unreleased) + BigInt(sums.held)),
      floorBp: Number(rules.config['coverageBp']),
    },
    agents: { earnedFen: sums.earned, payableFen: balance('agent_payable') },
    stockGate: stockGateOf(closes[0]),
    closes: disclosed,
    rules,
    versions: versions.map((version) => versionOf(version, rules.version)),
    adjustments: {
      givenCount: sums.given_count,
      givenFen: sums.given_fen,
      takenCount: sums.taken_count,
      takenFen: sums.taken_fen,
    },
    windDown: await readPlan(tx, operatorId),
    releaseHolds: (await standingReasons(tx, operatorId)).length,
    checks: checksOf(money, disclosed),
  };
}

const note = {
  zh: '系数是已关闭期间的事实，不构成承诺。积分不是钱，不能提现。',
  en: 'A multiplier is a fact of a closed period and no promise. Points are no money and cannot be cashed.',
};

/** X as a close reads it (cloud/release/close/pools.ts): of all accounts, and final points that wait for a claim. */
async function readSums(tx: Tx, operatorId: OperatorId): Promise<Sums> {
  const { rows } = await tx.execute<Sums>(sql`
    select ((select coalesce(sum(greatest(issued - released, 0)), 0) from account_points
              where operator_id = ${operatorId})
          + (select coalesce(sum(points), 0) from points_lot
              where operator_id = ${operatorId} and state = 'unclaimed'))::text as unreleased,
           (select coalesce(sum(l.points), 0)::text from points_hold h
              join points_lot l on l.operator_id = h.operator_id and l.order_id = h.order_id
                               and l.state = 'pending'
             where h.operator_id = ${operatorId} and h.state = 'held') as held,
           (select coalesce(sum(concession_points), 0)::text from period_close
             where operator_id = ${operatorId}) as concession,
           ((select coalesce(sum(amount_fen), 0) from agent_commission
              where operator_id = ${operatorId})
          - (select coalesce(sum(amount_fen), 0) from agent_commission_back
              where operator_id = ${operatorId}))::bigint as earned,
           a.*
      from (select count(*) filter (where kind = 'give') as given_count,
                   coalesce(sum(value_fen) filter (where kind = 'give'), 0) as given_fen,
                   count(*) filter (where kind = 'take') as taken_count,
                   coalesce(sum(value_fen) filter (where kind = 'take'), 0) as taken_fen
              from release_adjustment
             where operator_id = ${operatorId} and state = 'posted') a`);
  return rows[0]!;
}

/** What runs and corrections gave of each period's budget. */
async function releasedByPeriod(
  tx: Tx,
  operatorId: OperatorId,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await tx.execute<{ period: string; fen: number }>(sql`
    select period, sum(fen)::bigint as fen from (
      select period, released_fen as fen from release_run
       where operator_id = ${operatorId} and state = 'posted'
      union all
      select period, value_fen from release_adjustment
       where operator_id = ${operatorId} and state = 'posted' and kind = 'give') given
     group by period`);
  return new Map(rows.map((row) => [row.period, row.fen]));
}

const ratioBp = (part: bigint, whole: bigint): number | null =>
  whole <= 0n ? null : Number(divFloor(part * BigInt(wholeBp), whole));

/** The stored explanation of a close, as far as it is shown; explainClose wrote and sealed it. */
interface Explained {
  readonly gate: {
    readonly measure: string;
    readonly growthBp: number;
    readonly outstanding: Reading;
    readonly inflow: Reading;
  };
  readonly multiplier: {
    readonly fundFen: number;
    readonly unreleasedPoints: number;
    readonly binding: string;
  };
  readonly stockGate: { readonly type: string; readonly lastOpenPeriod?: string };
}
interface Reading {
  readonly previous: string;
  readonly current: string;
  readonly growthBp: string | number | null;
  readonly open: boolean;
}

const explainedOf = (close: StoredClose): Explained => close.explanation as unknown as Explained;

function closeOf(close: StoredClose, releasedFen: number): DisclosedClose {
  const { gate, multiplier } = explainedOf(close);
  return {
    period: close.period,
    gateOpen: close.gateOpen,
    gateReason: close.gateReason,
    measure: gate.measure,
    thresholdBp: gate.growthBp,
    outstanding: readingOf(gate.outstanding),
    inflow: readingOf(gate.inflow),
    multBp: close.multBp,
    binding: multiplier.binding,
    budgetFen: close.budgetFen,
    releasedFen,
    fundFen: multiplier.fundFen,
    unreleasedPoints: String(multiplier.unreleasedPoints),
    coverageBp: ratioBp(BigInt(multiplier.fundFen), BigInt(multiplier.unreleasedPoints)),
    configVersion: close.configVersion,
    explanationHash: close.explanationHash,
  };
}

const readingOf = ({ previous, current, growthBp, open }: Reading) => ({
  previous,
  current,
  growthBp: growthBp === null ? null : Number(growthBp),
  open,
});

function stockGateOf(last: StoredClose | undefined): Disclosure['stockGate'] {
  if (last === undefined) return null;
  const { type, lastOpenPeriod } = explainedOf(last).stockGate;
  return { type, lastOpenPeriod: lastOpenPeriod ?? null };
}

/** By what is in force, a version that was never reached because a newer one came first is not. */
const versionOf = (version: PolicyVersion, inForce: number): Disclosure['versions'][number] => ({
  version: version.version,
  effectiveFrom: version.effectiveFrom,
  preset: version.preset,
  isInForce: version.version === inForce,
  announcedAtMs: version.announcedAtMs,
  people: new Set([version.proposedBy, version.approvedBy]).size,
  changes: version.changes.map((change) => ({ ...change })),
});

/** A plan that is only proposed binds nobody yet. */
async function readPlan(tx: Tx, operatorId: OperatorId): Promise<Disclosure['windDown']> {
  const plan = await standingPlan(tx, operatorId);
  if (plan === undefined || plan.state === 'proposed') return null;
  const { state, stopOn, planZh, planEn, distributedFen, accountCount } = plan;
  return { state, stopOn, planZh, planEn, distributedFen, accountCount };
}

/** Sums that anybody can add up again from the figures beside them. */
function checksOf(
  money: Disclosure['money'],
  closes: readonly DisclosedClose[],
): Disclosure['checks'] {
  const parts = money.fundFen + money.voucherFen + money.payoutFen;
  const [budget, released] = [sumOf(closes, 'budgetFen'), sumOf(closes, 'releasedFen')];
  return [
    {
      name: 'cash-covers-vouchers',
      zh: '专户资金 K = 基金 F + 未用券 VO + 在途补贴 PI',
      en: 'Ring-fenced cash K = fund F + vouchers VO + subsidies under way PI',
      leftFen: money.ringFencedFen,
      rightFen: parts,
      holds: money.ringFencedFen === parts,
    },
    {
      name: 'released-within-budgets',
      zh: '各期已释放之和 ≤ 各期预算之和',
      en: 'All that was released ≤ all budgets',
      leftFen: released,
      rightFen: budget,
      holds: closes.every((close) => close.releasedFen <= close.budgetFen),
    },
  ];
}

const sumOf = (closes: readonly DisclosedClose[], key: 'budgetFen' | 'releasedFen'): number =>
  closes.reduce((sum, close) => sum + close[key], 0);
