import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { linesFen } from '#shared/goods/sale-lines.ts';
import { addFen, fen, orderAmountFenMax, type Fen } from '#shared/money/fen.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { lineQuantityMax, orderLinesMax, type SaleLine } from '#shared/wire/v1/entries.ts';
import type { StoredGoods } from '#terminal/agent/goods/goods-store.ts';

/** Goods in the sale that is being typed, at the price they were scanned at. */
export interface DraftLine extends StoredGoods {
  /** Names the line, from 1 on; never given twice before the sale ends, or all of its goods leave it at once. */
  readonly no: number;
  /** 1..{@link lineQuantityMax} */
  readonly quantity: number;
}

/** What is typed beside the goods, and the goods. */
export interface DraftGoods {
  readonly typedFen: number;
  readonly lines: readonly DraftLine[];
  /** Of the newest line, also when it left again; 0 before the first. */
  readonly lastNo: number;
}

/** What the goods and the typed amount come to. Errors: more than one order may be, more lines than one may have. */
export function priceOf({ typedFen, lines }: DraftGoods): Result<Fen, ErrorCode> {
  const count = lines.length + (lines.length > 0 && typedFen > 0 ? 1 : 0);
  if (count > orderLinesMax) return err('goods-lines-full');
  const sum = addFen(linesFen(lines), fen(typedFen));
  return sum > orderAmountFenMax ? err('amount-over-limit') : ok(sum);
}

/** One more piece: on its line, or on a new one. A price that changed since is another line. Pure. */
export function withPiece(
  { lines, lastNo }: Pick<DraftGoods, 'lines' | 'lastNo'>,
  goods: StoredGoods,
): Result<Pick<DraftGoods, 'lines' | 'lastNo'>, ErrorCode> {
  const at = lines.findIndex(
    ({ code, priceFen, name }) =>
      code === goods.code && priceFen === goods.priceFen && name === goods.name,
  );
  const known = lines[at];
  if (known === undefined) {
    const no = lastNo + 1;
    return ok({ lines: [...lines, { ...goods, no, quantity: 1 }], lastNo: no });
  }
  if (known.quantity >= lineQuantityMax) return err('goods-lines-full');
  return ok({ lines: lines.with(at, { ...known, quantity: known.quantity + 1 }), lastNo });
}

/** The lines as the journal says them, with what was typed as one of them; none when only an amount was typed. */
export function saleLines({ typedFen, lines }: DraftGoods): readonly SaleLine[] {
  if (lines.length === 0) return [];
  const goods = lines.map(({ code, name, unit, quantity, priceFen }) => ({
    code,
    name,
    ...(unit === '' ? {} : { unit }),
    quantity,
    priceFen,
  }));
  return typedFen > 0 ? [...goods, { quantity: 1, priceFen: typedFen }] : goods;
}
