import type { ReactNode } from 'react';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { useApp, useTill } from '../app/context.ts';
import { refundReasons, type Panel } from '../desk/desk.ts';
import { yuan } from '../format/money.ts';
import { amountOfEntry } from '../input/amount-entry.ts';
import { Keypad } from '../till/keypad.tsx';
import { SoldLines } from './sold-lines.tsx';

/** Money back: all that is left stands there, Enter asks for it; a smaller part is typed over it. */
export function RefundForm({
  row,
  panel,
}: {
  readonly row: OrderRow;
  readonly panel: Extract<Panel, { type: 'refund' }>;
}): ReactNode {
  const { words, store } = useApp();
  const { status } = useTill();
  const { refund } = words;
  const typedFen = amountOfEntry(panel.entry);
  const isOffline = row.refundWay === 'channel' && status?.online === false;
  return (
    <section className="refund-form" aria-label={refund.title}>
      <div className="panel-head">
        <h2>{refund.title}</h2>
        <button type="button" className="close" onClick={() => store.act({ type: 'escape' })}>
          <kbd>Esc</kbd>
          {words.key.back}
        </button>
      </div>
      <SoldLines row={row} />
      <p className="refund-amount" role="status">
        <span className="label">{refund.amount}</span>
        <b>{yuan(typedFen === 0 ? panel.leftFen : typedFen)}</b>
        <span className="label">
          {typedFen === 0 ? refund.all : refund.left(yuan(panel.leftFen))}
        </span>
      </p>
      {row.refundWay !== null && (
        <p className={`refund-way ${isOffline ? 'refund-shut' : ''}`}>
          {isOffline ? refund.wayOffline : refund.way[row.refundWay]}
        </p>
      )}
      <div className="refund-reasons" role="group" aria-label={refund.reasonName}>
        {refundReasons.map((reason, index) => (
          <button
            key={reason}
            type="button"
            className="filter"
            aria-pressed={panel.reason === index}
            onClick={() => store.act({ type: 'refund-reason', index })}
          >
            {refund.reasons[index]}
          </button>
        ))}
      </div>
      <Keypad />
      <p className="phone-hint">{panel.sent ? refund.sent : refund.next}</p>
    </section>
  );
}
