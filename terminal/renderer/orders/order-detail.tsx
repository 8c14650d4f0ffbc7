import type { ReactNode } from 'react';
import { fen, subtractFen } from '#shared/money/fen.ts';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { useAnswer, useApp, useTill } from '../app/context.ts';
import { call } from '../desk/desk.ts';
import { yuan } from '../format/money.ts';
import { secondsText } from '../format/time.ts';
import { errorWords } from '../i18n/language.ts';
import { RefundForm } from './refund-form.tsx';
import { RefundList } from './refund-list.tsx';
import { DecideBox } from './decide-box.tsx';
import { SoldLines } from './sold-lines.tsx';
import { boxMethodName, receiptName, stateWords, tenderName } from './order-words.ts';

/** One order: what happened, why, and what can be done. */
export function OrderDetail({ orderId }: { readonly orderId: string | null }): ReactNode {
  const { words } = useApp();
  return (
    <section className="card order-detail" aria-label={words.orders.detail}>
      {orderId === null ? (
        <p className="empty">{words.orders.pick}</p>
      ) : (
        <OpenOrder key={orderId} orderId={orderId} />
      )}
    </section>
  );
}

function OpenOrder({ orderId }: { readonly orderId: string }): ReactNode {
  const { language } = useApp();
  const { status } = useTill();
  const answer = useAnswer('orders.get', { orderId }, status?.version);
  if (!answer) return null;
  return answer.ok ? (
    <Facts row={answer.value} />
  ) : (
    <p className="empty">{errorWords(answer.error.code, language)}</p>
  );
}

function Facts({ row }: { readonly row: OrderRow }): ReactNode {
  const { panel } = useTill().desk;
  const { words, language } = useApp();
  if (panel.type === 'refund' && panel.orderId === row.orderId)
    return <RefundForm row={row} panel={panel} />;
  return (
    <>
      <p className={`detail-state bucket-${row.refundedFen > 0 ? 'none' : row.bucket}`}>
        {stateWords(row, words)}
      </p>
      <p className="detail-amount">{yuan(paidFenOf(row))}</p>
      {row.reason !== null && <p className="detail-reason">{errorWords(row.reason, language)}</p>}
      <RefundList row={row} />
      <SoldLines row={row} />
      {row.state === 'pos-unknown' && <DecideBox orderId={row.orderId} />}
      <dl className="detail-facts">
        {factLines(row, words).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="detail-id">{words.result.orderLong(row.orderId.slice(4))}</p>
      <Actions row={row} />
    </>
  );
}

function Actions({ row }: { readonly row: OrderRow }): ReactNode {
  const { words, store } = useApp();
  return (
    <div className="row">
      <button
        type="button"
        className="button button-solid"
        onClick={() => store.request(call('orders.reprint', { orderId: row.orderId }), 'reprint')}
      >
        {words.orders.reprint}
      </button>
      {row.refundableFen > 0 && (
        <button
          type="button"
          className="button"
          onClick={() =>
            store.act({
              type: 'refund-order',
              orderId: row.orderId,
              leftFen: row.refundableFen,
            })
          }
        >
          {words.refund.open}
        </button>
      )}
      <button
        type="button"
        className="button"
        onClick={() => store.act({ type: 'open-order', orderId: null })}
      >
        {words.orders.close}
      </button>
    </div>
  );
}

/** What the customer paid: the amount without the voucher. */
const paidFenOf = (row: OrderRow) => subtractFen(fen(row.amountFen), fen(row.voucherFen));

function factLines(
  row: OrderRow,
  words: ReturnType<typeof useApp>['words'],
): readonly (readonly [string, ReactNode])[] {
  return [
    [words.orders.tender, tenderName(row.tender, words)],
    ...(row.box
      ? ([
          [words.box.methodName, boxMethodName(row.box.method, words)],
          [words.box.refName, row.box.boxRef],
        ] as const)
      : []),
    ...promiseLines(row, words),
    [words.orders.amount, yuan(row.amountFen)],
    ...(row.voucherFen > 0
      ? ([
          [words.orders.voucher, `−${yuan(row.voucherFen)}`],
          [words.orders.paidPart, yuan(paidFenOf(row))],
        ] as const)
      : []),
    [words.orders.time, secondsText(row.openedAtMs)],
    [words.orders.cashier, row.cashier],
    [words.orders.upload, row.synced ? words.orders.synced : words.orders.unsynced],
    [words.orders.receipt, receiptText(row, words)],
  ];
}

/** Who promised what, and what became of it, by whose word. */
function promiseLines(
  { promise }: OrderRow,
  { promise: words }: ReturnType<typeof useApp>['words'],
): readonly (readonly [string, string])[] {
  if (!promise) return [];
  const { kind, who, kept, broken } = promise;
  return [
    [words.kindName, words.kind[kind]],
    ...(who === '' ? [] : [[words.whoName, who] as const]),
    ...(kept
      ? [[words.ended, words.kept(words.how[kept.how], kept.businessDate, kept.by)] as const]
      : []),
    ...(broken ? [[words.ended, [words.broken, broken.by, broken.note].join(' · ')] as const] : []),
  ];
}

function receiptText(row: OrderRow, words: ReturnType<typeof useApp>['words']): string {
  const name = receiptName(row.receipt, words);
  return row.receiptCopies > 0 ? `${name} · ${words.orders.copies(row.receiptCopies)}` : name;
}
