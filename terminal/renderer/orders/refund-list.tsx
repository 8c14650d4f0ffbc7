import type { ReactNode } from 'react';
import type { OrderRow, RefundView } from '#terminal/ipc/views.ts';
import { useApp } from '../app/context.ts';
import { call } from '../desk/desk.ts';
import { yuan } from '../format/money.ts';
import { secondsText } from '../format/time.ts';
import { errorWords } from '../i18n/language.ts';

/** What of an order went back, is on its way, or could not go; the last first, because only that one can be open. */
export function RefundList({ row }: { readonly row: OrderRow }): ReactNode {
  const { words } = useApp();
  if (row.refunds === undefined) return null;
  return (
    <section className="refund-list" aria-label={words.refund.list}>
      {row.refunds.toReversed().map((refund) => (
        <OneRefund key={refund.refundNo} orderId={row.orderId} refund={refund} />
      ))}
    </section>
  );
}

const tones = { asked: 'tone-amber', unknown: 'tone-amber', done: 'tone-good', failed: 'tone-bad' };

function OneRefund({
  orderId,
  refund,
}: {
  readonly orderId: string;
  readonly refund: RefundView;
}): ReactNode {
  const { words, store, language } = useApp();
  const { refundNo, state, how, amountFen, voucherFen, code } = refund;
  const isOpen = state === 'asked' || state === 'unknown';
  return (
    <div className="refund-row" role={isOpen ? 'status' : undefined}>
      <p className="refund-head">
        <b className={tones[state]}>{words.refund.state[state]}</b>
        <b>{yuan(amountFen)}</b>
      </p>
      <p className="label">
        {[
          words.refund.no(refundNo),
          words.refund.how[how],
          ...(voucherFen > 0 ? [words.refund.voucher(yuan(voucherFen))] : []),
          secondsText(refund.atMs),
          refund.cashier,
          ...(refund.reason === '' ? [] : [refund.reason]),
        ].join(' · ')}
      </p>
      {isOpen && (
        <p className="tone-amber">
          {code === 'refund-waits-for-share' ? errorWords(code, language) : words.refund.unknown}
        </p>
      )}
      {state === 'failed' && code !== null && <p>{errorWords(code, language)}</p>}
      {state === 'done' && (
        <button
          type="button"
          className="button"
          onClick={() =>
            store.request(call('orders.reprintRefund', { orderId, refundNo }), 'reprint')
          }
        >
          {words.refund.reprint}
        </button>
      )}
    </div>
  );
}
