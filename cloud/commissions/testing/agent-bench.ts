import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect } from 'vitest';
import { addAgent, setTerritory, signContract } from '#cloud/commissions/agent-admin.ts';
import { runCommissionPayouts, setPayoutTerms } from '#cloud/commissions/commission-payouts.ts';
import { bookPaidOrders } from '#cloud/orders/book-paid-orders.ts';
import { createManualClock } from '#shared/testing/manual-clock.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import {
  buildTestApp,
  createTestCloud,
  testOperatorToken,
  type TestCloud,
} from '#cloud/platform/testing/test-cloud.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { runFinality } from '#cloud/settlement/finality.ts';
import { merchantNo, paidOrder } from '#cloud/settlement/testing/paid-orders.ts';
import { type AgentId, type MemberId, type OperatorId } from '#shared/ids/ids.ts';
import type { AgentRole } from '#shared/points/points-config.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { dayStartMs } from '#shared/time/calendar-day.ts';

/**
 * One operator with thirty shops and a person, over the real cloud: the hooks run for the test file
 * that imports this.
 */
export const clock = createManualClock(dayStartMs('2025-12-31'));
export let cloud: TestCloud;
let app: CloudApp;
export let operatorId: OperatorId;
const personKeys: string[] = [];
let orders = 0;

beforeAll(async () => {
  cloud = await createTestCloud({ clock });
  app = await buildTestApp(cloud);
  ({ operatorId } = cloud.deps);
  for (const name of ['王芳', '陈红']) personKeys.push((await makePerson(cloud.deps, name)).key);
  clock.advance(personAgeMsMin);
  for (let index = 1; index <= 30; index += 1)
    await cloud.deps.db.execute(sql`
      insert into merchant (operator_id, merchant_id, name, concession_bp, same_day_bp, cut_over_hour,
        created_at_ms)
      values (${operatorId}, ${merchantNo(index)}, ${`店${index}`}, 2000, 8000, 0, 0)`);
  await cloud.deps.db.execute(sql`
    insert into channel_settlement (operator_id, channel, splits, subsidises, pays_out,
      platform_account, platform_name, split_not_before_ms, frozen_max_ms, others_max_bp)
    values (${operatorId}, 'wechat', false, false, true, '1', '平台', 0, 1, 3000)`);
  const terms = { operatorId, channel: 'wechat', dayOfMonth: 1, thresholdFen: 100 };
  await setPayoutTerms(cloud.deps.db, terms);
});
afterAll(async () => {
  await app.close();
  await cloud.close();
});

export const newAgent = (name: string): Promise<AgentId> =>
  cloud.deps.db.transaction((tx) => addAgent(tx, { operatorId, name }, cloud.deps));

export const sign = (
  agentId: AgentId,
  role: AgentRole,
  scope: string,
  dates: { readonly from?: string; readonly to?: string } = {},
) =>
  cloud.deps.db.transaction(async (tx) =>
    getOrThrow(
      await signContract(
        tx,
        {
          operatorId,
          agentId,
          role,
          scope,
          validFrom: dates.from ?? '2026-01-01',
          validTo: dates.to,
        },
        cloud.deps,
      ),
    ),
  );

export const place = (merchant: number, districtCode: string) =>
  cloud.deps.db.transaction((tx) =>
    setTerritory(tx, { operatorId, merchantId: merchantNo(merchant), districtCode }),
  );

/** Sales of one shop, accepted now. */
export async function sell(
  merchant: number,
  sales: readonly {
    readonly amountFen: number;
    readonly bp?: number;
    readonly memberId?: MemberId;
  }[],
): Promise<readonly string[]> {
  const batch = sales.map(({ amountFen, bp, memberId }) =>
    paidOrder({
      operatorId,
      index: (orders += 1),
      merchant,
      amountFen,
      concessionBp: bp ?? 2_000,
      acceptedAtMs: clock.nowMs(),
      ...(memberId === undefined ? {} : { memberId }),
    }),
  );
  getOrThrow(await cloud.deps.db.transaction((tx) => bookPaidOrders(tx, batch)));
  return batch.map((order) => order.orderId);
}

export async function finalise(): Promise<void> {
  for (let more = true; more;)
    ({ more } = await cloud.deps.db.transaction((tx) =>
      runFinality(tx, { operatorId, asOfMs: clock.nowMs() }),
    ));
}

export const payout = () =>
  runScoped({ type: 'operator', operatorId }, () => runCommissionPayouts(cloud.deps));

/** One of the two people does something through the operator's routes; -1: with the token alone. */
export const admin = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  payload?: object,
  person: -1 | 0 | 1 = 0,
) =>
  app.inject({
    method,
    url,
    headers: {
      authorization: `Bearer ${testOperatorToken}`,
      ...(person === -1 ? {} : { 'x-person-key': personKeys[person] }),
    },
    ...(payload === undefined ? {} : { payload }),
  });

/** The first person proposes it with a reason, the second one agrees. Answers what came of it. */
export async function agreed(
  method: 'POST' | 'PUT',
  url: string,
  payload: object,
): Promise<Record<string, unknown>> {
  const proposed = await admin(method, url, { why: '按签好的合同办理，原件已存档', ...payload });
  expect(proposed.statusCode, proposed.body).toBe(202);
  const { actNo } = proposed.json<{ actNo: number }>();
  const done = await admin('POST', `/admin/v1/acts/${actNo}/agree`, { note: '核对过' }, 1);
  expect(done.statusCode, done.body).toBe(200);
  return done.json<{ outcome: Record<string, unknown> }>().outcome;
}

export async function tokenOf(agentId: AgentId): Promise<string> {
  const made = await admin('POST', `/admin/v1/agents/${agentId}/token`);
  expect(made.statusCode).toBe(201);
  return made.json<{ token: string }>().token;
}

export const ask = (token: string, url: string) =>
  app.inject({ url, headers: { authorization: `Bearer ${token}` } });

export const earnedBy = async (orderId: string): Promise<Readonly<Record<string, number>>> => {
  const { rows } = await cloud.deps.db.execute<{ role: string; amount_fen: number }>(sql`
    select role, amount_fen from agent_commission where order_id = ${orderId}`);
  return Object.fromEntries(rows.map((row) => [row.role, row.amount_fen]));
};
export const hold = 7 * 86_400_000 + 1;
