import { sign } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId, type CertificateId, type MemberId } from '#shared/ids/ids.ts';
import { encodeMemberCode } from '#shared/member/member-code.ts';
import { fen } from '#shared/money/fen.ts';
import { basisPoints } from '#shared/money/rate.ts';
import { generateKeyPair } from '#cloud/identity/ed25519.ts';
import { readResults } from '#cloud/orders/results.ts';
import { applyLearned } from '#cloud/payments/apply-learned.ts';
import { startCharge } from '#cloud/payments/charge.ts';
import { settleOfflineOnce } from '#cloud/payments/offline/settlement.ts';
import {
  enqueueOfflineSettlement,
  listOfflineExceptions,
  revokeCertificate,
} from '#cloud/payments/offline/store.ts';
import type { OfflineSale } from '#cloud/payments/offline/sale.ts';
import type { Learned } from '#cloud/payments/payment-machine.ts';
import { breakerRules } from '#cloud/payments/routing/breaker-machine.ts';
import { createPaymentBench, type PaymentBench } from '#cloud/payments/testing/payment-bench.ts';
import { plantVoucher, voucherOf } from '#cloud/payments/testing/plant-voucher.ts';

let bench: PaymentBench;
beforeAll(async () => {
  bench = await createPaymentBench();
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.simulator.setFaults(() => 'none');
  bench.simulator.setRules({ withholdFailEndings: [] });
});

interface Bent {
  readonly certificateId?: CertificateId;
  readonly memberId?: MemberId;
  readonly notAfterSeconds?: number;
  readonly forged?: boolean;
  readonly sale?: Partial<OfflineSale>;
}

/** A sale as a till accepts it offline, with a member code that the platform really signed. */
function saleWith(bent: Bent = {}): OfflineSale {
  const { issuer } = bench.cloud.deps.keys;
  const memberId = bent.memberId ?? bench.newMemberId();
  const certificateId = bent.certificateId ?? newId('crt', bench.cloud.deps);
  const pair = bent.forged === true ? generateKeyPair() : issuer.current.pair;
  const code = encodeMemberCode(
    {
      keyId: issuer.current.keyId,
      memberId,
      certificateId,
      paymentCapYuan: 50,
      windowCapYuan: 100,
      notAfterSeconds: bent.notAfterSeconds ?? Math.floor(bench.clock.nowMs() / 1_000) + 3_600,
      scope: 0,
    },
    (bytes) => sign(null, bytes, pair.privateKey),
  );
  return {
    ...bench.till,
    orderId: bench.newOrderId(),
    memberId,
    certificateId,
    code,
    amountFen: fen(2_000),
    concessionBp: basisPoints(1_000),
    businessDate: '2026-09-21',
    cashier: '小王',
    claimHash: undefined,
    acceptedAtMs: bench.clock.nowMs(),
    ...bent.sale,
  };
}

const enqueue = (sale: OfflineSale) =>
  bench.deps.db.transaction((tx) =>
    enqueueOfflineSettlement(tx, { ...sale, nowMs: bench.clock.nowMs() }),
  );

async function settle(sale: OfflineSale) {
  await enqueue(sale);
  await bench.runUntilQuiet();
  return await resultOf(sale);
}

async function resultOf(sale: OfflineSale) {
  const all = await readResults(bench.deps.db, { ...bench.till, afterCursor: 0 });
  return all.results.filter((result) => result.orderId === sale.orderId);
}

const debitsOf = (sale: OfflineSale) =>
  bench.simulator.books().filter((line) => line.outTradeNo.startsWith(sale.orderId.slice(4)));

const exceptionOf = async (sale: OfflineSale) => {
  const exceptions = await listOfflineExceptions(bench.deps.db, bench.till);
  return exceptions.find(({ orderId }) => orderId === sale.orderId);
};

const giveVoucher = (memberId: MemberId, amountFen: number) =>
  plantVoucher(bench, { memberId, amountFen });

describe('turning an offline sale into money', () => {
  it('debits the member once and tells the till: settled', async () => {
    const sale = saleWith();
    expect(await settle(sale)).toMatchObject([
      { result: 'settled', voucherFen: 0, debitFen: 2_000 },
    ]);
    expect(debitsOf(sale)).toMatchObject([{ state: 'SUCCESS', amountFen: 2_000 }]);
    const { rows } = await bench.deps.db.execute(
      sql`select channel from settlement_line where order_id = ${sale.orderId}`,
    );
    expect(rows).toEqual([{ channel: 'withholding' }]);
  });

  it("the member's vouchers go first, up to half the order, and only the rest is debited", async () => {
    const sale = saleWith();
    await giveVoucher(sale.memberId, 5_000);
    expect(await settle(sale)).toMatchObject([{ voucherFen: 1_000, debitFen: 1_000 }]);
    expect(debitsOf(sale)).toMatchObject([{ amountFen: 1_000 }]);
    expect(await voucherOf(bench, sale.memberId)).toEqual({ left: 4_000, held: 0, spent: 1_000 });
  });

  it('a sale that is delivered twice is settled once', async () => {
    const sale = saleWith();
    await settle(sale);
    expect(await enqueue(sale)).toEqual({ queued: false });
    await bench.runUntilQuiet();
    expect(await resultOf(sale)).toHaveLength(1);
    expect(debitsOf(sale)).toHaveLength(1);
  });

  it('a refused debit is an exception for people, and the vouchers are given back', async () => {
    const sale = saleWith();
    await giveVoucher(sale.memberId, 300);
    bench.simulator.setRules({ withholdFailEndings: [sale.memberId.slice(-6)] });
    expect(await settle(sale)).toMatchObject([
      { result: 'debit-failed', code: 'withholding-failed' },
    ]);
    expect(await voucherOf(bench, sale.memberId)).toEqual({ left: 300, held: 0, spent: 0 });
    const exceptions = await listOfflineExceptions(bench.deps.db, bench.till);
    expect(exceptions.map((one) => one.orderId)).toContain(sale.orderId);
  });
});

describe('codes that may not be settled', () => {
  it('a certificate is good for one order: the second is a duplicate, also in a race', async () => {
    const first = saleWith();
    const second: OfflineSale = { ...first, orderId: bench.newOrderId() };
    await enqueue(first);
    await enqueue(second);
    await Promise.all([settleOfflineOnce(bench.deps), settleOfflineOnce(bench.restarted())]);
    await bench.runUntilQuiet();
    const results = [...(await resultOf(first)), ...(await resultOf(second))];
    expect(results.map((one) => one.result).toSorted()).toEqual(['duplicate', 'settled']);
    expect([...debitsOf(first), ...debitsOf(second)]).toHaveLength(1);
  });

  it.each([
    ['a forged signature', { forged: true }, 'member-code-invalid'],
    ['a code that was over when the till took it', { notAfterSeconds: 1 }, 'member-code-expired'],
    ['digits that are no code', { sale: { code: '9'.repeat(262) } }, 'member-code-invalid'],
    [
      "another member's code",
      { sale: { memberId: 'mbr_01ARZ3NDEKTSV4RRFFQ69G5FAV' as MemberId } },
      'member-code-invalid',
    ],
  ] as const)('%s: an exception, and nobody is debited', async (_what, bent, code) => {
    const sale = saleWith(bent);
    expect(await settle(sale)).toMatchObject([{ result: 'debit-failed', code }]);
    expect(debitsOf(sale)).toEqual([]);
  });

  it('more than the code itself allows in one payment: an exception, and nobody is debited', async () => {
    const sale = saleWith({ sale: { amountFen: fen(5_001) } });
    expect(await settle(sale)).toMatchObject([
      { result: 'debit-failed', code: 'offline-payment-limit' },
    ]);
    expect(debitsOf(sale)).toEqual([]);
    expect(await settle(saleWith({ sale: { amountFen: fen(5_000) } }))).toMatchObject([
      { result: 'settled' },
    ]);
  });

  it('a code that was over only when it reached the cloud is settled', async () => {
    const sale = saleWith({ notAfterSeconds: Math.floor(bench.clock.nowMs() / 1_000) + 60 });
    bench.clock.advance(86_400_000);
    expect(await settle(sale)).toMatchObject([{ result: 'settled' }]);
  });

  it('a revoked code is an exception', async () => {
    const sale = saleWith();
    await bench.deps.db.transaction((tx) =>
      revokeCertificate(tx, { ...sale, reason: 'lost phone', nowMs: 0 }),
    );
    expect(await settle(sale)).toMatchObject([{ code: 'member-code-revoked' }]);
  });

  it('an order that a scanned code paid is never debited on top', async () => {
    const sale = saleWith();
    const request = bench.request('01', { orderId: sale.orderId });
    expect(await startCharge(bench.deps, bench.till, request)).toMatchObject({ ok: true });
    await enqueue(sale);
    await bench.runUntilQuiet();
    expect((await resultOf(sale)).map((one) => one.result)).toEqual(['paid', 'duplicate']);
    expect(debitsOf(sale)).toHaveLength(1);
  });
});

describe('debits with an unknown result', () => {
  it('money found late for a closed number goes back and does not touch the sale that was settled', async () => {
    const sale = saleWith();
    bench.simulator.setFaults(({ path }) => (path === '/v1/withhold' ? 'lose-request' : 'none'));
    await enqueue(sale);
    await settleOfflineOnce(bench.deps);
    bench.simulator.setFaults(() => 'none');
    await bench.runUntilQuiet();
    expect(await resultOf(sale)).toMatchObject([{ result: 'settled' }]);
    // The channel contradicts itself about the first number: closed, then paid, then refunded.
    const key = { ...bench.till, orderId: sale.orderId, attempt: 1 };
    const evidence = {
      requestDigest: '',
      httpStatus: 200,
      rawAnswer: '',
      signature: 'valid',
    } as const;
    const say = (learned: Learned) =>
      applyLearned(bench.deps, key, { learned, callNo: 1, evidence, latencyMs: 0 });
    const paidAtMs = bench.clock.nowMs();
    await say({ from: 'query', outcome: { type: 'paid', channelRef: 'late', paidAtMs } });
    await say({ from: 'reverse', outcome: { type: 'refunded' } });
    await bench.runUntilQuiet();
    expect(await resultOf(sale)).toMatchObject([{ result: 'settled' }]);
    const { rows } = await bench.deps.db.execute(
      sql`select state from offline_settlement where order_id = ${sale.orderId}`,
    );
    expect(rows).toEqual([{ state: 'settled' }]);
  });

  it('the answer is lost: queried, never sent again', async () => {
    const sale = saleWith();
    const before = bench.simulator.requestCounts().get('/v1/withhold') ?? 0;
    bench.simulator.setFaults(({ path }) => (path === '/v1/withhold' ? 'lose-answer' : 'none'));
    expect(await settle(sale)).toMatchObject([{ result: 'settled' }]);
    expect(bench.simulator.requestCounts().get('/v1/withhold')).toBe(before + 1);
  });

  it('the request is lost: its number is closed for good, then a new one is debited', async () => {
    const sale = saleWith();
    await giveVoucher(sale.memberId, 300);
    bench.simulator.setFaults(({ path }) => (path === '/v1/withhold' ? 'lose-request' : 'none'));
    await enqueue(sale);
    await settleOfflineOnce(bench.deps);
    bench.simulator.setFaults(() => 'none');
    await bench.runUntilQuiet();
    expect(await resultOf(sale)).toMatchObject([{ result: 'settled', voucherFen: 300 }]);
    expect(debitsOf(sale).map((line) => line.state)).toEqual(['CLOSED', 'SUCCESS']);
    expect(await voucherOf(bench, sale.memberId)).toEqual({ left: 0, held: 0, spent: 300 });
  });

  it('the cloud dies between the decision and the debit: the sale still ends, debited once', async () => {
    const sale = saleWith();
    await enqueue(sale);
    const dying = bench.restarted();
    await expect(
      settleOfflineOnce({
        ...dying,
        channels: new Map([
          [
            'withholding',
            {
              ...dying.channels.get('withholding')!,
              withhold: () => Promise.reject(new Error('killed')),
            },
          ],
        ]),
      }),
    ).rejects.toThrow('killed');
    await bench.runUntilQuiet();
    expect(await resultOf(sale)).toMatchObject([{ result: 'settled' }]);
    expect(debitsOf(sale).filter((line) => line.state === 'SUCCESS')).toHaveLength(1);
  });

  it('a line that never carries a debit ends as an exception after five numbers', async () => {
    const sale = saleWith();
    bench.simulator.setFaults(({ path }) => (path === '/v1/withhold' ? 'lose-request' : 'none'));
    expect(await settle(sale)).toMatchObject([
      { result: 'debit-failed', code: 'withholding-failed' },
    ]);
    expect(debitsOf(sale).map((line) => line.state)).toEqual(
      Array.from({ length: 5 }, () => 'CLOSED'),
    );
  });

  it('a channel that is away when the sale arrives is waited for, not held against the member', async () => {
    const sale = saleWith();
    await enqueue(sale);
    const blind = bench.restarted();
    for (let n = 0; n < breakerRules.volumeMin; n += 1)
      blind.health.saw(
        { channel: 'withholding', merchantId: 'any' },
        { event: 'bad' },
        bench.clock.nowMs(),
      );
    await settleOfflineOnce(blind);
    expect(await resultOf(sale)).toEqual([]);
    await bench.runUntilQuiet();
    expect(await resultOf(sale)).toMatchObject([{ result: 'settled' }]);
  });
});

describe('one sale that cannot be settled as it stands', () => {
  it('is parked with its reason, the others go on, and it is taken up again when the fault is mended', async () => {
    const bad = saleWith();
    await enqueue(bad);
    bench.clock.advance(1);
    const good = saleWith();
    await enqueue(good);
    const { vouchers } = bench.deps;
    const faulty = {
      ...bench.deps,
      vouchers: {
        ...vouchers,
        reserve: ((tx, wanted) =>
          wanted.orderId === bad.orderId
            ? Promise.reject(new Error('invariant broken: planted'))
            : vouchers.reserve(tx, wanted)) satisfies typeof vouchers.reserve,
      },
    };
    for (let steps = 0; steps < 4; steps += 1) await settleOfflineOnce(faulty);
    expect(await resultOf(good)).toMatchObject([{ result: 'settled' }]);
    expect(await resultOf(bad)).toEqual([]);
    expect(await exceptionOf(bad)).toMatchObject({
      state: 'queued',
      parkedReason: 'invariant broken: planted',
    });
    bench.clock.advance(600_000);
    await bench.runUntilQuiet();
    expect(await resultOf(bad)).toMatchObject([{ result: 'settled' }]);
    expect(await exceptionOf(bad)).toBeUndefined();
    expect(debitsOf(bad)).toHaveLength(1);
  });

  it('a row that cannot be read is parked with the reason, listed, and the others go on', async () => {
    const bad = saleWith();
    await enqueue(bad);
    const rateIs = (bp: number) =>
      bench.deps.db.execute(
        sql`update offline_settlement set concession_bp = ${bp} where order_id = ${bad.orderId}`,
      );
    await rateIs(2_000_000_000);
    bench.clock.advance(1);
    const good = saleWith();
    await enqueue(good);
    for (let steps = 0; steps < 4; steps += 1) await settleOfflineOnce(bench.deps);
    expect(await resultOf(good)).toMatchObject([{ result: 'settled' }]);
    expect(await resultOf(bad)).toEqual([]);
    const parkedReason = 'invariant broken: not a rate in basis points: 2000000000';
    expect(await exceptionOf(bad)).toMatchObject({ state: 'queued', parkedReason });
    await rateIs(1_000);
    bench.clock.advance(600_000);
    await bench.runUntilQuiet();
    expect(await resultOf(bad)).toMatchObject([{ result: 'settled' }]);
  });

  it('a database that is away parks nothing', async () => {
    const sale = saleWith();
    await enqueue(sale);
    const { vouchers } = bench.deps;
    const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
    const cut = { ...vouchers, reserve: () => Promise.reject(away) };
    await expect(settleOfflineOnce({ ...bench.deps, vouchers: cut })).rejects.toThrow(
      'terminating connection',
    );
    expect(await exceptionOf(sale)).toBeUndefined();
    await bench.runUntilQuiet();
    expect(await resultOf(sale)).toMatchObject([{ result: 'settled' }]);
  });
});
