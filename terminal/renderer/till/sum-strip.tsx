import type { ReactNode } from 'react';
import { addFen, fen } from '#shared/money/fen.ts';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { useAnswer, useApp, useTill } from '../app/context.ts';
import { yuan } from '../format/money.ts';
import { clockText } from '../format/time.ts';
import { tomorrowFen } from '../today/tomorrow-sum.ts';
import { stateName, tenderName } from '../orders/order-words.ts';

/** The last sale, the day so far, and tomorrow's money; offline the third place tells what waits to be sent. */
export function SumStrip(): ReactNode {
  const { words } = useApp();
  const { status } = useTill();
  const today = useAnswer('today.get', {}, status?.version);
  const orders = useAnswer('orders.list', { limit: 1 });
  const day = today?.ok ? today.value : undefined;
  const last = orders?.ok ? orders.value.rows[0] : undefined;
  const unsent = status && (!status.online || status.unsentCount > 0) ? status : undefined;
  return (
    <section className="card strip">
      <LastSale row={last} />
      <div>
        <p className="label">{words.till.taken}</p>
        <p className="strip-value">
          <b>{day ? yuan(addFen(fen(day.settledFen), fen(day.cashFen))) : '—'}</b>
          {day && <span className="strip-more"> {words.till.orders(day.takenCount)}</span>}
        </p>
      </div>
      {unsent ? (
        <div>
          <p className="label">{words.till.unsent}</p>
          <p className={`strip-value ${unsent.unsentCount > 0 ? 'tone-amber' : ''}`}>
            <b>{words.till.unsentSum(unsent.unsentCount, yuan(unsent.unsentFen))}</b>
          </p>
        </div>
      ) : (
        <div>
          <p className="label">{words.till.tomorrow}</p>
          <p className="strip-value">
            {day?.tomorrow ? (
              <b>{yuan(tomorrowFen(day.tomorrow))}</b>
            ) : (
              <span className="strip-more">{words.till.tomorrowUnknown}</span>
            )}
          </p>
        </div>
      )}
    </section>
  );
}

function LastSale({ row }: { readonly row: OrderRow | undefined }): ReactNode {
  const { words } = useApp();
  if (!row) {
    return (
      <div>
        <p className="label">{words.till.lastNone}</p>
        <p className="strip-value strip-more">{words.till.none}</p>
      </div>
    );
  }
  return (
    <div>
      <p className="label">{words.till.last(clockText(row.openedAtMs))}</p>
      <p className={`strip-value bucket-${row.bucket}`}>
        <b>{yuan(row.amountFen)}</b>{' '}
        <b>
          {row.bucket === 'settled' || row.bucket === 'cash'
            ? tenderName(row.tender, words)
            : stateName(row.state, words)}
        </b>
      </p>
    </div>
  );
}
