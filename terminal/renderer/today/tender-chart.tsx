import type { ReactNode } from 'react';
import type { Today } from '#terminal/ipc/views.ts';
import { useApp } from '../app/context.ts';
import { yuan } from '../format/money.ts';
import { tenderName } from '../orders/order-words.ts';

const width = 100;
const rowsShownMax = 6;

/** By tender: a bar, a count and an amount each. The figures are text, so the bars need no second telling. */
export function TenderChart({ rows }: { readonly rows: Today['byTender'] }): ReactNode {
  const { words } = useApp();
  const most = rows.reduce((top, row) => Math.max(top, row.amountFen), 0);
  return (
    <section className="card chart">
      <h2>{words.today.byTender}</h2>
      <ul className="tenders">
        {rows
          .toSorted((a, b) => b.amountFen - a.amountFen)
          .slice(0, rowsShownMax)
          .map((row) => (
            <li key={row.tender}>
              <span>{words.today.byTenderLine(tenderName(row.tender, words), row.count)}</span>
              <svg viewBox={`0 0 ${width} 10`} preserveAspectRatio="none" aria-hidden="true">
                <rect className="tender-track" width={width} height="10" />
                <rect
                  className={`tender-bar tender-${row.tender}`}
                  width={most === 0 ? 0 : (row.amountFen / most) * width}
                  height="10"
                />
              </svg>
              <b>{yuan(row.amountFen)}</b>
            </li>
          ))}
        {rows.length === 0 && <li className="label">{words.today.byHourNone}</li>}
      </ul>
    </section>
  );
}
