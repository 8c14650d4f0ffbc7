import type { ReactNode } from 'react';
import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Screen } from '#terminal/ipc/state.ts';
import { useApp, useTill } from '../app/context.ts';
import { networkText } from '../app/top-bar.tsx';
import { HeldView } from './held-view.tsx';
import { BoxWaitingView } from './box-waiting-view.tsx';
import { BoxPaidView, CashView, NotPaidView, OfflineView, PaidView } from './result-view.tsx';
import { PromisedView } from './promised-view.tsx';
import { WaitingView } from './waiting-view.tsx';

/** The whole screen belongs to the sale: green, amber or red, with words, an icon, a tone and a voice. */
export function Overlay({
  screen,
}: {
  readonly screen: Exclude<Screen, { type: 'ready' }>;
}): ReactNode {
  return (
    <div className={`overlay overlay-${colourOf(screen)}`} role="alertdialog" aria-modal="true">
      <div className="overlay-body">
        <ScreenView screen={screen} />
      </div>
      <StatusLine />
    </div>
  );
}

function ScreenView({
  screen,
}: {
  readonly screen: Exclude<Screen, { type: 'ready' }>;
}): ReactNode {
  switch (screen.type) {
    case 'held':
      return <HeldView screen={screen} />;
    case 'waiting':
      return <WaitingView screen={screen} />;
    case 'box-waiting':
      return <BoxWaitingView screen={screen} />;
    case 'box-paid':
      return <BoxPaidView screen={screen} />;
    case 'paid':
      return <PaidView screen={screen} />;
    case 'cash':
      return <CashView screen={screen} />;
    case 'offline-accepted':
      return <OfflineView screen={screen} />;
    case 'promised':
      return <PromisedView screen={screen} />;
    case 'not-paid':
      return <NotPaidView screen={screen} />;
    default:
      return exhaustive(screen);
  }
}

function colourOf(screen: Exclude<Screen, { type: 'ready' }>): 'green' | 'amber' | 'red' {
  switch (screen.type) {
    case 'paid':
    case 'box-paid':
    case 'cash':
      return 'green';
    case 'held':
    case 'waiting':
    case 'box-waiting':
    case 'offline-accepted':
    case 'promised':
      return 'amber';
    case 'not-paid':
      return 'red';
    default:
      return exhaustive(screen);
  }
}

/** The unsent count and a device in trouble stay in sight even here. */
function StatusLine(): ReactNode {
  const { words } = useApp();
  const { status } = useTill();
  if (!status) return null;
  const troubled = status.devices.filter((device) => device.state !== 'online');
  return (
    <p className="overlay-status">
      <span>{networkText(status, words)}</span>
      {troubled.map((device) => (
        <span key={`${device.role} ${device.address}`}>
          {words.device[device.role]} · {words.device[device.state]}
        </span>
      ))}
    </p>
  );
}
