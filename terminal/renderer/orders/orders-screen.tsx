import { useState, type KeyboardEvent, type ReactNode } from 'react';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { useAnswer, useApp, useTill } from '../app/context.ts';
import { yuan } from '../format/money.ts';
import { orderTail } from '../format/order.ts';
import { clockText } from '../format/time.ts';
import { errorWords } from '../i18n/language.ts';
import { Icon } from '../ui/icon.tsx';
import { OrderDetail } from './order-detail.tsx';
import { stateWords, tenderName } from './order-words.ts';

const rowsPerPage = 50;
const rowsMax = 200;
const searchCharsMax = 32;
const filters = ['all', 'settled', 'cash', 'offline', 'pending', 'none'] as const;
type Filter = (typeof filters)[number];

/** Every order of this till, newest first: find it, see where it stands, print it again. */
export function OrdersScreen(): ReactNode {
  const { words, language, store } = useApp();
  const { desk, status } = useTill();
  const [search, setSearch] = useState('');
  const [filter, setFilter] = useState<Filter>('all');
  const [limit, setLimit] = useState(rowsPerPage);
  const question = {
    limit,
    ...(search === '' ? {} : { search }),
    ...(filter === 'all' ? {} : { state: filter }),
  };
  // Whether a sale is sent changes without the sale.
  const answer = useAnswer('orders.list', question, status?.version);
  return (
    <div className="orders">
      <section className="card orders-list">
        <div className="orders-tools">
          <label className="search">
            <Icon name="search" />
            <input
              value={search}
              maxLength={searchCharsMax}
              placeholder={words.orders.search}
              aria-label={words.orders.search}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setSearch(event.target.value.trim().toUpperCase())}
            />
          </label>
          <div className="filters" role="group" aria-label={words.orders.filter}>
            {filters.map((name) => (
              <button
                key={name}
                type="button"
                className="filter"
                aria-pressed={filter === name}
                onClick={() => setFilter(name)}
              >
                {words.orders.filters[name]}
              </button>
            ))}
          </div>
        </div>
        {answer && !answer.ok && <p className="empty">{errorWords(answer.error.code, language)}</p>}
        {answer?.ok && (
          <OrderTable
            rows={answer.value.rows}
            searching={search !== '' || filter !== 'all'}
            more={answer.value.nextBefore !== null && limit < rowsMax}
            onMore={() => setLimit((last) => Math.min(rowsMax, last + rowsPerPage))}
            openOrderId={desk.openOrderId}
            onOpen={(orderId) => store.act({ type: 'open-order', orderId })}
          />
        )}
      </section>
      <OrderDetail orderId={desk.openOrderId} />
    </div>
  );
}

interface OrderTableProps {
  readonly rows: readonly OrderRow[];
  readonly searching: boolean;
  readonly more: boolean;
  readonly onMore: () => void;
  readonly openOrderId: string | null;
  readonly onOpen: (orderId: string) => void;
}

function OrderTable(props: OrderTableProps): ReactNode {
  const { words } = useApp();
  if (props.rows.length === 0)
    return <p className="empty">{props.searching ? words.orders.empty : words.orders.emptyDay}</p>;
  return (
    <div className="orders-scroll" onKeyDown={moveByArrows}>
      <div className="order-row order-head" aria-hidden="true">
        <span>{words.orders.time}</span>
        <span>{words.orders.order}</span>
        <span>{words.orders.tender}</span>
        <span className="order-amount">{words.orders.amount}</span>
        <span>{words.orders.state}</span>
        <span>{words.orders.upload}</span>
      </div>
      <ul>
        {props.rows.map((row) => (
          <li key={row.orderId}>
            <button
              type="button"
              className="order-row"
              aria-pressed={row.orderId === props.openOrderId}
              onClick={() => props.onOpen(row.orderId)}
            >
              <span>{clockText(row.openedAtMs)}</span>
              <span className="order-tail">{orderTail(row.orderId)}</span>
              <span>{tenderName(row.tender, words)}</span>
              <b className="order-amount">{yuan(row.amountFen)}</b>
              <StateChip row={row} />
              <span className={row.synced ? 'tone-soft' : 'tone-amber'}>
                {row.synced ? words.orders.synced : words.orders.unsynced}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {props.more && (
        <button type="button" className="button orders-more" onClick={props.onMore}>
          {words.orders.more}
        </button>
      )}
    </div>
  );
}

export function StateChip({ row }: { readonly row: OrderRow }): ReactNode {
  const { words } = useApp();
  return (
    <span className={`state-chip bucket-${row.refundedFen > 0 ? 'none' : row.bucket}`}>
      <i className="dot" />
      {stateWords(row, words)}
    </span>
  );
}

/** Up and down walk the list. */
function moveByArrows(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const buttons = [...event.currentTarget.querySelectorAll('button')];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const next = buttons[at + (event.key === 'ArrowDown' ? 1 : -1)];
  event.preventDefault();
  next?.focus();
}
