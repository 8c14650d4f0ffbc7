import type { ReactNode } from 'react';
import type { Status, TillState } from '#terminal/ipc/state.ts';
import { useApp, useTill } from '../app/context.ts';
import { dueOf, totalFenOf } from '../desk/due.ts';
import { plainYuan, yuan } from '../format/money.ts';
import { percentText } from '../format/percent.ts';
import { amountOfEntry } from '../input/amount-entry.ts';
import { BigAmount, TypedAmount } from '../ui/amount.tsx';
import { Icon } from '../ui/icon.tsx';
import { GoodsList, piecesOf } from './goods-list.tsx';
import { OutageCard } from './outage-card.tsx';

/** The amount, what to do next, and what this sale gives. Offline, the steps that still work take the hint's place. */
export function AmountCard(): ReactNode {
  const { words } = useApp();
  const { till, status, desk } = useTill();
  if (!till) return null;
  const isActivated = status?.problem?.code !== 'agent-not-activated';
  const offline = isActivated && status !== null && !status.online;
  const { goods } = till.draft;
  const looks = `${offline ? 'amount-offline' : ''} ${goods ? 'amount-goods' : ''}`;
  return (
    <div className={`amount ${looks}`}>
      <h1 className="label">
        {words.till.amount}
        {goods && ` · ${words.till.pieces(piecesOf(goods.lines))}`}
      </h1>
      {goods ? (
        <>
          <BigAmount amountFen={totalFenOf(desk.entry, till)} />
          <GoodsList lines={goods.lines} typedFen={amountOfEntry(desk.entry)} />
        </>
      ) : (
        <TypedAmount entry={desk.entry} label={words.till.amount} />
      )}
      {isActivated ? offline ? <OutageCard status={status} /> : <ScanHint /> : <NotActivated />}
      <CouponLine till={till} />
      <Facts till={till} status={status} />
    </div>
  );
}

/** Nothing can be sold yet: no look of a till that is ready. */
function NotActivated(): ReactNode {
  const { words } = useApp();
  return (
    <p className="hint hint-refused" role="alert">
      <Icon name="alert" />
      <span>{words.till.notActivated}</span>
      <span className="hint-more">{words.till.notActivatedHow}</span>
    </p>
  );
}

function ScanHint(): ReactNode {
  const { words } = useApp();
  const { desk, till } = useTill();
  const empty = till === null || totalFenOf(desk.entry, till) === 0;
  return (
    <p className={`hint ${empty ? 'hint-quiet' : ''}`}>
      <Icon name="scan" />
      <span>{empty ? words.till.amountHint : words.till.scanHint}</span>
      <span className="hint-more">{words.till.scanKinds}</span>
    </p>
  );
}

/** A coupon of this shop in the sale: what it takes off, or from what sum on it would, and what is left to pay. */
function CouponLine({ till }: { readonly till: TillState }): ReactNode {
  const { words, store } = useApp();
  const { coupon, member, useVoucher } = till.draft;
  if (!coupon) return null;
  // One sum to pay on the screen: with a voucher it stands where the voucher came off.
  const isDueSaidBelow = useVoucher && (member?.voucherTotalFen ?? 0) > 0;
  return (
    <p className={`coupon-line ${coupon.isMet ? '' : 'coupon-waits'}`} role="status">
      <span className="coupon-off">
        {words.till.coupon} <b>−{yuan(coupon.offFen)}</b>
      </span>
      <span className="coupon-text">
        {coupon.isMet ? coupon.text : words.till.couponNotMet(yuan(coupon.minimumFen))}
      </span>
      {coupon.isMet && !isDueSaidBelow && (
        <span>
          {words.till.due} <b>{yuan(dueOf(till))}</b>
        </span>
      )}
      <button
        type="button"
        className="button coupon-drop"
        onClick={() => store.act({ type: 'drop-coupon' })}
      >
        {words.till.couponDrop}
      </button>
    </p>
  );
}

function Facts({
  till,
  status,
}: {
  readonly till: TillState;
  readonly status: Status | null;
}): ReactNode {
  const { words } = useApp();
  const { draft } = till;
  return (
    <dl className="facts">
      {status && (
        <div>
          <dt>{words.till.concession}</dt>
          <dd>{percentText(status.concessionBp)}</dd>
        </div>
      )}
      <div>
        <dt>{words.till.points}</dt>
        <dd>{plainYuan(draft.pointsEstimateFen)}</dd>
        <dt>{words.till.pointsUnit}</dt>
      </div>
      <div>
        <dt>{words.till.member}</dt>
        <dd>{draft.member ? draft.member.phoneMask : words.till.noMember}</dd>
      </div>
      <VoucherFact till={till} />
    </dl>
  );
}

function VoucherFact({ till }: { readonly till: TillState }): ReactNode {
  const { words } = useApp();
  const { draft } = till;
  const totalFen = draft.member?.voucherTotalFen ?? 0;
  if (totalFen === 0) {
    return (
      <div>
        <dt>{words.till.voucher}</dt>
        <dd>{words.till.noVoucher}</dd>
      </div>
    );
  }
  if (!draft.useVoucher) {
    return (
      <div>
        <dt>{words.till.voucher}</dt>
        <dd>{yuan(totalFen)}</dd>
        <dt>
          <kbd>F3</kbd> {words.memberPanel.useVoucher}
        </dt>
      </div>
    );
  }
  return (
    <div className="fact-voucher">
      <dt>{words.till.voucherUsed}</dt>
      <dd>−{yuan(draft.voucherFen)}</dd>
      <dt>{words.till.due}</dt>
      <dd>{yuan(dueOf(till))}</dd>
    </div>
  );
}
