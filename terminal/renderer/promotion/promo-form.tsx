import { useRef, useState, type ReactNode } from 'react';
import {
  promoTextCharsMax,
  type PromoPrice,
  type PromotionView,
} from '#shared/wire/v1/promotion.ts';
import { useApp } from '../app/context.ts';
import { refusalOf, useRequest } from '../app/use-request.ts';
import { plainYuan } from '../format/money.ts';
import { errorWords } from '../i18n/language.ts';
import { detailsOf, emptyPromoDraft, isMoreThanHalf, type PromoDraft } from './promo-draft.ts';

/** One service: what it brings, what the shop says with it, and the button that burns the price. */
export function PromoForm({
  price,
  view,
  onBought,
}: {
  readonly price: PromoPrice;
  readonly view: PromotionView;
  readonly onBought: () => void;
}): ReactNode {
  const { words, language } = useApp();
  const say = words.promotion;
  const { service, quantity, pricePoints } = price;
  const [draft, setDraft] = useState(emptyPromoDraft);
  const { state, send } = useRequest('promotion.buy');
  // One key per purchase: a second press, or a lost answer, is the same purchase.
  const key = useRef(crypto.randomUUID());
  const details = detailsOf(service, draft);
  const change = (next: Partial<PromoDraft>): void => {
    key.current = crypto.randomUUID();
    setDraft({ ...draft, ...next });
  };
  const buy = async (): Promise<void> => {
    if (details === undefined) return;
    const input = { idemKey: key.current, priceVersion: view.priceVersion, details };
    const bought = await send(input);
    if (!bought.ok) return;
    key.current = crypto.randomUUID();
    setDraft(emptyPromoDraft);
    onBought();
  };
  const refusal = refusalOf(state);
  const isShort = view.creditPoints < pricePoints;
  return (
    <section className="card promo-service" aria-label={say.services[service]}>
      <h3>{say.services[service]}</h3>
      <p className="label">{say.quantity[service](quantity)}</p>
      <input
        className="field"
        value={draft.text}
        maxLength={promoTextCharsMax}
        aria-label={`${say.services[service]} ${say.text}`}
        placeholder={say.text}
        autoComplete="off"
        onChange={(event) => change({ text: event.target.value })}
      />
      {service === 'partner-coupon' && (
        <CouponFields draft={draft} partners={view.partners} change={change} />
      )}
      <button
        type="button"
        className="button button-solid"
        disabled={details === undefined || isShort || state === 'asking'}
        onClick={() => void buy()}
      >
        {say.buy(plainYuan(pricePoints))}
      </button>
      {isShort && <p className="label">{errorWords('promotion-credit-short', language)}</p>}
      {refusal && (
        <p className="label tone-bad" role="alert">
          {errorWords(refusal, language)}
        </p>
      )}
      {state === 'done' && (
        <p className="label tone-good" role="status">
          {say.bought}
        </p>
      )}
    </section>
  );
}

type CouponNumber = Exclude<keyof PromoDraft, 'text' | 'partnerId'>;
/** Of 100,000. */
const limitDigitsMax = 6;

function CouponFields({
  draft,
  partners,
  change,
}: {
  readonly draft: PromoDraft;
  readonly partners: PromotionView['partners'];
  readonly change: (next: Partial<PromoDraft>) => void;
}): ReactNode {
  const { words } = useApp();
  const say = words.promotion;
  const field = (name: CouponNumber, label: string, digitsMax = 4): ReactNode => (
    <label className="promo-number">
      <span className="label">{label}</span>
      <input
        className="field"
        inputMode="numeric"
        maxLength={digitsMax}
        value={draft[name]}
        onChange={(event) => change({ [name]: event.target.value })}
      />
    </label>
  );
  return (
    <>
      <p className="label">{partners.length === 0 ? say.noPartner : say.partner}</p>
      <div className="choices">
        {partners.map(({ merchantId, name }) => (
          <button
            key={merchantId}
            type="button"
            className="choice"
            aria-pressed={draft.partnerId === merchantId}
            onClick={() => change({ partnerId: merchantId })}
          >
            {name}
          </button>
        ))}
      </div>
      <div className="row">
        {field('offYuan', say.off)}
        {field('minimumYuan', say.minimum)}
        {field('validDays', say.days)}
      </div>
      <div className="row">
        {field('printsDay', say.printsDay, limitDigitsMax)}
        {field('usesDay', say.usesDay, limitDigitsMax)}
        {field('unproven', say.unproven, limitDigitsMax)}
      </div>
      <p className="label">{say.tillLimits}</p>
      <p className={`label ${isMoreThanHalf(draft) ? 'tone-bad' : ''}`}>
        {isMoreThanHalf(draft) ? say.half : say.ownDiscount}
      </p>
    </>
  );
}
