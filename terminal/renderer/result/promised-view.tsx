import type { ReactNode } from 'react';
import type { Screen } from '#terminal/ipc/state.ts';
import { useApp } from '../app/context.ts';
import { yuan } from '../format/money.ts';
import { orderTail } from '../format/order.ts';
import { BigAmount } from '../ui/amount.tsx';
import { Leave, Mark } from './result-view.tsx';

/** Amber: the goods leave and nothing was paid. Says so, who owes it, and where the money is noted when it comes. */
export function PromisedView({
  screen,
}: {
  readonly screen: Extract<Screen, { type: 'promised' }>;
}): ReactNode {
  const { words } = useApp();
  const { promise } = words;
  return (
    <>
      <Mark name="offline-book" />
      <h1>
        {screen.kind === 'iou' ? promise.resultIou : promise.resultStatic}
        <span className="overlay-tag">{promise.notPaid}</span>
      </h1>
      <BigAmount amountFen={screen.amountFen} />
      <p className="overlay-line">
        {[
          ...(screen.who === '' ? [] : [screen.who]),
          promise.owner,
          words.result.order(orderTail(screen.orderId)),
        ].join(' · ')}
      </p>
      <p className="overlay-line">{promise.line}</p>
      <p className="overlay-line">
        {[
          words.receipt[screen.receipt],
          promise.left(yuan(screen.remainingFen), screen.remainingCount),
        ].join(' · ')}
      </p>
      <Leave />
    </>
  );
}
