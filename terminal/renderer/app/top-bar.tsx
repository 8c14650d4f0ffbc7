import { useEffect, type ReactNode } from 'react';
import type { DeviceView, Status } from '#terminal/ipc/state.ts';
import { pageAbove, type Page } from '../desk/desk.ts';
import { clockText } from '../format/time.ts';
import { errorWords, otherLanguage } from '../i18n/language.ts';
import type { Words } from '../i18n/zh.ts';
import { Icon } from '../ui/icon.tsx';
import { useApp, useNow, useTill } from './context.ts';

const pages = ['till', 'orders', 'today', 'devices'] as const;
const clockPeriodMs = 1_000;
/** The tab under which a page lies. */
const tabOf = (page: Page): Page => (pageAbove(page) === 'till' ? page : pageAbove(page));

/** Where we are, and what must always be in sight: the line, what is unsent, the devices. */
export function TopBar(): ReactNode {
  const { words, store } = useApp();
  const { desk, status } = useTill();
  const exceptions = status?.exceptionCount ?? 0;
  return (
    <header className="top-bar">
      <span className="brand">{words.brand}</span>
      <nav className="tabs">
        {pages.map((page) => (
          <button
            key={page}
            type="button"
            className="tab"
            aria-current={tabOf(desk.page) === page ? 'page' : undefined}
            onClick={() => store.act({ type: 'go', page })}
          >
            {words.page[page]}
            {page === 'today' && exceptions > 0 && (
              <span className="badge" aria-label={words.today.exceptionsCount(exceptions)}>
                {exceptions}
              </span>
            )}
          </button>
        ))}
      </nav>
      <span className="spring" />
      {status && <NetworkChip status={status} />}
      {status && <DeviceChips devices={status.devices} />}
      {status && <ProblemChip status={status} />}
      {status?.isOwnerPinSet === false && <PinChip />}
      {status && <span className="cashier">{status.cashier}</span>}
      <VoiceSwitch />
      <LanguageSwitch />
      <WallClock />
    </header>
  );
}

export function networkText(status: Status, words: Words): string {
  const { unsentCount } = status;
  if (status.online)
    return unsentCount === 0 ? words.network.up : words.network.upUnsent(unsentCount);
  return unsentCount === 0 ? words.network.down : words.network.downUnsent(unsentCount);
}

function NetworkChip({ status }: { readonly status: Status }): ReactNode {
  const { words } = useApp();
  return (
    <span
      className={`chip ${status.online ? '' : 'chip-amber'} ${status.unsentCount > 0 ? 'chip-long' : ''}`}
      role="status"
      title={
        status.offlineSinceMs === null
          ? undefined
          : words.outage.since(clockText(status.offlineSinceMs))
      }
    >
      {status.online ? <i className="dot" /> : <Icon name="wifi-off" />}
      {networkText(status, words)}
    </span>
  );
}

/** Only devices that this till was set up with are listed: one that is not there is trouble, too. */
const worksWell = (device: DeviceView): boolean => device.state === 'online';

/** More chips than these leave no room for words in a small window. */
const chipsWithWords = 3;

function DeviceChips({ devices }: { readonly devices: readonly DeviceView[] }): ReactNode {
  const { words, store } = useApp();
  if (devices.length === 0) return null;
  // Words for the first device in trouble; a bar full of words would push the amount's keys off the screen.
  const spokenOf = devices.find((device) => !worksWell(device));
  return (
    <span className={`device-chips ${devices.length > chipsWithWords ? 'device-chips-many' : ''}`}>
      {devices.map((device) => (
        <button
          key={`${device.role} ${device.address}`}
          type="button"
          className={`chip chip-button ${worksWell(device) ? '' : 'chip-amber'}`}
          aria-label={`${words.device[device.role]} ${words.device[device.state]}`}
          title={`${words.device[device.role]} · ${words.device[device.state]}`}
          onClick={() => store.act({ type: 'open-device', role: device.role })}
        >
          <Icon name={device.role} />
          {worksWell(device) ? <i className="dot" /> : <Icon name="alert" />}
          {device === spokenOf && (
            <span className="chip-trouble">{words.device[device.state]}</span>
          )}
        </button>
      ))}
    </span>
  );
}

/** What makes the till as a whole doubtful is in sight on every page; its words are among what is to be settled. */
function ProblemChip({ status: { problem } }: { readonly status: Status }): ReactNode {
  const { words, language, store } = useApp();
  // A till without an identity says so where the amount is.
  if (!problem || problem.code === 'agent-not-activated') return null;
  return (
    <button
      type="button"
      className="chip chip-button chip-amber problem-chip"
      aria-label={errorWords(problem.code, language)}
      title={errorWords(problem.code, language)}
      onClick={() => store.act({ type: 'go', page: 'today' })}
    >
      <Icon name="alert" />
      <span className="chip-trouble">{words.problem}</span>
    </button>
  );
}

/** Until there is a PIN nobody's approval can be asked for: the desk says so, and leads to where it is set. */
function PinChip(): ReactNode {
  const { words, store } = useApp();
  return (
    <button
      type="button"
      className="chip chip-button chip-amber pin-chip"
      title={words.owner.why}
      onClick={() => store.act({ type: 'open-device', role: 'settings' })}
    >
      <Icon name="lock" />
      <span className="chip-trouble">{words.owner.notSet}</span>
    </button>
  );
}

function VoiceSwitch(): ReactNode {
  const { words, preferences, setPreferences } = useApp();
  const label = preferences.voice ? words.voice.on : words.voice.off;
  return (
    <button
      type="button"
      className="bar-button"
      aria-label={label}
      title={label}
      aria-pressed={preferences.voice}
      onClick={() => setPreferences({ voice: !preferences.voice })}
    >
      <Icon name={preferences.voice ? 'voice' : 'voice-off'} />
    </button>
  );
}

function LanguageSwitch(): ReactNode {
  const { words, language, setPreferences } = useApp();
  useEffect(() => {
    document.title = words.brand;
  }, [words]);
  return (
    <button
      type="button"
      className="bar-button bar-language"
      aria-label={words.language.switch}
      onClick={() => setPreferences({ language: otherLanguage(language) })}
    >
      {words.language.other}
    </button>
  );
}

function WallClock(): ReactNode {
  return <time className="wall-clock">{clockText(useNow(clockPeriodMs))}</time>;
}
