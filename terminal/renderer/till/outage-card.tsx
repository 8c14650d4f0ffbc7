import type { ReactNode } from 'react';
import type { Status } from '#terminal/ipc/state.ts';
import { useApp, useNow } from '../app/context.ts';
import { shortYuan, yuan } from '../format/money.ts';
import { hoursAndMinutes } from '../format/time.ts';
import { Icon, type IconName } from '../ui/icon.tsx';

/** An outage as a set of steps: what still works, what does not and why, and how much offline room is left. */
export function OutageCard({ status }: { readonly status: Status }): ReactNode {
  const { words } = useApp();
  const { offline } = status;
  const { outage } = words;
  const memberOpen =
    offline.remainingFen > 0 && offline.perPaymentFen > 0 && offline.remainingCount !== 0;
  return (
    <section className="outage" aria-label={outage.title}>
      <div className="outage-head" role="status">
        <b>{outage.title}</b>
        <span>
          {outage.left} <b>{yuan(offline.remainingFen)}</b> / {yuan(offline.totalFen)}
          {offline.remainingCount !== null && ` · ${outage.countLeft(offline.remainingCount)}`}
          {offline.closesAtMs !== null && <TimeLeft closesAtMs={offline.closesAtMs} />}
        </span>
      </div>
      <ul className="outage-steps">
        <BoxStep status={status} />
        <Step
          icon="cash"
          kind="good"
          name={outage.cash}
          state={outage.cashState}
          how={outage.cashHow}
        />
        <Step
          icon="phone"
          kind="good"
          name={outage.hotspot}
          state={outage.hotspotState}
          how={outage.hotspotHow}
        />
        <Step
          icon="offline-book"
          kind={memberOpen ? 'amber' : 'bad'}
          name={outage.member}
          state={
            memberOpen ? outage.memberLimit(shortYuan(offline.perPaymentFen)) : outage.memberOff
          }
          how={
            memberOpen
              ? outage.memberHow(shortYuan(offline.perMemberFen), offline.perMemberCount)
              : outage.memberOffHow
          }
        />
        <PromiseStep status={status} />
        <Step
          icon="wifi-off"
          kind="bad"
          name={outage.wallet}
          state={outage.walletState}
          how={outage.walletHow}
        />
      </ul>
    </section>
  );
}

/** The box has a mobile line of its own, so it comes first: the money is known at once. */
function BoxStep({ status }: { readonly status: Status }): ReactNode {
  const { words, store } = useApp();
  const box = status.devices.find(({ role }) => role === 'box-pos');
  if (!box) return null;
  const isThere = box.state === 'online';
  return (
    <li className={`outage-step outage-box outage-${isThere ? 'good' : 'bad'}`}>
      <button
        type="button"
        className="outage-button"
        onClick={() => store.act({ type: 'function', key: 'F6' })}
      >
        <Icon name="box-pos" />
        <span>
          <span className="outage-name">
            {words.box.name} <b>{isThere ? words.box.outageOn : words.box.outageOff}</b>
          </span>
          <span className="outage-how">
            {isThere ? words.box.outageHow : words.box.outageOffHow}
          </span>
        </span>
        <kbd>F6</kbd>
      </button>
    </li>
  );
}

/** Goods on trust, with the owner's PIN: a button, because it begins with an amount and not with a scan. */
function PromiseStep({ status: { promises } }: { readonly status: Status }): ReactNode {
  const { words, store } = useApp();
  const { promise } = words;
  if (!promises) return null;
  const { remainingFen, remainingCount, perPromiseFen } = promises;
  const isOpen = remainingFen > 0;
  return (
    <li className={`outage-step outage-press outage-${isOpen ? 'amber' : 'bad'}`}>
      <button
        type="button"
        className="outage-button"
        onClick={() => store.act({ type: 'function', key: 'F1' })}
      >
        <Icon name="member" />
        <span>
          <span className="outage-name">
            {promise.outage}{' '}
            <b>{isOpen ? promise.perPromise(shortYuan(perPromiseFen)) : promise.none}</b>
          </span>
          <span className="outage-how">
            {isOpen
              ? promise.outageHow(shortYuan(remainingFen), remainingCount)
              : promise.outageNone}
          </span>
        </span>
        <kbd>F1</kbd>
      </button>
    </li>
  );
}

const clockPeriodMs = 10_000;

function TimeLeft({ closesAtMs }: { readonly closesAtMs: number }): ReactNode {
  const { words } = useApp();
  const { hours, minutes } = hoursAndMinutes(useNow(clockPeriodMs), closesAtMs);
  // A deadline that is over, or that a wrong clock makes up, says nothing that helps.
  if (hours === 0 && minutes === 0) return null;
  return ` · ${hours > 0 ? words.outage.hoursLeft(hours) : words.outage.minutesLeft(minutes)}`;
}

interface StepProps {
  readonly icon: IconName;
  readonly kind: 'good' | 'amber' | 'bad';
  readonly name: string;
  readonly state: string;
  readonly how: string;
}

function Step({ icon, kind, name, state, how }: StepProps): ReactNode {
  return (
    <li className={`outage-step outage-${kind}`}>
      <Icon name={icon} />
      <div>
        <p className="outage-name">
          {name} <b>{state}</b>
        </p>
        <p className="outage-how">{how}</p>
      </div>
    </li>
  );
}
