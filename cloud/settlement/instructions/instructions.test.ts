import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LineFault } from '#cloud/channel-simulator/line.ts';
import { listInstructions } from '#cloud/settlement/instructions/instruction-list.ts';
import {
  confirmDecision,
  proposeDecision,
} from '#cloud/settlement/instructions/decide-instruction.ts';
import { runInstructionsOnce } from '#cloud/settlement/instructions/instruction-worker.ts';
import {
  createInstructionBench,
  platformNo,
  type InstructionBench,
} from '#cloud/settlement/instructions/testing/instruction-bench.ts';
import type { PersonId } from '#shared/ids/ids.ts';

let bench: InstructionBench;
beforeEach(async () => {
  bench = await createInstructionBench();
});
afterEach(() => bench.pay.close());

const booksOf = () => {
  const { money } = bench.pay.simulator;
  const parts = money.splits.all().flatMap((one) => one.parts);
  const to = (account: string) =>
    parts
      .filter((part) => part.account === account && part.state === 'SUCCESS')
      .reduce((sum, part) => sum + part.amountFen, 0);
  return {
    merchantFen: to(bench.pay.merchantNo),
    platformFen: to(platformNo),
    subsidyFen: money.subsidies.all().reduce((sum, one) => sum + one.amountFen, 0),
    releases: money.splits.all().filter((one) => one.releasesRest).length,
  };
};

/** What the simulator still holds frozen of all orders. */
const frozenFen = () => {
  const { simulator, clock } = bench.pay;
  return simulator
    .books()
    .map((line) => simulator.money.splits.frozenFen(line.transactionId, clock.nowMs()))
    .reduce<number>((sum, one) => sum + (typeof one === 'number' ? one : 0), 0);
};

const statesOf = async () =>
  (await bench.instructions()).map(({ kind, state, amount_fen: amountFen }) => [
    kind,
    state,
    amountFen,
  ]);

const onPath = (fault: LineFault, word: string, times = 1) => {
  let left = times;
  bench.pay.simulator.setFaults(({ path }) => {
    if (left === 0 || !path.includes(word)) return 'none';
    left -= 1;
    return fault;
  });
};

describe('an order is settled by instructions', () => {
  it('same day: the subsidy, then 80 % to the merchant; 20 % stays frozen at the channel and in the books', async () => {
    await bench.sell(10_300, 300);
    await bench.settle();
    expect(await statesOf()).toEqual([
      ['subsidy', 'done', 300],
      ['same-day', 'done', 8_000],
    ]);
    expect(booksOf()).toEqual({ merchantFen: 8_000, platformFen: 0, subsidyFen: 300, releases: 0 });
    expect(frozenFen()).toBe(2_000);
    expect(await bench.balance('channel_clearing')).toBe(-2_000);
    expect(await bench.balance('merchant_payable')).toBe(0);
    expect(await bench.balance('instruction_pending')).toBe(0);
    expect(await bench.broken()).toEqual([]);
  });

  it('nothing leaves earlier than 30 s after the payment', async () => {
    await bench.sell(10_000);
    bench.pay.clock.advance(29_000);
    expect(await runInstructionsOnce(bench.worker())).toBe(0);
    expect(await bench.balance('instruction_pending')).toBe(8_000);
  });

  it('at finality: the concession to the platform, the rest to the merchant, nothing is left anywhere', async () => {
    await bench.sell(10_000);
    await bench.sell(3_333);
    await bench.settle();
    await bench.finalise();
    expect(await bench.balance('instruction_pending')).toBeGreaterThan(0);
    await bench.settle();
    // 10 % concession; of 33.33 the same day has 26.66, the concession 3.33, the rest 3.34.
    expect(booksOf()).toMatchObject({ merchantFen: 10_666, platformFen: 1_333, releases: 2 });
    expect(frozenFen()).toBe(0);
    for (const account of [
      'channel_clearing',
      'merchant_payable',
      'merchant_reserve',
      'concession_pending',
      'concession_due',
      'instruction_pending',
    ])
      expect([account, await bench.balance(account)]).toEqual([account, 0]);
    expect(await bench.broken()).toEqual([]);
  });

  it('a channel that is not open for settlement is told nothing', async () => {
    await bench.pay.deps.db.execute(sql`delete from channel_settlement`);
    await bench.sell(10_000);
    expect(await bench.instructions()).toEqual([]);
    expect(await bench.balance('merchant_payable')).toBe(8_000);
  });
});

describe('whatever happens on the line, each is carried out once', () => {
  const faults: readonly LineFault[] = [
    'lose-request',
    'lose-answer',
    'forge-answer',
    'garbage',
    'too-many-requests',
  ];
  it.each(faults)('%s, three times on every call of the money side', async (fault) => {
    await bench.sell(10_300, 300);
    onPath(fault, 'subsid', 3);
    bench.pay.clock.advance(60_000);
    await bench.settle();
    onPath(fault, 'profitsharing', 3);
    await bench.settle();
    await bench.finalise();
    onPath(fault, 'profitsharing', 3);
    await bench.settle();
    expect(await statesOf()).toEqual([
      ['subsidy', 'done', 300],
      ['same-day', 'done', 8_000],
      ['concession', 'done', 1_000],
      ['release', 'done', 1_000],
    ]);
    expect(booksOf()).toEqual({
      merchantFen: 8_000,
      platformFen: 1_000,
      subsidyFen: 300,
      releases: 1,
    });
    expect(await bench.balance('channel_clearing')).toBe(0);
    expect(await bench.broken()).toEqual([]);
  });

  it('killed after the commit and before the first byte: asked first, then sent under the same number', async () => {
    await bench.sell(10_000);
    bench.pay.clock.advance(60_000);
    // The state in which a worker dies: marked as sending, nothing at the channel.
    await bench.pay.deps.db.execute(sql`update channel_instruction set state = 'open', sends = 1,
      next_step = 'query', sent_at_ms = ${bench.pay.clock.nowMs()}`);
    await bench.settle();
    expect(await bench.instructions()).toMatchObject([{ state: 'done', sends: 2 }]);
    expect(booksOf()).toMatchObject({ merchantFen: 8_000 });
    const { rows } = await bench.pay.deps.db.execute(
      sql`select kind from channel_instruction_call order by call_no limit 2`,
    );
    expect(rows.map(({ kind }) => kind)).toEqual(['query', 'send']);
  });

  it('killed before anything was sent, or while the answer came: another worker ends it', async () => {
    await bench.sell(10_000);
    bench.pay.clock.advance(60_000);
    const dying = {
      ...bench.worker(),
      channels: new Map([
        [
          'wechat',
          new Proxy(bench.pay.deps.channels.get('wechat')!, {
            get: (channel, name) => {
              if (name !== 'splits') return Reflect.get(channel, name) as unknown;
              return {
                ...channel.splits,
                split: async (order: never) => {
                  await channel.splits!.split(order);
                  throw new Error('the process ended here');
                },
              };
            },
          }),
        ],
      ]),
    };
    await expect(runInstructionsOnce(dying)).rejects.toThrow('the process ended here');
    await bench.settle();
    expect(await bench.instructions()).toMatchObject([{ state: 'done', sends: 1 }]);
    expect(booksOf()).toMatchObject({ merchantFen: 8_000 });
    expect(await bench.broken()).toEqual([]);
  });

  it('two workers at once send once', async () => {
    await bench.sell(10_000);
    bench.pay.clock.advance(60_000);
    const done = await Promise.all([1, 2, 3].map(() => runInstructionsOnce(bench.worker())));
    expect(done.reduce((sum, one) => sum + one, 0)).toBe(1);
    await bench.settle();
    expect(await bench.instructions()).toMatchObject([{ state: 'done', sends: 1 }]);
  });

  it('every call is kept with its digest and verdict, and no secret of ours', async () => {
    await bench.sell(10_000);
    await bench.settle();
    const { rows } = await bench.pay.deps.db.execute<Record<string, string>>(
      sql`select * from channel_instruction_call`,
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row['request_digest']).toMatch(/^[0-9a-f]{64}$/);
      expect(row['signature']).toBe('valid');
    }
    for (const secret of bench.pay.secrets) expect(JSON.stringify(rows)).not.toContain(secret);
  });
});

describe('a final refusal', () => {
  it('gives the amount back, waits for people, and nothing is released over it', async () => {
    await bench.sell(10_000);
    await bench.settle();
    // The reserve lapses at the channel before the platform is paid: frozen for 180 days at most.
    bench.pay.clock.advance(181 * 86_400_000);
    await bench.finalise();
    await bench.settle();
    expect(await statesOf()).toEqual([
      ['same-day', 'done', 8_000],
      ['concession', 'failed', 1_000],
      ['release', 'ready', 1_000],
    ]);
    expect(await bench.balance('concession_due')).toBe(1_000);
    expect(await bench.balance('instruction_pending')).toBe(1_000);
    expect(await bench.broken()).toEqual([]);
  });

  it('is listed with its reason, and sent again under a new number by two people, once', async () => {
    // The platform's account is one that the channel does not know: its share is closed.
    await bench.sell(10_000);
    await bench.settle();
    await bench.pay.deps.db.execute(sql`insert into split_receiver
      select operator_id, channel, channel_merchant_no, 'nobody' from channel_instruction`);
    await bench.pay.deps.db.execute(sql`update channel_settlement set platform_account = 'nobody'`);
    await bench.finalise();
    await bench.settle();
    const { operatorId } = bench.pay.till;
    const { db, clock } = bench.pay.deps;
    const [failed] = await listInstructions(db, {
      operatorId,
      state: 'exceptions',
      nowMs: clock.nowMs(),
    });
    expect(failed).toMatchObject({ kind: 'concession', exception: 'failed', amountFen: 1_000 });
    const key = { operatorId, instructionNo: failed!.instructionNo };
    const [one, two] = await bench.people();
    const nowMs = clock.nowMs();
    const propose = () =>
      proposeDecision(db, key, {
        how: 'retry',
        evidence: '收款账户填错了，已更正',
        payee: platformNo,
        by: one,
        nowMs,
      });
    const confirm = (by: PersonId) => confirmDecision(db, key, { by, note: '看过了', nowMs });
    expect(await confirm(two)).toMatchObject({ error: 'nothing-proposed' });
    expect(await propose()).toMatchObject({ ok: true });
    expect(await propose()).toMatchObject({ error: 'already-proposed' });
    expect(await confirm(one)).toMatchObject({ error: 'same-person' });
    expect(await confirm(two)).toMatchObject({ ok: true });
    expect(await propose()).toMatchObject({ error: 'replaced' });
    await bench.settle();
    expect(booksOf()).toMatchObject({ platformFen: 1_000, releases: 1 });
    expect(await bench.balance('channel_clearing')).toBe(0);
    expect(await bench.broken()).toEqual([]);
  });

  it('an instruction that a channel carried out otherwise than the books say is found by the nightly proof', async () => {
    await bench.sell(10_000);
    await bench.settle();
    await bench.pay.deps.db.execute(
      sql`update channel_instruction set amount_fen = amount_fen + 1`,
    );
    expect((await bench.broken()).join()).toContain('instructions-equal-ledger');
  });
});
