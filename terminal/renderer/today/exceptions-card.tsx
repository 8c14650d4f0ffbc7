import type { ReactNode } from 'react';
import type { ExceptionRow, HandledRow } from '#terminal/ipc/views.ts';
import { useAnswer, useApp, useNow, useTill } from '../app/context.ts';
import { yuan } from '../format/money.ts';
import { orderTail } from '../format/order.ts';
import { clockText, momentText } from '../format/time.ts';
import { errorWords } from '../i18n/language.ts';
import { DealWith } from './deal-with.tsx';
import { lossWords } from './loss-words.ts';
import { dealtWith, EndPromise, PromiseAge } from './end-promise.tsx';

/** Only the day of a row is told apart by it. */
const dayPeriodMs = 60_000;

/** Where trouble lives: what happened and what to do, the way to the order, and who dealt with what today. */
export function ExceptionsCard(): ReactNode {
  const { words } = useApp();
  const { status } = useTill();
  const open = useAnswer('exceptions.list', {}, status?.version);
  const done = useAnswer('exceptions.handled', {}, status?.version);
  const rows = open?.ok ? open.value.rows : [];
  const handled = done?.ok ? done.value.rows : [];
  const title = rows.length > 0 ? words.today.exceptionsCount(rows.length) : words.today.exceptions;
  return (
    <section className={`card exceptions${rows.length > 0 ? ' exceptions-open' : ''}`}>
      <h2>
        {title}
        {rows.length === 0 && open?.ok && (
          <span className="label">{words.today.exceptionsNone}</span>
        )}
      </h2>
      <ul>
        {rows.map((row) => (
          <OpenRow key={row.key} row={row} />
        ))}
      </ul>
      {handled.length > 0 && <Handled rows={handled} />}
    </section>
  );
}

function OpenRow({ row }: { readonly row: ExceptionRow }): ReactNode {
  const { words, store, language } = useApp();
  const nowMs = useNow(dayPeriodMs);
  const open = row.orderId !== '' && (
    <button
      type="button"
      className="button"
      onClick={() => store.act({ type: 'open-order', orderId: row.orderId })}
    >
      {words.today.open}
    </button>
  );
  const what = <p className="exceptions-what">{errorWords(row.code, language)}</p>;
  if (row.promise)
    return (
      <li className="exceptions-promise">
        <div>
          <p>
            <About row={row} /> · <PromiseAge row={row} />
          </p>
          {what}
        </div>
        {open}
        <EndPromise row={row} />
      </li>
    );
  return (
    <li>
      <div>
        <p>
          <About row={row} /> · {words.today.since(momentText(row.sinceMs, nowMs))}
        </p>
        {what}
        {row.loss && <p className="exceptions-what">{lossWords(row.loss, words)}</p>}
        <DealWith row={row} />
      </div>
      {open}
    </li>
  );
}

/** Dealt with today: by whom, when, how, and in whose words. */
function Handled({ rows }: { readonly rows: readonly HandledRow[] }): ReactNode {
  const { words, language } = useApp();
  return (
    <details className="handled">
      <summary>{words.today.handled(rows.length)}</summary>
      <ul>
        {rows.map((row) => (
          <li key={row.key}>
            <p>
              <About row={row} /> · {words.today.handledBy(row.cashier, clockText(row.atMs))}
            </p>
            <p className="exceptions-what">{errorWords(row.code, language)}</p>
            <p className="exceptions-what">
              {dealtWith(row, words)}
              {row.note !== '' && ` · ${row.note}`}
            </p>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What a row is about: an order with its sum, a paper that belongs to none, or the till as a whole. */
function About({ row }: { readonly row: ExceptionRow | HandledRow }): ReactNode {
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
