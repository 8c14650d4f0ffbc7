import type { Pool } from 'pg';
import { readTables } from '#cloud/platform/tenancy/seal-tables.ts';
import { ruleOf } from '#cloud/platform/tenancy/table-rules.ts';

/** Whose a row or a word is. Without a merchant: the operator's own, or shared by his merchants. */
export interface Owner {
  readonly operatorId: string;
  readonly merchantId?: string | undefined;
  readonly memberId?: string | undefined;
}

/** In place of a merchant: a word that stands in the rows of several of them. */
export const severalShops = '*';

/** Where rows of a table say whose they are, as SQL over the alias `t`. */
interface OwnedTable {
  readonly name: string;
  readonly merchant: string;
  readonly member: string;
}

async function ownedTables(pool: Pool): Promise<readonly OwnedTable[]> {
  return (await readTables(pool)).flatMap((table) => {
    if (ruleOf(table) === undefined) return [];
    const has = (column: string) => table.columns.includes(column);
    const merchant = has('merchant_id')
      ? 't.merchant_id'
      : has('book')
        ? 't.book'
        : has('terminal_id')
          ? '(select merchant_id from terminal x where x.terminal_id = t.terminal_id)'
          : 'null';
    return [{ name: table.name, merchant, member: has('member_id') ? 't.member_id' : 'null' }];
  });
}

/**
 * Words that could stand in a row by chance, or in every shop's: they say nothing about whose row
 * it was.
 */
const wordPattern = /[0-9A-Za-z_-]{10,}/g;
const isTelling = (word: string): boolean =>
  /[A-Za-z]/.test(word) && (word.match(/\d/g)?.length ?? 0) >= 2;
export const tellingWords = (text: string): readonly string[] =>
  (text.match(wordPattern) ?? []).filter(isTelling);

/**
 * Every telling word (ids, tokens, hashes, names with numbers) of every row, with whom it gives
 * away. A word that stands in the rows of two operators gives nobody away; one of two merchants of
 * an operator is the operator's.
 */
export async function readMarks(pool: Pool): Promise<ReadonlyMap<string, Owner>> {
  const marks = new Map<string, Owner | undefined>();
  for (const table of await ownedTables(pool)) {
    const { rows } = await pool.query<{
      operator: string;
      merchant: string | null;
      member: string | null;
      text: string;
    }>(
      `select t.operator_id as operator, nullif(${table.merchant}, '') as merchant,
              ${table.member} as member, t::text as text from ${table.name} t`,
    );
    for (const row of rows) {
      const owner: Owner = {
        operatorId: row.operator,
        merchantId: row.merchant ?? undefined,
        memberId: row.member ?? undefined,
      };
      for (const word of tellingWords(row.text))
        marks.set(word, marks.has(word) ? bothOwn(marks.get(word), owner) : owner);
    }
  }
  return new Map([...marks].filter((mark): mark is [string, Owner] => mark[1] !== undefined));
}

/** Rows without a merchant may name what is a merchant's; rows without a member likewise. */
function bothOwn(a: Owner | undefined, b: Owner): Owner | undefined {
  if (a === undefined || a.operatorId !== b.operatorId) return undefined;
  const shops = new Set([a.merchantId, b.merchantId].filter((one) => one !== undefined));
  return {
    operatorId: a.operatorId,
    merchantId: shops.size > 1 ? severalShops : [...shops][0],
    memberId: a.memberId === b.memberId ? a.memberId : undefined,
  };
}

/** Number and content of the rows of every owner in every table, by `operator/merchant/table`. */
export async function fingerprint(pool: Pool): Promise<ReadonlyMap<string, string>> {
  const parts = (await ownedTables(pool)).map(
    ({ name, merchant }) =>
      `select '${name}' as name, t.operator_id as operator, coalesce(${merchant}, '') as merchant,
         count(*) || ':' || sum(hashtextextended(t::text, 0)) as print from ${name} t group by 1, 2, 3`,
  );
  const { rows } = await pool.query<{
    name: string;
    operator: string;
    merchant: string;
    print: string;
  }>(parts.join(' union all '));
  return new Map(
    rows.map((row) => [`${row.operator}/${row.merchant}/${row.name}`, row.print] as const),
  );
}
