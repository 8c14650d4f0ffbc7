import { sql } from 'drizzle-orm';
import {
  changedGoods,
  judgeGoods,
  type GoodsInput,
  type KeptGoods,
  type RowInvalid,
} from '#cloud/catalogue/goods-changes.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import { newId, type MerchantId, type OperatorId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { goodsPerShopMax } from '#shared/wire/v1/goods.ts';

export interface ShopName {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
}

export interface GoodsChange extends ShopName {
  readonly rows: readonly GoodsInput[];
  /** The person who named himself. */
  readonly by: string | undefined;
}

export interface CatalogueState {
  readonly version: number;
  /** Rows that changed with this request; 0 when it said what stood there already. */
  readonly changed: number;
  readonly goodsCount: number;
}

export type PutRefused = RowInvalid | { readonly type: 'not-found' | 'goods-too-many' };

/**
 * Puts rows by their codes: new ones, changed ones, and the same again without effect. All of them
 * or none. Errors: the first row that does not fit, no such shop, more goods than a shop may have.
 */
export async function putGoods(
  tx: Tx,
  change: GoodsChange,
  deps: { readonly clock: Clock; readonly random: Random },
): Promise<Result<CatalogueState, PutRefused>> {
  const judged = judgeGoods(change.rows);
  if (!judged.ok) return judged;
  const head = await lockCatalogue(tx, change);
  if (head === undefined) return err({ type: 'not-found' });
  const known = await findGoods(
    tx,
    change,
    judged.value.map(({ code }) => code),
  );
  const changed = changedGoods(judged.value, known, {
    version: head.version,
    newId: () => newId('gds', deps),
  });
  const goodsCount = head.goodsCount + changed.filter(({ code }) => !known.has(code)).length;
  if (goodsCount > goodsPerShopMax) return err({ type: 'goods-too-many' });
  const version = head.version + changed.length;
  await saveGoods(tx, change, { changed, version, goodsCount, nowMs: deps.clock.nowMs() });
  return ok({ version, changed: changed.length, goodsCount });
}

/** Delists what is there of `codes`; a code that nobody knows is no error, it is not sold either way. */
export async function delistGoods(
  tx: Tx,
  change: ShopName & { readonly codes: readonly string[]; readonly by: string | undefined },
  deps: { readonly clock: Clock; readonly random: Random },
): Promise<Result<CatalogueState, PutRefused>> {
  const known = await findGoods(tx, change, change.codes);
  const rows = [...known.values()].map((row) => ({ ...row, active: false }));
  return putGoods(tx, { ...change, rows }, deps);
}

interface Head extends Record<string, unknown> {
  readonly version: number;
  readonly goodsCount: number;
}

/** The catalogue's row, made when the shop has none, and locked; undefined: no such shop. */
async function lockCatalogue(
  tx: Tx,
  { operatorId, merchantId }: ShopName,
): Promise<Head | undefined> {
  await tx.execute(sql`
    insert into goods_catalogue (operator_id, merchant_id)
    select operator_id, merchant_id from merchant
     where operator_id = ${operatorId} and merchant_id = ${merchantId}
    on conflict do nothing`);
  const { rows } = await tx.execute<Head>(sql`
    select version, goods_count as "goodsCount" from goods_catalogue
     where operator_id = ${operatorId} and merchant_id = ${merchantId} for update`);
  return rows[0];
}

const columns = sql`goods_id as "goodsId", code, name, price_fen as "priceFen", unit, active, version`;

type Row = KeptGoods & Record<string, unknown>;

async function findGoods(
  tx: Tx,
  { operatorId, merchantId }: ShopName,
  codes: readonly string[],
): Promise<ReadonlyMap<string, KeptGoods>> {
  const { rows } = await tx.execute<Row>(sql`
    select ${columns} from goods
     where operator_id = ${operatorId} and merchant_id = ${merchantId}
       and code in (select jsonb_array_elements_text(${JSON.stringify(codes)}::jsonb))`);
  return new Map(rows.map((row) => [row.code, row]));
}

async function saveGoods(
  tx: Tx,
  { operatorId, merchantId, by }: GoodsChange,
  next: Omit<CatalogueState, 'changed'> & {
    readonly changed: readonly KeptGoods[];
    readonly nowMs: number;
  },
): Promise<void> {
  if (next.changed.length === 0) return;
  await tx.execute(sql`
    insert into goods (operator_id, merchant_id, goods_id, code, name, price_fen, unit, active,
      version, changed_by, changed_at_ms)
    select ${operatorId}, ${merchantId}, r."goodsId", r.code, r.name, r."priceFen", r.unit,
           r.active, r.version, ${by ?? null}, ${next.nowMs}::bigint
      from jsonb_to_recordset(${JSON.stringify(next.changed)}::jsonb)
        as r("goodsId" text, code text, name text, "priceFen" bigint, unit text, active boolean,
             version bigint)
    on conflict (operator_id, merchant_id, goods_id) do update
      set name = excluded.name, price_fen = excluded.price_fen, unit = excluded.unit,
          active = excluded.active, version = excluded.version,
          changed_by = excluded.changed_by, changed_at_ms = excluded.changed_at_ms`);
  await tx.execute(sql`
    update goods_catalogue set version = ${next.version}, goods_count = ${next.goodsCount}
     where operator_id = ${operatorId} and merchant_id = ${merchantId}`);
}

export const goodsListedMax = 200;

/** The catalogue as the office reads it: by code, at most {@link goodsListedMax} after `after`. */
export async function listGoods(
  db: Pick<Db, 'execute'>,
  { operatorId, merchantId, after }: ShopName & { readonly after: string },
): Promise<readonly KeptGoods[]> {
  const { rows } = await db.execute<Row>(sql`
    select ${columns} from goods
     where operator_id = ${operatorId} and merchant_id = ${merchantId}
       and code collate "C" > ${after}
     order by code collate "C" limit ${goodsListedMax}`);
  return rows;
}
