import type { ReactNode } from 'react';
import { useAnswer, useApp, useNow, useTill } from '../app/context.ts';
import { call } from '../desk/desk.ts';
import { clockText, momentText } from '../format/time.ts';

/** Only the day in which it was set is told apart. */
const dayPeriodMs = 60_000;

/** 店主密码 among the settings of the till: set it, change it, and what it guards. */
export function OwnerSettings(): ReactNode {
  const { words, owner, store } = useApp();
  const { status } = useTill();
  const answer = useAnswer('owner.state', {}, status?.version);
  const nowMs = useNow(dayPeriodMs);
  if (!answer?.ok) return null;
  const { isPinSet, guardsDrawer, unlockedUntilMs, pinSetAtMs } = answer.value;
  const setPin = async (): Promise<void> => {
    if (await owner.setPin()) store.note('ownerPin');
  };
  const flip = call('owner.setRules', { guardsDrawer: !guardsDrawer });
  return (
    <section className="owner-settings" aria-label={words.owner.name}>
      <dl className="detail-facts">
        <div>
          <dt>{words.owner.name}</dt>
          <dd className="row">
            <button
              type="button"
              className={`button ${isPinSet ? '' : 'button-solid'}`}
              onClick={() => void setPin()}
            >
              {isPinSet ? words.owner.change : words.owner.set}
            </button>
            {pinSetAtMs !== null && (
              <span className="label pin-since">
                {words.owner.setSince(momentText(pinSetAtMs, nowMs))}
              </span>
            )}
            {unlockedUntilMs !== null && (
              <button
                type="button"
                className="button"
                onClick={() => store.request(call('owner.lock', {}))}
              >
                {words.owner.lock}
              </button>
            )}
          </dd>
        </div>
        {isPinSet && (
          <div>
            <dt>{words.owner.drawer}</dt>
            <dd>
              <button
                type="button"
                className="button"
                aria-pressed={guardsDrawer}
                onClick={() => store.request(flip)}
              >
                {guardsDrawer ? words.owner.drawerGuarded : words.owner.drawerFree}
              </button>
            </dd>
          </div>
        )}
      </dl>
      <p className="label">
        {unlockedUntilMs === null
          ? isPinSet
            ? words.owner.forgotten
            : words.owner.why
          : words.owner.openUntil(clockText(unlockedUntilMs))}
      </p>
    </section>
  );
}
