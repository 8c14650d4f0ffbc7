import { goodsCodeOf } from '#shared/goods/goods-code.ts';
import { orderAmount } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { goodsNameCharsMax, goodsUnitCharsMax, type Goods } from '#shared/wire/v1/goods.ts';

/** What the office says of one row. */
export interface GoodsInput {
  /** As it is printed; see {@link goodsCodeOf}. */
  readonly code: string;
  readonly name: string;
  readonly priceFen: number;
  readonly unit: string;
  /** False delists it. */
  readonly active: boolean;
}

export interface RowInvalid {
  readonly type: 'goods-row-invalid';
  /** From 0. */
  readonly index: number;
  readonly field: 'code' | 'name' | 'priceFen' | 'unit' | 'code-twice';
}

export type KeptGoods = Goods & { readonly goodsId: string };

/**
 * Rows with their codes as they are kept, or the first row that does not fit. Each code stands once:
 * which of two prices is meant is nothing to guess. Pure.
 */
export function judgeGoods(rows: readonly GoodsInput[]): Result<readonly GoodsInput[], RowInvalid> {
  const judged = new Map<string, GoodsInput>();
  for (const [index, row] of rows.entries()) {
    const refuse = (field: RowInvalid['field']) =>
      err({ type: 'goods-row-invalid' as const, index, field });
    const code = goodsCodeOf(row.code);
    const [name, unit] = [row.name.trim(), row.unit.trim()];
    if (code === undefined) return refuse('code');
    if (judged.has(code)) return refuse('code-twice');
    if (name === '' || !isText(name, goodsNameCharsMax)) return refuse('name');
    if (!isText(unit, goodsUnitCharsMax)) return refuse('unit');
    if (!orderAmount(row.priceFen).ok) return refuse('priceFen');
    judged.set(code, { ...row, code, name, unit });
  }
  return ok([...judged.values()]);
}

/** What no database holds, or what would break a line of paper, is no text. */
const isText = (text: string, charsMax: number): boolean =>
  Array.from(text).length <= charsMax && !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text);

/**
 * The rows that differ from what stands, each with a version of its own after `version`. Saying the
 * same again changes nothing, so that no till pulls anything. Pure.
 */
export function changedGoods(
  rows: readonly GoodsInput[],
  known: ReadonlyMap<string, KeptGoods>,
  { version, newId }: { readonly version: number; readonly newId: () => string },
): readonly KeptGoods[] {
  const changed: KeptGoods[] = [];
  for (const row of rows) {
    const before = known.get(row.code);
    if (before && isSame(before, row)) continue;
    const next = version + changed.length + 1;
    changed.push({ ...row, goodsId: before?.goodsId ?? newId(), version: next });
  }
  return changed;
}

const isSame = (a: GoodsInput, b: GoodsInput): boolean =>
  a.name === b.name && a.priceFen === b.priceFen && a.unit === b.unit && a.active === b.active;
