import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import { readBalances } from '#cloud/ledger/balances.ts';
import {
  endInstruction,
  holdInstruction,
  openInstructions,
  type DefiniteAnswer,
  type Instruction,
} from '#cloud/ledger/instruction.ts';
import { postJournals } from '#cloud/ledger/post.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';
import { getOrThrow } from '#shared/result/result.ts';

const database = useTestDatabase();
const operatorId = 'opr_01J00000000000000000000001' as OperatorId;
const merchantId = 'mch_01J00000000000000000000001' as MerchantId;
const reserveFen = 100_000;

const split = (key: string, amountFen: number): Instruction => ({
  operatorId,
  merchantId,
  key,
  kind: 'split',
  from: 'merchant_reserve',
  to: 'channel_clearing',
  amountFen: fen(amountFen),
  heldAtMs: 1_000,
});
const succeeded: DefiniteAnswer = { type: 'succeeded', channelRef: '4200000001' };
const failed: DefiniteAnswer = { type: 'failed', code: 'ACCOUNT_CLOSED' };

const hold = (instruction: Instruction) =>
  database.db.transaction((tx) => holdInstruction(tx, instruction));
const end = (key: string, answer: DefiniteAnswer) =>
  database.db.transaction((tx) =>
    endInstruction(tx, { operatorId, merchantId, key }, { answer, endedAtMs: 2_000 }),
  );
const balance = async (account: string) =>
  (await readBalances(database.db, { operatorId, merchantId })).find(
    (each) => each.account === account,
  )?.balanceFen;
const broken = async () =>
  (await proveLaws(database.db, { operatorId, laws: ledgerLaws }))
    .filter((proof) => !proof.holds)
    .map(({ name }) => name);
const open = async () =>
  (await openInstructions(database.db, { operatorId, heldBeforeMs: 9_999 })).map(({ key }) => key);

beforeAll(async () => {
  const legs = [
    { account: 'channel_clearing', amountFen: fen(-reserveFen) },
    { account: 'merchant_reserve', amountFen: fen(reserveFen) },
  ] as const;
  const sale = { operatorId, merchantId, idemKey: 'sale', kind: 'sale', eventAtMs: 0, legs };
  getOrThrow(await database.db.transaction((tx) => postJournals(tx, [sale])));
});

describe('an instruction', () => {
  test('holds its amount until it succeeded, and then the money has left', async () => {
    expect(getOrThrow(await hold(split('a', 30_000)))).toEqual({ isNew: true });
    expect(await balance('merchant_reserve')).toBe(70_000);
    expect(await balance('instruction_pending')).toBe(30_000);
    expect(await open()).toEqual(['a']);
    expect(getOrThrow(await end('a', succeeded))).toEqual({ isNew: true });
    expect(await balance('instruction_pending')).toBe(0);
    expect(await balance('channel_clearing')).toBe(70_000);
    expect(await open()).toEqual([]);
  });

  test('that failed for certain gives its amount back', async () => {
    getOrThrow(await hold(split('b', 20_000)));
    getOrThrow(await end('b', failed));
    expect(await balance('merchant_reserve')).toBe(70_000);
    expect(await broken()).toEqual([]);
  });

  test('is held once and ends once: repeats change nothing, the other end is refused', async () => {
    expect(getOrThrow(await hold(split('a', 30_000)))).toEqual({ isNew: false });
    expect(await hold(split('a', 30_001))).toEqual({
      ok: false,
      error: { type: 'instruction-differs' },
    });
    expect(getOrThrow(await end('a', succeeded))).toEqual({ isNew: false });
    expect(await end('a', failed)).toEqual({
      ok: false,
      error: { type: 'instruction-ended-otherwise', outcome: 'posted' },
    });
    expect(await end('nobody', failed)).toMatchObject({ error: { type: 'instruction-unknown' } });
    expect(await balance('merchant_reserve')).toBe(70_000);
  });

  test('holds no more than is there', async () => {
    expect(await hold(split('c', 70_001))).toMatchObject({ error: { type: 'balance-refused' } });
    expect(await open()).toEqual([]);
  });

  test('that both answers reach at once ends once', async () => {
    for (let round = 0; round < 8; round += 1) {
      getOrThrow(await hold(split(`race${round}`, 1)));
      const answers = await Promise.all(
        [succeeded, failed, succeeded, failed].map((answer) => end(`race${round}`, answer)),
      );
      expect(answers.filter((answer) => answer.ok && answer.value.isNew)).toHaveLength(1);
    }
    expect(await broken()).toEqual([]);
  });

  test('whose end is missing is found by the law when the books say otherwise', async () => {
    const ending = sql`insert into ledger_instruction_end values (${operatorId}, ${merchantId}, 'd', 'voided', 'x', 1)`;
    getOrThrow(await hold(split('d', 5)));
    await database.db.execute(ending);
    expect(await broken()).toEqual(['pending-is-held']);
    getOrThrow(await hold(split('e', 5)));
    expect(await broken()).toEqual(['pending-is-held']);
  });
});

test('any order of holds, answers and repeats leaves the books as a simple model says', async () => {
  let run = 0;
  const act = record({
    key: nat(3),
    act: constantFrom('hold', 'post', 'void', 'silence'),
  });
  await assert(
    asyncProperty(array(act, { maxLength: 14 }), async (acts) => {
      run += 1;
      const before = (await balance('instruction_pending')) ?? 0;
      const states = new Map<number, 'held' | 'posted' | 'voided'>();
      for (const { key, act: what } of acts) {
        const name = `run${run}-${key}`;
        if (what === 'hold') {
          getOrThrow(await hold(split(name, 10 + key)));
          if (!states.has(key)) states.set(key, 'held');
        } else if (what !== 'silence') {
          await end(name, what === 'post' ? succeeded : failed);
          if (states.get(key) === 'held') states.set(key, what === 'post' ? 'posted' : 'voided');
        }
      }
      const held = [...states].reduce(
        (sum, [key, is]) => (is === 'held' ? sum + 10 + key : sum),
        0,
      );
      expect(await balance('instruction_pending')).toBe(before + held);
    }),
    { numRuns: 15, seed: 7 },
  );
});
