import { sql } from 'drizzle-orm';
import { assert as check, asyncProperty, constantFrom, array, integer, record } from 'fast-check';
import { expect, it } from 'vitest';
import { postJournals, type LedgerError } from '#cloud/ledger/post.ts';
import { bookOf, chart, contentHash, type Journal } from '#cloud/ledger/posting.ts';
import { ledgerLaws, proveLaws } from '#cloud/ledger/proofs.ts';
import { useTestDatabase } from '#cloud/platform/testing/use-test-database.ts';
import type { MerchantId, OperatorId } from '#shared/ids/ids.ts';
import { fen } from '#shared/money/fen.ts';

/** Laws that speak about whole stories (K, transit) do not hold for random journals; these always do. */
const structural = ledgerLaws.filter((law) =>
  [
    'journals-sum-to-zero',
    'journals-are-whole',
    'content-is-unchanged',
    'balances-equal-entries',
    'guarded-balances-stand',
  ].includes(law.name),
);

const database = useTestDatabase();
let run = 0;

/** The ledger in 40 lines: what the one SQL statement must agree with. */
function createModel() {
  const hashes = new Map<string, string>();
  const balances = new Map<string, number>();
  return {
    balances,
    post(journals: readonly Journal[]): number | LedgerError['type'] {
      const [newHashes, newBalances] = [new Map(hashes), new Map(balances)];
      let posted = 0;
      for (const journal of journals) {
        const key = `${bookOf(journal)}/${journal.idemKey}`;
        const known = newHashes.get(key);
        if (known !== undefined && known !== contentHash(journal)) return 'idempotency-mismatch';
        if (known !== undefined) continue;
        newHashes.set(key, contentHash(journal));
        posted += 1;
        for (const { account, amountFen } of journal.legs) {
          const place = `${bookOf(journal)}/${account}`;
          newBalances.set(place, (newBalances.get(place) ?? 0) + amountFen);
        }
      }
      for (const [place, balance] of newBalances) {
        const rule = chart[place.split('/')[1] as keyof typeof chart];
        if (rule.guarded && (rule.nature === 'claim' ? balance < 0 : balance > 0))
          return 'balance-refused';
      }
      for (const [key, hash] of newHashes) hashes.set(key, hash);
      for (const [place, balance] of newBalances) balances.set(place, balance);
      return posted;
    },
  };
}

const accounts = constantFrom('fund_free', 'voucher_outstanding', 'ring_fenced_cash', 'margin');
const journals = record({
  key: integer({ min: 0, max: 25 }),
  inShop: constantFrom(true, false),
  from: accounts,
  to: accounts,
  amountFen: integer({ min: 1, max: 60 }),
});

it('agrees with a model in memory on random batches: repeats, mismatches and refusals included', async () => {
  const property = asyncProperty(
    array(array(journals, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 }),
    async (batches) => {
      run += 1;
      const operatorId = `opr_model${run}` as OperatorId;
      const model = createModel();
      for (const batch of batches) {
        const posting = batch
          .filter((one) => one.from !== one.to)
          .map((one): Journal => ({
            operatorId,
            merchantId: one.inShop ? ('mch_model' as MerchantId) : null,
            idemKey: `key:${one.key}`,
            kind: 'random',
            eventAtMs: 0,
            legs: [
              { account: one.from, amountFen: fen(-one.amountFen) },
              { account: one.to, amountFen: fen(one.amountFen) },
            ],
          }));
        const outcome = await database.db.transaction((tx) => postJournals(tx, posting));
        const seen = outcome.ok ? outcome.value.postedCount : outcome.error.type;
        expect(seen).toBe(model.post(posting));
      }
      const { rows } = await database.db.execute(sql`
        SELECT book || '/' || account AS place, sum(balance_fen) AS fen FROM ledger_balance
        WHERE operator_id = ${operatorId} GROUP BY 1`);
      const stored = new Map(rows.map((row) => [row['place'], row['fen']]));
      expect(stored).toEqual(model.balances);
      const proofs = await proveLaws(database.db, { operatorId, laws: structural });
      expect(proofs.filter((proof) => !proof.holds)).toEqual([]);
    },
  );
  await check(property, { numRuns: 60, seed: 20_260_302 });
});
