import { useEffect, useRef, type ReactNode } from 'react';
import { useApp, useTill } from '../app/context.ts';
import { languageTag, otherLanguage } from '../i18n/language.ts';
import { OwnerSettings } from '../owner/owner-settings.tsx';

/** What belongs to this till: language, voice, and the way to how its receipts look. */
export function SettingsCard({ isAsked }: { readonly isAsked: boolean }): ReactNode {
  const { words, language, preferences, setPreferences, voice } = useApp();
  const { status } = useTill();
  const tag = languageTag(language);
  const speaks = voice.available(tag);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isAsked) card.current?.scrollIntoView({ block: 'end' });
  }, [isAsked]);
  return (
    <section ref={card} className="card device settings">
      <h2>
        {words.devices.settings}
        {status && (
          <span className="label">
            {[...new Set([status.merchantName, status.storeName, status.cashier])]
              .filter((name) => name !== '')
              .join(' · ')}
          </span>
        )}
      </h2>
      <dl className="detail-facts">
        <div>
          <dt>{words.devices.languageName}</dt>
          <dd>
            <button
              type="button"
              className="button"
              onClick={() => setPreferences({ language: otherLanguage(language) })}
            >
              {words.language.switch}
            </button>
          </dd>
        </div>
        <div>
          <dt>{words.devices.voice}</dt>
          <dd className="row">
            <button
              type="button"
              className="button"
              aria-pressed={preferences.voice}
              onClick={() => setPreferences({ voice: !preferences.voice })}
            >
              {preferences.voice ? words.devices.on : words.devices.off}
            </button>
            <button
              type="button"
              className="button"
              disabled={!speaks}
              onClick={() => voice.say(words.say.paid(words.wallet.wechat, '38.50'), tag)}
            >
              {words.devices.voiceTest}
            </button>
          </dd>
        </div>
        <PageRow title={words.receiptSetup.title} open={words.receiptSetup.open} page="receipt" />
        <PageRow title={words.promotion.title} open={words.promotion.open} page="promotion" />
      </dl>
      <OwnerSettings />
      {!speaks && <p className="label">{words.devices.voiceNone}</p>}
    </section>
  );
}

/** A way to a page of its own. */
function PageRow(row: {
  readonly title: string;
  readonly open: string;
  readonly page: 'promotion' | 'receipt';
}): ReactNode {
  const { store } = useApp();
  return (
    <div>
      <dt>{row.title}</dt>
      <dd>
        <button
          type="button"
          className="button"
          onClick={() => store.act({ type: 'go', page: row.page })}
        >
          {row.open}
        </button>
      </dd>
    </div>
  );
}
