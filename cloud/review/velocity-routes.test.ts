import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { showHolds } from '#cloud/proof/book-seals.ts';
import { raiseHold } from '#cloud/ledger/release-hold.ts';
import { velocityRulesDefault } from '#cloud/review/velocity-rules.ts';
import { merchantNo } from '#cloud/settlement/testing/paid-orders.ts';
import { newId, type MemberId } from '#shared/ids/ids.ts';
import { admin, agreed, clock, cloud, operatorId } from '#cloud/commissions/testing/agent-bench.ts';

const run = (text: ReturnType<typeof sql>) => cloud.deps.db.execute(text);
/** With the operator's token and no person's key. */
const nobody = -1;

async function newMember(phone: string): Promise<MemberId> {
  const memberId = newId('mbr', cloud.deps);
  await run(sql`
    insert into member (operator_id, member_id, phone_hash, phone_mask, phone_cipher, created_at_ms)
    values (${operatorId}, ${memberId}, ${phone.repeat(64)}, '138****0001', 'x', 0)`);
  return memberId;
}

describe('the rules of velocity, over HTTP', () => {
  const path = '/admin/v1/velocity-rules';
  const rules = { ...velocityRulesDefault, memberDay: { act: 'hold', count: 7 } };

  it('are read, changed by a person alone, and every version is kept', async () => {
    expect((await admin('GET', path)).json()).toEqual({ rules: velocityRulesDefault });
    expect((await admin('PUT', path, { rules }, nobody)).json()).toMatchObject({
      code: 'person-key-invalid',
    });
    expect((await admin('PUT', path, { rules })).json()).toEqual({ rules });
    expect((await admin('GET', path)).json()).toEqual({ rules });
    await admin('PUT', path, { rules: velocityRulesDefault });
    const { rows } = await run(sql`select count(*) as versions from velocity_rules`);
    expect(rows).toEqual([{ versions: 2 }]);
  });

  it.each([
    ['a count of none', { ...rules, memberDay: { act: 'hold', count: 0 } }],
    ['an act that is none', { ...rules, shopDay: { act: 'punish', count: 9 } }],
    ['a rule that is missing', { ...rules, topPayers: undefined }],
    ['a rule too many', { ...rules, moon: { act: 'hold', count: 1 } }],
  ])('refuse %s', async (_, wrong) => {
    expect((await admin('PUT', path, { rules: wrong })).statusCode).toBe(400);
  });
});

describe('a shop whose vouchers wait, over HTTP', () => {
  const month = '2026-01';
  const path = `/admin/v1/merchants/${merchantNo(5)}/voucher-reviews/${month}`;
  const body = { verdict: 'allowed', note: '店铺周年活动' };

  it('is listed with what was seen, decided by a person once, and gone from the list', async () => {
    await run(sql`
      insert into voucher_review (operator_id, merchant_id, month, amount_fen, voucher_fen, held_at_ms)
      values (${operatorId}, ${merchantNo(5)}, ${month}, 1000, 400, 7)`);
    expect((await admin('GET', '/admin/v1/voucher-reviews')).json()).toEqual({
      reviews: [
        { merchantId: merchantNo(5), month, amountFen: 1000, voucherFen: 400, heldAtMs: 7 },
      ],
    });
    expect((await admin('POST', path, body, nobody)).statusCode).toBe(403);
    expect((await admin('POST', path, { ...body, verdict: 'maybe' })).statusCode).toBe(400);
    expect((await admin('POST', path, { ...body, note: '' })).statusCode).toBe(400);
    expect((await admin('POST', path, body)).json()).toEqual({ decided: true });
    expect((await admin('POST', path, body)).statusCode).toBe(404);
    expect((await admin('GET', '/admin/v1/voucher-reviews')).json()).toEqual({ reviews: [] });
    const { rows } = await run(
      sql`select state, decided_by like 'prs_%' as person from voucher_review`,
    );
    expect(rows).toEqual([{ state: 'allowed', person: true }]);
  });
});

describe('a tier, over HTTP', () => {
  it('is none without a history, and tells its score and every change, the newest first', async () => {
    const memberId = await newMember('1');
    const path = `/admin/v1/members/${memberId}/tier`;
    expect((await admin('GET', path)).json()).toEqual({ tier: 0, changes: [] });
    expect((await admin('GET', '/admin/v1/members/nobody/tier')).statusCode).toBe(400);
    await run(sql`
      insert into member_tier (operator_id, member_id, tier, score_fen, reached_on)
      values (${operatorId}, ${memberId}, 2, 500000, '2026-01-05')`);
    const { rows } = await run(sql`select tier from member_tier`);
    expect(rows).toEqual([{ tier: 2 }]);
    expect((await admin('GET', path)).json()).toEqual({
      tier: 2,
      scoreFen: 500_000,
      reachedOn: '2026-01-05',
      changes: [],
    });
  });
});

describe("a member's wallets, for whoever serves him", () => {
  it('are listed by their first signs, and forgotten by a person, one or all', async () => {
    const memberId = await newMember('2');
    for (const sign of ['a', 'b'])
      await run(sql`
        insert into payer_link (operator_id, payer_hash, channel, member_id, source, linked_at_ms)
        values (${operatorId}, ${sign.repeat(64)}, 'wechat', ${memberId}, 'claim', ${clock.nowMs()})`);
    const path = `/admin/v1/members/${memberId}/payers`;
    const list = async () =>
      (await admin('GET', path)).json<{ payers: { payer: string }[] }>().payers;
    expect((await list()).map(({ payer }) => payer)).toEqual(['aaaaaaaa', 'bbbbbbbb']);
    expect((await admin('GET', path)).body).not.toContain('a'.repeat(9));
    const unlink = (body: object, person: -1 | 0 = 0) =>
      admin('POST', `${path}/unlink`, body, person);
    expect((await unlink({}, nobody)).statusCode).toBe(403);
    expect((await unlink({ payer: 'zz' })).statusCode).toBe(400);
    expect((await unlink({ payer: 'aaaaaaaa' })).json()).toEqual({ unlinked: 1 });
    expect(await list()).toHaveLength(1);
    expect((await unlink({})).json()).toEqual({ unlinked: 1 });
    expect(await list()).toEqual([]);
  });
});

const gauge = async () => {
  const { values } = await cloud.deps.metrics.releaseHolds.get();
  return values[0]?.value;
};

it('the gauge of holds says how many stand: when one is raised, and when two people lifted it', async () => {
  const { db } = cloud.deps;
  const hold = { operatorId, reason: 'proof:test', detail: {}, nowMs: clock.nowMs() };
  await db.transaction((tx) => raiseHold(tx, hold));
  await showHolds(cloud.deps);
  expect(await gauge()).toBe(1);
  expect(await cloud.deps.metrics.registry.metrics()).toMatch(/release_holds 1\b/);
  await agreed('POST', '/admin/v1/release-holds/1/lift', {});
  expect(await gauge()).toBe(0);
});
