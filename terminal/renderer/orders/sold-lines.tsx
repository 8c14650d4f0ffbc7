import type { ReactNode } from 'react';
import { lineFen, linesFen } from '#shared/goods/sale-lines.ts';
import { fen, subtractFen } from '#shared/money/fen.ts';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { useApp } from '../app/context.ts';
import { plainYuan, yuan } from '../format/money.ts';

/** The goods of an order at the prices they were sold at; nothing where only an amount was asked. */
export function SoldLines({ row }: { readonly row: OrderRow }): ReactNode {
  const { words } = useApp();
  const { lines } = row;
  if (lines === undefined || lines.length === 0) return null;
  // The lines come to the price before the coupon: what is more than was asked for is the coupon's.
  const couponFen = subtractFen(linesFen(lines), fen(row.amountFen));
  return (
    <ol className="sold" aria-label={words.till.goods}>
      {lines.map((line, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- the lines of a sale never change.
        <li key={index}>
          <span className="goods-name">{line.name ?? words.till.typedLine}</span>
          <span className="goods-pieces">
            {line.quantity}
            {line.unit} × {plainYuan(line.priceFen)}
          </span>
          <b className="goods-sum">{yuan(lineFen(line))}</b>
        </li>
      ))}
      {couponFen > 0 && (
        <li>
          <span className="goods-name">{words.till.coupon}</span>
          <b className="goods-sum">−{yuan(couponFen)}</b>
        </li>
      )}
    </ol>
  );
}
