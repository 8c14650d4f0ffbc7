import type { ReactNode } from 'react';
import { fen, sumFen } from '#shared/money/fen.ts';
import type { Today } from '#terminal/ipc/views.ts';
import { useAnswer, useApp, useTill } from '../app/context.ts';
import { call } from '../desk/desk.ts';
import { yuan } from '../format/money.ts';
import { clockText, monthAndDay } from '../format/time.ts';
import { errorWords } from '../i18n/language.ts';
import { ExceptionsCard } from './exceptions-card.tsx';
import { HourChart } from './hour-chart.tsx';
import { TenderChart } from './tender-chart.tsx';
import { tomorrowFen } from './tomorrow-sum.ts';

/** The day: four sums that add up to the turnover, when and how it came in, and what arrives tomorrow. */
export function TodayScreen(): ReactNode {
  const { language } = useApp();
  const { status } = useTill();
  const answer = useAnswer('today.get', {}, status?.version);
  if (!answer) return null;
  if (!answer.ok) return <p className="empty">{errorWords(answer.error.code, language)}</p>;
  const today = answer.value;
  return (
    <div className="today">
      <FourSums today={today} />
      <div className="today-left">
        <HourChart hours={today.byHour} cutOverHour={today.cutOverHour} />
        <TenderChart rows={today.byTender} />
      </div>
      <div className="today-right">
        <Tomorrow today={today} />
        <ExceptionsCard />
        <DaySlip today={today} />
      </div>
    </div>
  );
}

function FourSums({ today }: { readonly today: Today }): ReactNode {
  const { words } = useApp();
  const { settledVoucherFen, couponCount, couponFen } = today;
  // After midnight the sums may still be those of the evening: the page says whose they are.
  const { month, day } = monthAndDay(today.businessDate);
  // The shop's own coupons are in none of the sums, which are what was asked for.
  const about = [
    words.today.businessDay(month, day),
    ...(settledVoucherFen > 0 ? [words.today.withVoucher(yuan(settledVoucherFen))] : []),
    ...(couponCount > 0 ? [words.today.coupons(couponCount, yuan(couponFen))] : []),
  ];
  const sums: readonly [string, number, string][] = [
    [words.today.settled, today.settledFen, 'tone-good'],
    [words.today.cash, today.cashFen, ''],
    [words.today.offline, today.offlineFen, today.offlineFen > 0 ? 'tone-amber' : ''],
    [words.today.pending, today.pendingFen, today.pendingFen > 0 ? 'tone-amber' : ''],
  ];
  return (
    <section className="four">
      {sums.map(([name, amountFen, tone]) => (
        <div key={name} className="card four-sum">
          <p className="label">{name}</p>
          <p className={`four-value ${tone}`}>{yuan(amountFen)}</p>
        </div>
      ))}
      <div className="four-total">
        <p>{about.join(' · ')}</p>
        <p>
          {words.today.sum} <b>{yuan(today.turnoverFen)}</b> {words.today.turnover} ·{' '}
          {words.today.count(today.orderCount)}
        </p>
      </div>
      <RefundLine refunds={today.refunds} />
      <PromiseLine promises={today.promises} />
    </section>
  );
}

/** What went back today, whenever it was sold: the turnover stays what was sold. */
function RefundLine({ refunds }: { readonly refunds: Today['refunds'] }): ReactNode {
  const { words } = useApp();
  const {
    channelFen,
    cashFen,
    boxSlipFen,
    ownAccountFen = 0,
    voucherFen,
    count,
    openFen,
  } = refunds;
  const { today } = words.refund;
  const parts = [
    ...(channelFen > 0 ? [today.channel(yuan(channelFen))] : []),
    ...(cashFen > 0 ? [today.cash(yuan(cashFen))] : []),
    ...(boxSlipFen > 0 ? [today.box(yuan(boxSlipFen))] : []),
    ...(ownAccountFen > 0 ? [today.ownAccount(yuan(ownAccountFen))] : []),
    ...(voucherFen > 0 ? [today.voucher(yuan(voucherFen))] : []),
    ...(openFen > 0 ? [today.open(yuan(openFen))] : []),
  ];
  if (parts.length === 0) return null;
  const backFen = sumFen([channelFen, cashFen, boxSlipFen, ownAccountFen, voucherFen].map(fen));
  return (
    <p className="four-promises">{[today.back(yuan(backFen), count), ...parts].join(' · ')}</p>
  );
}

/** Beside the four sums, never in them: what is owed of today, and what came back today. */
function PromiseLine({ promises }: { readonly promises: Today['promises'] }): ReactNode {
  const { words } = useApp();
  const { iouFen, staticCodeFen, openCount, keptFen, keptCashFen } = promises;
  const { today } = words.promise;
  const parts = [
    ...(iouFen > 0 ? [today.iou(yuan(iouFen))] : []),
    ...(staticCodeFen > 0 ? [today.static(yuan(staticCodeFen))] : []),
    ...(openCount > 0 ? [today.count(openCount)] : []),
    ...(keptFen > 0 ? [today.kept(yuan(keptFen))] : []),
    ...(keptCashFen > 0 ? [today.keptCash(yuan(keptCashFen))] : []),
  ];
  return parts.length === 0 ? null : <p className="four-promises">{parts.join(' · ')}</p>;
}

function Tomorrow({ today }: { readonly today: Today }): ReactNode {
  const { words } = useApp();
  const { tomorrow } = today;
  if (!tomorrow) {
    return (
      <section className="card">
        <h2>
          {words.today.tomorrow}
          <span className="label">{words.today.tomorrowNone}</span>
        </h2>
      </section>
    );
  }
  const due = monthAndDay(tomorrow.reserveDueDate);
  return (
    <section className="card">
      <h2>
        {words.today.tomorrow}
        <b className="tone-good">{yuan(tomorrowFen(tomorrow))}</b>
      </h2>
      <dl className="lines">
        <div>
          <dt>{words.today.goods}</dt>
          <dd>{yuan(tomorrow.sameDayFen)}</dd>
        </div>
        <div>
          <dt>{words.today.subsidy}</dt>
          <dd>{yuan(tomorrow.subsidyFen)}</dd>
        </div>
        <div>
          <dt>
            {words.today.reserve}
            <span className="lines-more">{words.today.month(due.month, due.day)}</span>
          </dt>
          <dd>{yuan(tomorrow.reserveFen)}</dd>
        </div>
        <div>
          <dt>{words.today.concession}</dt>
          <dd>{yuan(tomorrow.concessionFen)}</dd>
        </div>
      </dl>
    </section>
  );
}

/** The drawer without a sale: how often, and who asked last and why. The slip of the day has the number. */
function NoSales({ today }: { readonly today: Today }): ReactNode {
  const { words } = useApp();
  const [last] = today.noSales;
  if (last === undefined) return null;
  return (
    <>
      {' '}
      <span className="slip-count">{words.today.noSales(today.noSaleCount)}</span>
      <span className="label slip-why">
        {words.today.noSaleLast(clockText(last.atMs), last.cashier, last.reason)}
        {last.isApproved && <span> · {words.today.noSaleApproved}</span>}
      </span>
    </>
  );
}

function DaySlip({ today }: { readonly today: Today }): ReactNode {
  const { words, store } = useApp();
  // The bar's own number: it is there before the day has been asked for again.
  const unsentCount = useTill().status?.unsentCount ?? today.unsentCount;
  return (
    <section className="card slip">
      <p>
        <span className="label">{words.today.chain}</span> <code>{today.chainHead}</code>
        <br />
        <span className={unsentCount > 0 ? 'tone-amber' : 'label'}>
          {unsentCount > 0 ? words.today.unsent(unsentCount) : words.today.allSent}
        </span>
        <NoSales today={today} />
      </p>
      <button
        type="button"
        className="button"
        onClick={() => store.request(call('today.printSlip', {}), 'slip')}
      >
        {words.today.print}
      </button>
    </section>
  );
}
