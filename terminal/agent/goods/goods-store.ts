import type { CataloguePage } from '#shared/wire/v1/goods.ts';
import type { ReadHandle, WriteHandle } from '#terminal/agent/journal/handles.ts';

/** Goods as the till's catalogue has them. */
export interface StoredGoods {
  readonly code: string;
  readonly name: string;
  readonly priceFen: number;
  readonly unit: string;
}

/** What is listed under a code in the catalogue of a shop. The till may have been another shop's before. */
export function findGoods(
  read: ReadHandle,
  { merchantId, code }: { readonly merchantId: string; readonly code: string },
): StoredGoods | undefined {
  return read.one<StoredGoods>(
    `SELECT code, name, price_fen AS priceFen, unit FROM goods
      WHERE merchant_id = $merchantId AND code = $code AND active = 1`,
    { merchantId, code },
  );
}

/**
 * Up to which version the catalogue of a shop is here; 0: nothing of it. It follows from the rows, which were stored
 * in the order of their versions, so no cursor can say more than is there.
 */
export const catalogueVersion = (read: ReadHandle, merchantId: string): number =>
  read.one<{ version: number | null }>(
    'SELECT max(version) AS version FROM goods WHERE merchant_id = $merchantId',
    { merchantId },
  )?.version ?? 0;

/**
 * Takes a verified page over, inside the caller's transaction. Rows of a shop that this till was of before go; where the
 * page is the first one, all do.
 */
export function applyPage(tx: WriteHandle, { merchantId, after, goods }: CataloguePage): void {
  tx.run('DELETE FROM goods WHERE merchant_id <> $merchantId OR $after = 0', { merchantId, after });
  tx.run(
    `INSERT INTO goods (merchant_id, code, name, price_fen, unit, active, version)
     SELECT $merchantId, value ->> '$.code', value ->> '$.name', value ->> '$.priceFen',
            value ->> '$.unit', value ->> '$.active', value ->> '$.version'
       FROM json_each($goods) WHERE true
     ON CONFLICT (merchant_id, code) DO UPDATE SET name = excluded.name,
       price_fen = excluded.price_fen, unit = excluded.unit, active = excluded.active,
       version = excluded.version`,
    { merchantId, goods: JSON.stringify(goods) },
  );
}
