import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Disclosure } from '#cloud/disclosure/disclosure-schema.ts';
import { multipliersShown } from '#cloud/disclosure/disclosure-page.ts';
import { factor, hundredths, ruleWords } from '#cloud/disclosure/disclosure-words.ts';
import { snapshotMsMax } from '#cloud/disclosure/disclosure-snapshot.ts';
import { readDisclosure } from '#cloud/disclosure/read-disclosure.ts';
import { liveALife, type LivedLife } from '#cloud/disclosure/testing/lived-life.ts';
import { createTestCloud, buildTestApp } from '#cloud/platform/testing/test-cloud.ts';
import { balancesOf } from '#cloud/points/testing/points-fixtures.ts';
import { runProofs } from '#cloud/proof/proof-run.ts';
import { defaultPointsConfig } from '#shared/points/points-config.ts';
import { findPromissoryWord } from '#shared/points/words/promissory-words.ts';

let life: LivedLife;
beforeAll(async () => {
  life = await liveALife();
}, 120_000);
afterAll(() => life?.close());

const get = (url: string, headers: Record<string, string> = {}) =>
  life.app.inject({ method: 'GET', url, headers });
const read = async () => (await get('/v1/disclosure')).json<Disclosure>();

async function ask<T extends Record<string, unknown>>(query: ReturnType<typeof sql>) {
  return (await life.cloud.deps.db.execute<T>(query)).rows;
}

const ratio = (fundFen: number, points: bigint): number =>
  Number((BigInt(fundFen) * 10_000n) / points);

describe('the disclosure', () => {
  it('tells the books to the fen after four months that were lived through', async () => {
    const { operatorId, db } = life.cloud.deps;
    expect((await runProofs(life.cloud.deps)).filter(({ holds }) => !holds)).toEqual([]);
    const told = await read();
    const books = await balancesOf(db, operatorId);
    expect(told.money).toMatchObject({
      fundFen: books['fund_free'],
      voucherFen: books['voucher_outstanding'],
      payoutFen: books['payout_in_flight'] ?? 0,
      ringFencedFen: -books['ring_fenced_cash']!,
      parkedFen: books['fund_free'],
    });
    expect(told.agents.payableFen).toBe(books['agent_payable']);
    expect(told.agents.earnedFen).toBe(books['agent_payable']);
    expect(told.agents.earnedFen).toBeGreaterThan(0);
    const [wallets] = await ask<{ fen: number; x: number }>(sql`
      select (select sum(left_fen + held_fen)::bigint from voucher) as fen,
             (select sum(issued - released)::bigint from account_points) as x`);
    expect(wallets!.fen).toBe(told.money.voucherFen);
    expect(told.points.unreleased).toBe(String(wallets!.x));
    expect(told.points.coverageBp).toBe(
      Math.floor((told.money.fundFen * 10_000) / Number(told.points.unreleased)),
    );
    expect(told.checks.map(({ holds }) => holds)).toEqual([true, true]);
  });

  it('tells every close with both measures, and what was released of it adds up to the vouchers of its runs', async () => {
    const told = await read();
    expect(told.closes.map(({ period }) => period)).toEqual([
      '2026-04',
      '2026-03',
      '2026-02',
      '2026-01',
    ]);
    for (const close of told.closes) {
      const [stored] = await ask<Record<string, number>>(sql`
        select mult_bp, budget_fen, gate_open::int as gate_open, explanation_hash,
               (select coalesce(sum(face_fen), 0)::bigint from voucher v
                 where v.period = c.period) as vouchers
          from period_close c where period = ${close.period}`);
      expect(stored).toMatchObject({
        mult_bp: close.multBp,
        budget_fen: close.budgetFen,
        gate_open: Number(close.gateOpen),
        vouchers: close.releasedFen,
        explanation_hash: close.explanationHash,
      });
    }
    expect(told.closes.some(({ releasedFen }) => releasedFen > 1000)).toBe(true);
    expect(told.closes[0]).toMatchObject({ measure: 'outstanding', thresholdBp: 1500 });
    const last = told.closes[0]!;
    expect(last.outstanding.growthBp).toBe(
      Math.floor(
        ((Number(last.outstanding.current) - Number(last.outstanding.previous)) * 10_000) /
          Number(last.outstanding.previous),
      ),
    );
    expect(told.stockGate).not.toBeNull();
  });

  it('tells coverage by the careful figure: points that people hold back count as if they came', async () => {
    const before = (await read()).points;
    const { db, operatorId } = life.cloud.deps;
    const { money } = await read();
    expect(before.held).toBe('0');
    expect(before.coverageBp).toBe(ratio(money.fundFen, BigInt(before.unreleased)));
    // A final sale of 10,000 points waits for people: its concession lies in F, its points in no pool.
    const orderId = 'ord_01J0000000000000000000HELD';
    await db.execute(sql`
      insert into points_order (operator_id, order_id, merchant_id, accepted_on, net_fen,
        concession_fen, merchant_points, final_on)
      values (${operatorId}, ${orderId}, 'mch_x', '2026-05-01', 50000, 10000, 0, '2026-05-08')`);
    await db.execute(sql`
      insert into points_lot (operator_id, order_id, kind, merchant_id, points, state)
      values (${operatorId}, ${orderId}, 'consumer', 'mch_x', 10000, 'pending')`);
    await db.execute(sql`
      insert into points_hold (operator_id, order_id, merchant_id, reasons, held_on)
      values (${operatorId}, ${orderId}, 'mch_x', '[]', '2026-05-08')`);
    const told = await db.transaction((tx) =>
      readDisclosure(tx, { operatorId, nowMs: life.clock.nowMs() }),
    );
    expect(told.points).toMatchObject({ unreleased: before.unreleased, held: '10000' });
    const careful = ratio(money.fundFen, BigInt(before.unreleased) + 10_000n);
    expect(told.points.coverageBp).toBe(careful);
    expect(careful).toBeLessThan(before.coverageBp!);
    await db.execute(sql`
      update points_hold set state = 'refused', decided_by = 'x', decided_note = 'x', decided_at_ms = 1
       where order_id = ${orderId}`);
    const after = await db.transaction((tx) =>
      readDisclosure(tx, { operatorId, nowMs: life.clock.nowMs() }),
    );
    expect(after.points.coverageBp).toBe(before.coverageBp);
  });

  it('names versions, announced switches and corrections, and nobody by name', async () => {
    const answer = await get('/v1/disclosure');
    const told = answer.json<Disclosure>();
    expect(told.rules.version).toBe(1);
    expect(
      told.versions.map(({ version, people, isInForce }) => [version, people, isInForce]),
    ).toEqual([
      [2, 2, false],
      [1, 2, true],
    ]);
    expect(told.versions[0]).toMatchObject({
      effectiveFrom: '2026-07-01',
      preset: 'mature',
      changes: [
        { key: 'voucherDays', from: 90, to: 120 },
        { key: 'gateMeasure', from: 'outstanding', to: 'period_inflow' },
      ].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    });
    // The agents' rates come back from the database with their keys in another order: no change.
    expect(told.versions[1]!.changes.map(({ key }) => key)).toEqual([
      'bonusRequiresScore',
      'gateMaxTopMerchantShareBp',
      'gateMinScale',
    ]);
    expect(told.adjustments).toEqual({ givenCount: 0, givenFen: 0, takenCount: 1, takenFen: 50 });
    const { body: page } = await get('/disclosure');
    for (const text of [answer.body, page])
      for (const secret of ['mbr_', 'prs_', '陈红', '王芳', '李强', 'chen', 'agt_'])
        expect(text).not.toContain(secret);
  });

  it('shows the same figures on a page that promises nothing and runs nothing from elsewhere', async () => {
    const told = await read();
    const answer = await get('/disclosure');
    expect(answer.headers['content-security-policy']).toContain(`default-src 'none'`);
    expect(answer.headers['cache-control']).toBe('public, max-age=600');
    const { body } = answer;
    const shown = [
      hundredths(told.money.fundFen),
      hundredths(told.money.voucherFen),
      hundredths(told.points.unreleased),
      ...told.closes.filter(({ gateOpen }) => gateOpen).map(({ multBp }) => factor(multBp)),
      '不构成承诺',
      '2026-07-01',
      '闸门改看',
      '起步方案（闸门看存量）',
      `<td class="sum">¥${hundredths(told.closes[0]!.budgetFen)}`,
    ];
    for (const text of shown) expect(body).toContain(text);
    expect(told.closes.length).toBeLessThanOrEqual(multipliersShown);
    expect(findPromissoryWord(body.replaceAll(/<(style|script)>.*?<\/\1>/gs, ''))).toBeUndefined();
    // English has no Chinese left in it.
    const english = [...body.matchAll(/<span lang="en">(.*?)<\/span>/gs)].map(([, text]) => text);
    expect(english.length).toBeGreaterThan(40);
    expect(english.filter((text) => /\p{Script=Han}/u.test(text!) && text !== '中文')).toEqual([]);
  });

  it('has a name for every key of the rules', () => {
    expect(Object.keys(ruleWords).toSorted()).toEqual(Object.keys(defaultPointsConfig).toSorted());
  });

  it('reads the database once in ten minutes, answers 304 to who knows it, and tells a plan to end when it stands', async () => {
    const first = await get('/v1/disclosure');
    const etag = String(first.headers['etag']);
    const again = await get('/v1/disclosure', { 'if-none-match': `"other", ${etag}` });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    const page = await get('/disclosure');
    const known = { 'if-none-match': String(page.headers['etag']) };
    expect((await get('/disclosure', known)).statusCode).toBe(304);
    const planZh = '自七月一日起停止发放积分，<b>已有</b>券照常使用。';
    const plan = { stopOn: '2026-07-01', planZh, planEn: 'No new points from 1 July on.' };
    await life.act('wind-down', plan, 0);
    life.clock.advance(snapshotMsMax);
    expect((await read()).windDown).toBeNull();
    await life.act('wind-down/1/publish', { note: 'agreed' }, 1);
    expect((await read()).windDown).toBeNull();
    life.clock.advance(snapshotMsMax);
    expect((await read()).windDown).toMatchObject({ state: 'published', stopOn: '2026-07-01' });
    const { body } = await get('/disclosure');
    expect(body).toContain('&lt;b&gt;已有&lt;/b&gt;');
    expect((await get('/v1/disclosure', { 'if-none-match': etag })).statusCode).toBe(200);
  });

  it('takes a limited number of requests from one address', async () => {
    const answers = await Promise.all(Array.from({ length: 70 }, () => get('/v1/disclosure')));
    expect(answers.some(({ statusCode }) => statusCode === 429)).toBe(true);
  });

  it('is there on the first day, with nothing in it', async () => {
    const cloud = await createTestCloud();
    const app = await buildTestApp(cloud);
    const told = (await app.inject({ url: '/v1/disclosure' })).json<Disclosure>();
    expect(told).toMatchObject({ closes: [], versions: [], windDown: null, stockGate: null });
    expect(told.points.coverageBp).toBeNull();
    expect((await app.inject({ url: '/disclosure' })).body).toContain('还没有关闭的期间');
    await app.close();
    await cloud.close();
  });
});
