import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  evidence,
  moved,
  openInstructionDesk,
  type InstructionDesk,
} from '#cloud/settlement/instructions/testing/instruction-desk.ts';

/** The admin routes of instructions: who comes in, with what. */
let desk: InstructionDesk;
beforeAll(async () => {
  desk = await openInstructionDesk();
});
afterAll(() => desk.close());

describe('the door', () => {
  const path = 'instructions/X1/decision';
  const good = { payload: { how: 'void', evidence } };
  it.each([
    ['without the operator’s token', path, { ...good, token: 'wrong' }, 401],
    ['without a person’s key', path, good, 403],
    ['with an instruction that nobody knows', path, { ...good, key: 'first' }, 404],
    ['with a number that is none', 'instructions/%20x/decision', { ...good, key: 'first' }, 400],
    ['without evidence', path, { payload: { how: 'void', evidence: '-' }, key: 'first' }, 400],
    ['moved without a reference', path, { payload: { how: 'moved', evidence }, key: 'first' }, 400],
    [
      'with more than is asked for',
      path,
      { payload: { how: 'void', evidence, amountFen: 1 }, key: 'first' },
      400,
    ],
    ['confirming nothing', `${path}/confirm`, { payload: { note: '好的好的' }, key: 'first' }, 404],
    [
      'withdrawing nothing',
      `${path}/withdraw`,
      { payload: { note: '好的好的' }, key: 'first' },
      404,
    ],
  ])('refuses a decision %s', async (_, url, options, status) => {
    const key = 'key' in options ? { key: desk.keys[0] } : {};
    expect(await desk.call('POST', url, { ...options, ...key })).toMatchObject({
      statusCode: status,
    });
  });

  const channel = {
    splits: true,
    subsidises: true,
    paysOut: true,
    platformAccount: '1',
    platformName: '平台',
  };
  it.each([
    ['instructions of no state', 'GET', 'instructions?state=lost', undefined, 400],
    ['instructions of all states', 'GET', 'instructions?state=open', undefined, 200],
    ['a channel nobody knows', 'PUT', 'settlement-channels/paypal', channel, 404],
    ['a channel without the ability', 'PUT', 'settlement-channels/withholding', channel, 422],
    ['a channel with it', 'PUT', 'settlement-channels/wechat', channel, 200],
    ['a channel half told', 'PUT', 'settlement-channels/wechat', { splits: true }, 400],
  ] as const)('%s: %s %s', async (_, method, url, payload, status) => {
    const sent = payload === undefined ? {} : { payload };
    expect(await desk.call(method, url, sent)).toMatchObject({ statusCode: status });
    expect(await desk.call(method, url, { ...sent, token: 'x' })).toMatchObject({
      statusCode: 401,
    });
  });

  it('shows and decides nothing of another operator', async () => {
    await desk.bench.sell(1_500_000, 600_000);
    const [listed] = await desk.exceptions();
    await desk.bench.pay.deps.db.execute(sql`
      insert into channel_instruction (operator_id, instruction_no, merchant_id, kind, step, channel,
        amount_fen, order_id, state, next_step, next_at_ms, created_at_ms, by_hand)
      values ('opr_01J0000000000000000000000Z', 'OTHER', 'm', 'subsidy', 1, 'wechat', 1, 'o', 'ready',
        'send', 1, 1, true)`);
    expect(await desk.exceptions()).toEqual([listed]);
    expect(await desk.decide('OTHER', moved)).toMatchObject({ statusCode: 404 });
  });
});
