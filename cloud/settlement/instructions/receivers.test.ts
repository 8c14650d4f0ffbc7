import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LineFault } from '#cloud/channel-simulator/line.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import { runInstructionsOnce } from '#cloud/settlement/instructions/instruction-worker.ts';
import { listReceivers } from '#cloud/settlement/instructions/receiver-list.ts';
import { removeReceiversOnce } from '#cloud/settlement/instructions/receiver-worker.ts';
import {
  createInstructionBench,
  platformNo,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';

/** Who gets shares of a shop's orders at the channel, and that he is taken off when he gets none any more. */
let bench: InstructionBench;
beforeEach(async () => {
  bench = await createInstructionBench();
});
afterEach(() => bench.pay.close());

const otherNo = '1800000002';
const scoped = <T>(run: () => Promise<T>): Promise<T> =>
  runScoped({ type: 'operator', operatorId: bench.pay.till.operatorId }, run);
const remove = () => scoped(() => removeReceiversOnce(bench.worker()));
const atChannel = () => bench.pay.simulator.money.splits.receiversOf(bench.pay.merchantNo);
const settleBy = (account: string) =>
  bench.pay.deps.db.execute(sql`update channel_settlement set platform_account = ${account}`);
const kept = async () => {
  const { rows } = await bench.pay.deps.db.execute(sql`
    select account, state, round, sends from split_receiver order by account`);
  return rows;
};
const calls = async () => {
  const { rows } = await bench.pay.deps.db.execute<Record<string, string>>(sql`
    select outcome, signature, request_digest from split_receiver_call order by call_no`);
  return rows;
};
/** A sale that is final, and its concession at the platform's account. */
const finalSale = async () => {
  await bench.sell(10_000);
  await bench.settle();
  await bench.finalise();
  await bench.settle();
};
const onRemoval = (fault: LineFault, times = Number.POSITIVE_INFINITY) => {
  let left = times;
  bench.pay.simulator.setFaults(({ path }) => {
    if (left === 0 || !path.endsWith('receivers/delete')) return 'none';
    left -= 1;
    return fault;
  });
};
/** Until nothing is due within a day. */
const removeAll = async () => {
  for (let turns = 40; turns > 0; turns -= 1) {
    await remove();
    const { rows } = await bench.pay.deps.db.execute<{ due: number | null }>(sql`
      select min(greatest(next_at_ms, lease_until_ms)) as due from split_receiver
       where next_at_ms is not null`);
    const due = rows[0]?.due ?? null;
    if (due === null) return;
    bench.pay.clock.advanceTo(Math.max(due, bench.pay.clock.nowMs()));
  }
  throw new Error('a removal without an end');
};

describe('an account that gets no share any more', () => {
  it('of an operator who settles by another one is taken off, once; the new one is added with the next share', async () => {
    await finalSale();
    expect(atChannel()).toEqual([platformNo]);
    expect(await remove()).toBe(0);
    await settleBy(otherNo);
    expect(await remove()).toBe(1);
    expect(atChannel()).toEqual([]);
    expect(await remove()).toBe(0);
    expect(await kept()).toEqual([{ account: platformNo, state: 'gone', round: 1, sends: 1 }]);
    expect(await calls()).toMatchObject([{ outcome: 'done', signature: 'valid' }]);
    await finalSale();
    expect(atChannel()).toEqual([otherNo]);
  });

  it('stays while a share that goes there is not certain, or failed and may be sent again', async () => {
    await bench.sell(10_000);
    await bench.settle();
    await bench.finalise();
    // The concession is made: its worker adds the receiver, and the channel splits.
    await runInstructionsOnce(bench.worker());
    await settleBy(otherNo);
    expect(await remove()).toBe(0);
    await bench.settle();
    await bench.pay.deps.db.execute(sql`update channel_instruction set state = 'failed'
      where kind = 'concession'`);
    expect(await remove()).toBe(0);
    await bench.pay.deps.db.execute(sql`update channel_instruction set state = 'done'
      where kind = 'concession'`);
    expect(await remove()).toBe(1);
    expect(atChannel()).toEqual([]);
  });

  it('of a shop that charges there no more is taken off when none of its sales is held', async () => {
    await finalSale();
    await bench.sell(10_000);
    await bench.pay.deps.db.execute(sql`update merchant_channel set enabled = false`);
    expect(await remove()).toBe(0);
    await bench.settle();
    await bench.finalise();
    await bench.settle();
    expect(await remove()).toBe(1);
    expect(atChannel()).toEqual([]);
  });

  it('and gets one again is added anew, as another relation', async () => {
    await finalSale();
    await settleBy(otherNo);
    await remove();
    await settleBy(platformNo);
    await finalSale();
    expect(atChannel()).toEqual([platformNo]);
    expect(await kept()).toMatchObject([{ account: platformNo, state: 'bound', round: 1 }]);
    await settleBy(otherNo);
    await remove();
    expect(atChannel()).toEqual([]);
    expect(await kept()).toMatchObject([{ account: platformNo, state: 'gone', round: 2 }]);
  });
});

describe('whatever happens on the line', () => {
  const faults: readonly LineFault[] = [
    'lose-request',
    'lose-answer',
    'forge-answer',
    'garbage',
    'too-many-requests',
  ];
  it.each(faults)('%s, three times: asked again until the channel said it', async (fault) => {
    await finalSale();
    await settleBy(otherNo);
    onRemoval(fault, 3);
    await removeAll();
    expect(atChannel()).toEqual([]);
    expect(await kept()).toMatchObject([{ state: 'gone', sends: 4 }]);
    const said = (await calls()).map(({ outcome }) => outcome?.split(' ')[0]);
    expect(said.slice(0, 3)).toEqual(['unknown', 'unknown', 'unknown']);
    // Carried out behind a lost answer: then there is no such receiver any more.
    expect(['done', 'not-known']).toContain(said[3]);
  });

  it('a share that wants the account meanwhile waits: a removal could arrive behind the adding', async () => {
    await finalSale();
    await settleBy(otherNo);
    onRemoval('lose-request');
    await remove();
    await settleBy(platformNo);
    await bench.sell(10_000);
    await bench.settle();
    await bench.finalise();
    await runInstructionsOnce(bench.worker());
    const concessions = async () =>
      (await bench.instructions()).filter(({ kind }) => kind === 'concession');
    expect(await concessions()).toMatchObject([{ state: 'done' }, { state: 'ready' }]);
    expect((await concessions())[1]?.code).toBe('receiver-leaving');
    bench.pay.simulator.setFaults(() => 'none');
    await removeAll();
    await bench.settle();
    expect(await concessions()).toMatchObject([{ state: 'done' }, { state: 'done' }]);
    expect(atChannel()).toEqual([platformNo]);
    expect(await bench.broken()).toEqual([]);
  });

  it('killed behind the first byte: another worker asks again', async () => {
    await finalSale();
    await settleBy(otherNo);
    const channel = bench.pay.deps.channels.get('wechat')!;
    const dying = new Proxy(channel, {
      get: (target, name) =>
        name === 'splits'
          ? {
              ...target.splits,
              removeReceiver: async (relation: never) => {
                await target.splits!.removeReceiver(relation);
                throw new Error('the process ended here');
              },
            }
          : (Reflect.get(target, name) as unknown),
    });
    const deps = { ...bench.worker(), channels: new Map([['wechat', dying]]) };
    await expect(scoped(() => removeReceiversOnce(deps))).rejects.toThrow('ended here');
    await removeAll();
    expect(await kept()).toMatchObject([{ state: 'gone', sends: 2 }]);
  });

  it('two workers at once ask once', async () => {
    await finalSale();
    await settleBy(otherNo);
    const done = await Promise.all([1, 2, 3].map(() => remove()));
    expect(done.reduce((sum, one) => sum + one, 0)).toBe(1);
    expect(await calls()).toHaveLength(1);
  });

  it('no secret of ours and no account’s name stands in what is kept of the calls', async () => {
    await finalSale();
    await settleBy(otherNo);
    await remove();
    const text = JSON.stringify(await calls());
    expect((await calls())[0]?.['request_digest']).toMatch(/^[0-9a-f]{64}$/);
    for (const secret of bench.pay.secrets) expect(text).not.toContain(secret);
  });
});

it('people see who is bound, what is under way for too long, and what was refused for good', async () => {
  await finalSale();
  const list = () =>
    scoped(() =>
      listReceivers(bench.pay.deps.db, {
        operatorId: bench.pay.till.operatorId,
        nowMs: bench.pay.clock.nowMs(),
      }),
    );
  const one = { channel: 'wechat', channelMerchantNo: bench.pay.merchantNo, account: platformNo };
  expect(await list()).toMatchObject([{ ...one, state: 'bound', exception: null }]);
  await settleBy(otherNo);
  onRemoval('lose-answer', 1);
  await remove();
  expect(await list()).toMatchObject([{ state: 'leaving', exception: null }]);
  bench.pay.clock.advance(3_600_001);
  expect(await list()).toMatchObject([{ state: 'leaving', exception: 'open-too-long' }]);
  await bench.pay.deps.db.execute(sql`update split_receiver set state = 'refused',
    next_at_ms = null, ended_at_ms = 1, code = 'NO_AUTH'`);
  expect(await list()).toMatchObject([{ exception: 'refused', code: 'NO_AUTH' }]);
});
