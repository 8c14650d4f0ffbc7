import { sql } from 'drizzle-orm';
import type { ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { OrderId, PersonId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { assert } from '#shared/result/assert.ts';
import { getOrThrow } from '#shared/result/result.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { accountingDate } from '#shared/time/calendar-day.ts';
import { partner } from '#cloud/payments/channels/wechat/testing/wechat-sandbox.ts';
import { createPayeeVault } from '#cloud/commissions/payee-vault.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { makePerson, personAgeMsMin } from '#cloud/persons/operator-persons.ts';
import { plantVoucher } from '#cloud/payments/testing/plant-voucher.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { runFinalityBatches } from '#cloud/settlement/finality-worker.ts';
import {
  runInstructionsOnce,
  type InstructionDeps,
} from '#cloud/settlement/instructions/instruction-worker.ts';
import { openSettlementChannel } from '#cloud/settlement/instructions/settlement-channels.ts';
import { proveBooks } from '#cloud/proof/proof-run.ts';
import { reserveVouchers } from '#cloud/vouchers/reservations.ts';

export const platformNo = partner.spMchid;
export const holdMs = 7 * 86_400_000;
const stepsMax = 2_000;

/** The payment bench with WeChat open for settlement, and the worker that instructs. */
export interface InstructionBench {
  readonly pay: PaymentBench;
  /** A worker that has just started: nothing is in its memory. */
  readonly worker: () => InstructionDeps;
  /** Sells for `amountFen`, of it `voucherFen` by vouchers. Paid at once, unless the code's `suffix` says otherwise. */
  sell(
    amountFen: number,
    voucherFen?: number,
    suffix?: string,
  ): Promise<ChargeRequest & { orderId: OrderId }>;
  /** Sends and asks until nothing is open, at most `withinMs` ahead. */
  settle(withinMs?: number): Promise<void>;
  /** Ends the hold of everything sold so far. */
  finalise(): Promise<void>;
  instructions(orderId?: string): Promise<readonly InstructionRow[]>;
  /** Natural balance of an account in the merchant's book. */
  balance(account: string): Promise<number>;
  /** Two people who may decide, made long enough ago. */
  people(): Promise<readonly [PersonId, PersonId]>;
  /** Names of laws that do not hold. */
  broken(): Promise<readonly string[]>;
}

export interface InstructionRow extends Record<string, unknown> {
  readonly instruction_no: string;
  readonly kind: string;
  readonly state: string;
  readonly amount_fen: number;
  readonly code: string | null;
  readonly sends: number;
}

export async function createInstructionBench(
  options: Parameters<typeof createPaymentBench>[0] = {},
): Promise<InstructionBench> {
  const pay = await createPaymentBench(options);
  const { db } = pay.deps;
  const { operatorId, merchantId } = pay.till;
  const scope = { type: 'operator', operatorId } as const;
  const payees = createPayeeVault(new Uint8Array(32).fill(7), pay.cloud.deps);
  const worker = (): InstructionDeps => ({ ...pay.restarted(), operatorId, payees });
  const wechat = pay.deps.channels.get('wechat');
  assert(wechat !== undefined, () => 'the bench has a WeChat channel');
  const terms = { splits: true, subsidises: true, paysOut: true };
  const platform = { platformAccount: platformNo, platformName: '绿点平台有限公司' };
  const wanted = { operatorId, channel: 'wechat', ...terms, ...platform };
  getOrThrow(await openSettlementChannel(db, wanted, wechat.profile));
  const deps = worker();
  return {
    pay,
    worker,
    sell: async (amountFen, voucherFen = 0, suffix = '01') => {
      const orderId = pay.newOrderId();
      const voucher =
        voucherFen === 0 ? {} : await reserve(pay, { orderId, amountFen, voucherFen });
      const request = { ...pay.request(suffix, { orderId, amountFen, ...voucher }), orderId };
      const started = await startCharge(pay.deps, pay.till, request);
      const isAsPlayed = started.ok && (suffix !== '01' || started.value.status === 'paid');
      assert(isAsPlayed, () => JSON.stringify(started));
      return request;
    },
    settle: (withinMs = 2 * 86_400_000) =>
      runScoped(scope, () => settle(deps, pay, pay.clock.nowMs() + withinMs)),
    finalise: async () => {
      pay.clock.advance(holdMs);
      await runScoped(scope, () => runFinalityBatches(deps, pay.clock.nowMs()));
    },
    instructions: async (orderId) => {
      const { rows } = await db.execute<InstructionRow>(sql`
        select instruction_no, kind, state, amount_fen, code, sends from channel_instruction
         where ${orderId ?? null}::text is null or order_id = ${orderId ?? null}
         order by order_id, step, instruction_no`);
      return rows;
    },
    balance: async (account) => {
      const { rows } = await db.execute<{ fen: number }>(sql`
        select coalesce(sum(balance_fen), 0)::bigint as fen from ledger_balance
         where book = ${merchantId} and account = ${account}`);
      return rows[0]?.fen ?? 0;
    },
    people: async () => {
      const nowMs = pay.clock.nowMs() - personAgeMsMin;
      const then = { ...pay.cloud.deps, clock: { ...pay.clock, nowMs: () => nowMs } };
      const one = await makePerson(then, '甲');
      const two = await makePerson(then, '乙');
      return [one.personId, two.personId];
    },
    broken: async () =>
      (await runScoped(scope, () => proveBooks(deps)))
        .filter(({ holds }) => !holds)
        .map(({ name, violations }) => `${name} ${JSON.stringify(violations)}`),
  };
}

async function reserve(
  pay: PaymentBench,
  sale: { readonly orderId: OrderId; readonly amountFen: number; readonly voucherFen: number },
): Promise<Partial<ChargeRequest>> {
  const memberId = pay.newMemberId();
  await plantVoucher(pay, { memberId, amountFen: sale.voucherFen });
  const nowMs = pay.clock.nowMs();
  const { operatorId } = pay.till;
  const amountFen = fen(sale.amountFen);
  const wanted = { operatorId, memberId, orderId: sale.orderId, amountFen, nowMs };
  const today = accountingDate(nowMs);
  const { reservationId, voucherFen } = await pay.deps.db.transaction(async (tx) =>
    getOrThrow(await reserveVouchers(tx, { ...wanted, today })),
  );
  assert(voucherFen === sale.voucherFen, () => `reserved ${voucherFen}`);
  return { memberId, reservationId, voucherFen };
}

/** Does what is due, then jumps to the next due moment. */
async function settle(deps: InstructionDeps, pay: PaymentBench, untilMs: number): Promise<void> {
  for (let step = 0; step < stepsMax; step += 1) {
    if ((await runInstructionsOnce(deps)) > 0) continue;
    const { rows } = await deps.db.execute<{ next: number | null }>(sql`
      select min(greatest(next_at_ms, lease_until_ms)) as next from channel_instruction
       where next_at_ms is not null and greatest(next_at_ms, lease_until_ms) > ${pay.clock.nowMs()}`);
    const next = rows[0]?.next ?? null;
    if (next === null || next > untilMs) return;
    pay.clock.advanceTo(next);
  }
  throw new Error(`not quiet after ${stepsMax} steps`);
}
