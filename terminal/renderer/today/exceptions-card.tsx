import type { ReactNode } from 'react';
import type { ExceptionRow } from '#terminal/ipc/views.ts';
import { useAnswer, useApp, useTill } from '../app/context.ts';
import { yuan } from '../format/money.ts';
import { orderTail } from '../format/order.ts';
import { clockText } from '../format/time.ts';
import { errorWords } from '../i18n/language.ts';

/** Where trouble lives: what happened and what to do, and the way to the order. */
export function ExceptionsCard(): ReactNode {
  const { words, store, language } = useApp();
  const { status } = useTill();
  const answer = useAnswer('exceptions.list', {}, status?.version);
  const rows = answer?.ok ? answer.value.rows : [];
  if (rows.length === 0) {
    return (
      <section className="card exceptions">
        <h2>{words.today.exceptions}</h2>
        <p className="label">{answer?.ok ? words.today.exceptionsNone : ''}</p>
      </section>
    );
  }
  return (
    <section className="card exceptions exceptions-open">
      <h2>{words.today.exceptionsCount(rows.length)}</h2>
      <ul>
        {rows.map((row) => (
          <li key={`${row.orderId} ${row.code} ${row.paper ?? ''} ${row.sinceMs}`}>
            <div>
              <p>
                <About row={row} /> · {words.today.since(clockText(row.sinceMs))}
              </p>
              <p className="exceptions-what">{errorWords(row.code, language)}</p>
            </div>
            {row.orderId !== '' && (
              <button
                type="button"
                className="button"
                onClick={() => store.act({ type: 'open-order', orderId: row.orderId })}
              >
                {words.today.open}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a row is about: an order with its sum, a paper that belongs to none, or the till as a whole. */
function About({ row }: { readonly row: ExceptionRow }): ReactNode {
  const { words } = useApp();
  const paper = row.paper && words.today.paper[row.paper];
  if (row.orderId === '') return <b>{paper ?? words.today.theTill}</b>;
  return (
    <>
      <b>{yuan(row.amountFen)}</b> {words.result.order(orderTail(row.orderId))}
      {paper && ` · ${paper}`}
    </>
  );
}
