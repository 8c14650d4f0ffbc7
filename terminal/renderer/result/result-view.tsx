import { useEffect, type ReactNode } from 'react';
import { fen, subtractFen } from '#shared/money/fen.ts';
import type { Screen } from '#terminal/ipc/state.ts';
import { useApp } from '../app/context.ts';
import { plainYuan, yuan } from '../format/money.ts';
import { isPromiseOffered } from '../desk/desk-machine.ts';
import { orderTail } from '../format/order.ts';
import { secondsText } from '../format/time.ts';
import { errorWords } from '../i18n/language.ts';
import { BigAmount } from '../ui/amount.tsx';
import { Icon } from '../ui/icon.tsx';

/** Green goes by itself when nobody touches the till; a change that must be counted out stays longer. */
const paidShowMs = 6_000;
const cashShowMs = 20_000;

type Of<T extends Screen['type']> = { readonly screen: Extract<Screen, { type: T }> };

export function PaidView({ screen }: Of<'paid'>): ReactNode {
  const { words } = useApp();
  useLeaveAfter(paidShowMs);
  return (
    <>
      <Mark name="check" />
      <h1>{words.result.paid}</h1>
      <BigAmount amountFen={subtractFen(fen(screen.amountFen), fen(screen.voucherFen))} />
      <p className="overlay-line">
        {[
          words.wallet[screen.wallet],
          ...voucherPart(screen.couponFen ?? 0, words.result.coupon),
          ...voucherPart(screen.voucherFen, words.result.voucher),
          secondsText(screen.atMs),
          words.result.order(orderTail(screen.orderId)),
        ].join(' · ')}
      </p>
      <p className="overlay-line">
        {[
          ...(screen.member ? [words.result.member(screen.member.mask, screen.member.tier)] : []),
          words.receipt[screen.receipt],
          words.result.points(plainYuan(screen.pointsEstimateFen)),
        ].join(' · ')}
      </p>
      <Leave />
    </>
  );
}

export function BoxPaidView({ screen }: Of<'box-paid'>): ReactNode {
  const { words } = useApp();
  useLeaveAfter(paidShowMs);
  return (
    <>
      <Mark name="check" />
      <h1>{words.box.paid}</h1>
      <BigAmount amountFen={subtractFen(fen(screen.amountFen), fen(screen.voucherFen))} />
      <p className="overlay-line">
        {[
          ...(screen.method === 'other' ? [] : [words.box.method[screen.method]]),
          words.box.ref(screen.boxRef),
          ...voucherPart(screen.couponFen ?? 0, words.result.coupon),
          ...voucherPart(screen.voucherFen, words.result.voucher),
          secondsText(screen.atMs),
          words.result.order(orderTail(screen.orderId)),
        ].join(' · ')}
      </p>
      <p className="overlay-line">
        {words.receipt[screen.receipt]} · {words.result.points(plainYuan(screen.pointsEstimateFen))}
      </p>
      <Leave />
    </>
  );
}

export function CashView({ screen }: Of<'cash'>): ReactNode {
  const { words } = useApp();
  useLeaveAfter(cashShowMs);
  const exact = screen.changeFen === 0;
  return (
    <>
      <Mark name="check" />
      <h1>{exact ? words.result.cash : `${words.result.cash} · ${words.result.change}`}</h1>
      <BigAmount amountFen={exact ? screen.tenderedFen : screen.changeFen} />
      <p className="overlay-line">
        {[
          ...voucherPart(screen.couponFen ?? 0, words.result.coupon),
          ...voucherPart(screen.voucherFen, words.result.voucher),
          `${words.result.due} ${yuan(subtractFen(fen(screen.amountFen), fen(screen.voucherFen)))}`,
          `${words.result.received} ${yuan(screen.tenderedFen)}`,
          exact ? words.result.changeNone : secondsText(screen.atMs),
        ].join(' · ')}
      </p>
      <p className="overlay-line">
        {words.receipt[screen.receipt]} · {words.result.points(plainYuan(screen.pointsEstimateFen))}
      </p>
      <Leave />
    </>
  );
}

export function OfflineView({ screen }: Of<'offline-accepted'>): ReactNode {
  const { words } = useApp();
  return (
    <>
      <Mark name="offline-book" />
      <h1>
        {words.result.offline}
        <span className="overlay-tag">{words.result.offlineNot}</span>
      </h1>
      <BigAmount amountFen={screen.amountFen} />
      <p className="overlay-line">
        {[
          ...(screen.memberMask === '' ? [] : [words.result.offlineMember(screen.memberMask)]),
          words.result.offlineLine,
        ].join(' · ')}
      </p>
      <p className="overlay-line">
        {[
          words.receipt[screen.receipt],
          words.result.offlineLeft(yuan(screen.remainingOfflineFen)),
          words.result.order(orderTail(screen.orderId)),
        ].join(' · ')}
      </p>
      {screen.memberRoom && (
        <p className="overlay-line">
          {words.result.offlineMemberLeft(
            yuan(screen.memberRoom.remainingFen),
            screen.memberRoom.remainingCount,
          )}
        </p>
      )}
      <Leave />
    </>
  );
}

export function NotPaidView({ screen }: Of<'not-paid'>): ReactNode {
  const { words, language } = useApp();
  const order = screen.orderId;
  return (
    <>
      <Mark name="cross" />
      <h1>{words.result.notPaid}</h1>
      {screen.amountFen > 0 && <BigAmount amountFen={screen.amountFen} />}
      <p className="overlay-line overlay-what">{errorWords(screen.code, language)}</p>
      <p className="overlay-line">
        {[secondsText(screen.atMs), ...(order ? [words.result.order(orderTail(order))] : [])].join(
          ' · ',
        )}
      </p>
      <Back screen={screen} />
    </>
  );
}

const voucherPart = (voucherFen: number, text: (amount: string) => string): readonly string[] =>
  voucherFen > 0 ? [text(yuan(voucherFen))] : [];

export function Mark({
  name,
}: {
  readonly name: 'check' | 'cross' | 'offline-book' | 'pause';
}): ReactNode {
  return (
    <span className="overlay-mark">
      <Icon name={name} />
    </span>
  );
}

export function Leave(): ReactNode {
  const { words, store } = useApp();
  return (
    <div className="row overlay-row">
      <button
        type="button"
        className="button button-plain"
        onClick={() => store.act({ type: 'enter' })}
      >
        {words.result.next}
        <kbd>{words.pad.enter}</kbd>
      </button>
      <span className="overlay-hint">{words.result.nextHint}</span>
    </div>
  );
}

/** After red the sale is not over: back to it, for another code or cash. */
function Back({ screen }: Of<'not-paid'>): ReactNode {
  const { words, store } = useApp();
  return (
    <div className="row overlay-row">
      {isPromiseOffered(screen) && (
        <button
          type="button"
          className="button button-plain"
          onClick={() => store.act({ type: 'function', key: 'F1' })}
        >
          {words.promise.outage}
          <kbd>F1</kbd>
        </button>
      )}
      <button
        type="button"
        className="button button-plain"
        onClick={() => store.act({ type: 'enter' })}
      >
        {words.result.back}
        <kbd>{words.pad.enter}</kbd>
      </button>
    </div>
  );
}

function useLeaveAfter(showMs: number): void {
  const { store } = useApp();
  useEffect(() => {
    const timer = setTimeout(() => store.act({ type: 'escape' }), showMs);
    return () => clearTimeout(timer);
  }, [store, showMs]);
}
