import { sql } from 'drizzle-orm';
import { addAgent, signContract } from '#cloud/commissions/agent-admin.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { merchantOf, paidOrder, usePilotConfig } from '#cloud/points/testing/points-fixtures.ts';
import { dayRestMs, doPeriodTurn } from '#cloud/release/schedule/period-worker.ts';
import { runFinalityBatches } from '#cloud/settlement/finality-worker.ts';
import { assert } from '#shared/result/assert.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { createManualClock, type ManualClock } from '#shared/testing/manual-clock.ts';
import { addDays, dayStartMs } from '#shared/time/calendar-day.ts';

export interface LivedLife {
  readonly cloud: TestCloud;
  readonly app: CloudApp;
  readonly clock: ManualClock;
  /** One of two people, 0 or 1, does something through the operator's routes. */
  act(path: string, payload: object, person: 0 | 1): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

const firstDay = '2026-01-04';
/** The last day that was lived through; the moment of the test is shortly after it. */
export const lifeLastDay = '2026-05-10';

/**
 * Four closed months of a growing network: sales with a marketer under contract, finality, closes
 * and release days by the worker itself, a correction by two people, and an announced switch of the
 * gate.
 */
export async function liveALife(): Promise<LivedLife> {
  const clock = createManualClock(dayStartMs(firstDay));
  const cloud = await createTestCloud({ clock });
  const app = await buildTestApp(cloud);
  const keys: string[] = [];
  const act: LivedLife['act'] = async (path, payload, person) => {
    const answer = await app.inject({
      method: 'POST',
      url: `/admin/v1/${path}`,
      headers: {
        authorization: `Bearer ${cloud.deps.operatorToken}`,
        ...(keys[person] === undefined ? {} : { 'x-person-key': keys[person] }),
      },
      payload,
    });
    assert(answer.statusCode < 300, () => `${path}: ${answer.body}`);
    return answer.json<Record<string, unknown>>();
  };
  for (const name of ['陈红', '王芳'])
    keys.push(String((await act('persons', { name }, 1))['key']));
  const { operatorId } = cloud.deps;
  await runScoped({ type: 'operator', operatorId }, async () => {
    await begin(cloud);
    for (let day = firstDay; day <= lifeLastDay; day = addDays(day, 1)) {
      if (Number(day.slice(8)) % 3 === 1) await sell(cloud, day);
      clock.advanceTo(dayStartMs(addDays(day, 1)) + dayRestMs + 1);
      await endDay(cloud);
    }
  });
  await correct(cloud, act);
  const switched = { changes: { gateMeasure: 'period_inflow', voucherDays: 120 } };
  const why = 'the stock gate ends by itself';
  await act('policy/proposals', { ...switched, effectivePeriod: '2026-07', why }, 0);
  await act('policy/proposals/1/approve', { note: 'agreed' }, 1);
  const close = async () => {
    await app.close();
    await cloud.close();
  };
  return { cloud, app, clock, act, close };
}

async function begin({ deps }: TestCloud): Promise<void> {
  const { operatorId } = deps;
  await deps.db.transaction(async (tx) => {
    await usePilotConfig(tx, operatorId);
    const agentId = await addAgent(tx, { operatorId, name: '李强' }, deps);
    const contract = { operatorId, agentId, role: 'marketer', scope: merchantOf(1) } as const;
    getOrThrow(
      await signContract(tx, { ...contract, validFrom: '2026-01-01', validTo: undefined }, deps),
    );
  });
}

async function sell({ deps }: TestCloud, day: string): Promise<void> {
  const month = Number(day.slice(5, 7));
  const first = Number(day.slice(5, 7) + day.slice(8)) * 10;
  const orders = [1, 2, 3].map((member) =>
    paidOrder(deps.operatorId, first + member, {
      day,
      member,
      merchant: 1 + (member % 2),
      netFen: 20_000 * month * month + member * 333,
    }),
  );
  await deps.db.transaction(async (tx) => getOrThrow(await bookPaidOrders(tx, orders)));
}

async function endDay({ deps }: TestCloud): Promise<void> {
  await runFinalityBatches(deps, deps.clock.nowMs());
  for (;;) {
    const turn = await doPeriodTurn({ ...deps, proveFirst: () => Promise.resolve() });
    if (turn.type === 'none') return;
    assert(turn.type === 'closed' || turn.type === 'released', () => JSON.stringify(turn));
  }
}

async function correct({ deps }: TestCloud, act: LivedLife['act']): Promise<void> {
  const { rows } = await deps.db.execute<{ period: string; day: string; member_id: string }>(sql`
    select a.period, a.day::text as day, a.member_id from release_allocation a
     where a.operator_id = ${deps.operatorId} and a.alloc_fen >= 50
     order by a.day desc, a.member_id limit 1`);
  const { period, day, member_id: memberId } = rows[0]!;
  const taken = { kind: 'take', valueFen: 50, points: 10, why: 'booked for the wrong member' };
  await act('release-adjustments', { period, day, memberId, ...taken }, 0);
  await act('release-adjustments/1/post', { note: 'looked at it' }, 1);
}
