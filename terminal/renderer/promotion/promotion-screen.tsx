import { useCallback, useEffect, useState, type ReactNode } from 'react';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { PromotionView } from '#shared/wire/v1/promotion.ts';
import { useApp } from '../app/context.ts';
import { useRequest } from '../app/use-request.ts';
import { plainYuan, yuan } from '../format/money.ts';
import { errorWords } from '../i18n/language.ts';
import { PromoForm } from './promo-form.tsx';

/** 推广积分: what the shop's points buy, for the owner alone. */
export function PromotionScreen(): ReactNode {
  const { words, store, language } = useApp();
  const say = words.promotion;
  const { view, refusal, load } = usePromotion();
  return (
    <div className="promo">
      <header className="card promo-head">
        <button
          type="button"
          className="button"
          onClick={() => store.act({ type: 'go', page: 'devices' })}
        >
          {say.back}
        </button>
        <h2>{say.title}</h2>
        {view && (
          <p className="promo-credit">
            <span className="label">{say.credit}</span> <b>{plainYuan(view.creditPoints)}</b>{' '}
            <span className="label">
              {say.pending} {plainYuan(view.pendingPoints)}
            </span>
          </p>
        )}
      </header>
      {!view && refusal && (
        <section className="card" role="alert">
          <p>{errorWords(refusal, language)}</p>
          <p className="label">{say.owner}</p>
          <button type="button" className="button button-solid" onClick={() => void load()}>
            {say.load}
          </button>
        </section>
      )}
      {view && (
        <>
          <p className="label">{view.prices.length === 0 ? say.noPrices : say.rule}</p>
          <div className="promo-services">
            {view.prices.map((price) => (
              <PromoForm
                key={price.service}
                price={price}
                view={view}
                onBought={() => void load()}
              />
            ))}
          </div>
          <Orders view={view} />
          <Counter view={view} onChanged={() => void load()} />
        </>
      )}
    </div>
  );
}

/** Asked once when the page opens, and after each change: the owner's PIN is not asked for by itself again. */
function usePromotion(): {
  readonly view: PromotionView | undefined;
  readonly refusal: ErrorCode | undefined;
  readonly load: () => Promise<void>;
} {
  const { store } = useApp();
  const [view, setView] = useState<PromotionView>();
  const [refusal, setRefusal] = useState<ErrorCode>();
  const load = useCallback(async (): Promise<void> => {
    const answer = await store.link.call('promotion.get', {});
    if (answer.ok) setView(answer.value);
    setRefusal(answer.ok ? undefined : answer.error.code);
  }, [store]);
  useEffect(() => {
    const timer = setTimeout(() => void load(), 0);
    return () => clearTimeout(timer);
  }, [load]);
  return { view, refusal, load };
}

function Orders({ view }: { readonly view: PromotionView }): ReactNode {
  const { words } = useApp();
  const say = words.promotion;
  return (
    <section className="card" aria-label={say.orders}>
      <h3>{say.orders}</h3>
      {view.orders.length === 0 && <p className="label">{say.noOrders}</p>}
      <ul className="promo-rows">
        {view.orders.map((order) => (
          <li key={order.promoOrderId}>
            <b>{say.services[order.service]}</b>
            <span className="promo-text">{order.text}</span>
            <span>{say.state[order.state]}</span>
            <span className="label">
              {say.used(order.used, order.quantity)} · {say.until(order.endsOn)}
              {order.returnedPoints > 0 && ` · ${say.returned(plainYuan(order.returnedPoints))}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Counter({
  view,
  onChanged,
}: {
  readonly view: PromotionView;
  readonly onChanged: () => void;
}): ReactNode {
  const { words } = useApp();
  const say = words.promotion;
  const counter = useRequest('promotion.setCounter');
  const answer = useRequest('promotion.answer');
  const flip = async (): Promise<void> => {
    await counter.send({ isOpen: !view.isCounterOpen });
    onChanged();
  };
  const decide = async (promoOrderId: string, agrees: boolean): Promise<void> => {
    await answer.send({ promoOrderId, agrees });
    onChanged();
  };
  return (
    <section className="card" aria-label={say.counter}>
      <h3 className="row">
        {say.counter}
        <button
          type="button"
          className="button"
          aria-pressed={view.isCounterOpen}
          onClick={() => void flip()}
        >
          {view.isCounterOpen ? say.isOpen : say.isClosed}
        </button>
      </h3>
      <ul className="promo-rows">
        {view.wishes.map((wish) => (
          <li key={wish.promoOrderId}>
            <b>{say.wish(wish.issuerName, yuan(wish.offFen), yuan(wish.minimumFen))}</b>
            <span className="promo-text">{wish.text}</span>
            {!wish.isAgreed && (
              <button
                type="button"
                className="button button-solid"
                onClick={() => void decide(wish.promoOrderId, true)}
              >
                {say.agree}
              </button>
            )}
            <button
              type="button"
              className="button"
              onClick={() => void decide(wish.promoOrderId, false)}
            >
              {say.decline}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
