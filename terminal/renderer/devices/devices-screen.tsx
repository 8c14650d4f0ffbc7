import type { ReactNode } from 'react';
import type { DeviceView } from '#terminal/ipc/state.ts';
import { useAnswer, useApp, useTill } from '../app/context.ts';
import { call } from '../desk/desk.ts';
import { secondsText } from '../format/time.ts';
import { errorWords } from '../i18n/language.ts';
import { Icon } from '../ui/icon.tsx';
import { SettingsCard } from './settings-card.tsx';

/** What is connected, how sure we can be of it, and plain words for what to do. */
export function DevicesScreen(): ReactNode {
  const { status, desk } = useTill();
  const answer = useAnswer('devices.list', {}, status?.version);
  const devices = answer?.ok ? answer.value.devices : (status?.devices ?? []);
  return (
    <div className="devices">
      {devices.map((device) => (
        <DeviceCard
          key={`${device.role} ${device.address}`}
          device={device}
          asked={desk.openDevice === device.role}
        />
      ))}
      <SettingsCard />
    </div>
  );
}

function DeviceCard({
  device,
  asked,
}: {
  readonly device: DeviceView;
  /** The cashier came here through this device's chip. */
  readonly asked: boolean;
}): ReactNode {
  const { words, store } = useApp();
  const well = device.state === 'online';
  return (
    <section
      className={`card device ${well ? '' : 'device-trouble'} ${asked ? 'device-asked' : ''}`}
    >
      <header className="device-head">
        <Icon name={device.role} />
        <div>
          <h2>{words.device[device.role]}</h2>
          <p className="label">{device.name}</p>
        </div>
        <span className={`state-chip ${well ? 'bucket-settled' : 'bucket-offline'}`}>
          <i className="dot" />
          {words.device[device.state]}
        </span>
      </header>
      <dl className="detail-facts">
        <div>
          <dt>{words.devices.address}</dt>
          <dd className="device-address">
            {device.role === 'drawer' ? words.devices.onPrinter : device.address}
          </dd>
        </div>
        <div>
          <dt>{words.devices.lastSeen}</dt>
          <dd>
            {device.lastSeenMs === undefined ? words.devices.never : secondsText(device.lastSeenMs)}
          </dd>
        </div>
      </dl>
      {device.confidence !== undefined && <Confidence level={device.confidence} />}
      <Advice device={device} />
      <div className="device-test">
        <p className="label">{words.devices.testWhat[device.role]}</p>
        {device.role !== 'scanner' && (
          <button
            type="button"
            className="button"
            disabled={device.state === 'absent'}
            onClick={() => store.request(call('devices.test', { role: device.role }), 'test')}
          >
            {words.devices.test}
          </button>
        )}
      </div>
    </section>
  );
}

function Advice({ device }: { readonly device: DeviceView }): ReactNode {
  const { words, language } = useApp();
  const { state, code } = device;
  const what = state === 'online' ? words.devices.fine : words.devices.advice[state];
  // A drawer hangs on a printer; without one there is no line to plug in.
  const isSetUp = code !== 'printer-missing';
  return (
    <div className={`advice advice-${state}`}>
      <b>{words.devices.todo}</b>
      <p>{isSetUp ? what : errorWords('printer-missing', language)}</p>
      {code !== undefined && state !== 'absent' && <p>{errorWords(code, language)}</p>}
    </div>
  );
}

const levels = [1, 2, 3, 4];

function Confidence({ level }: { readonly level: number }): ReactNode {
  const { words } = useApp();
  return (
    <div className="confidence">
      <p>
        <b>{words.devices.confidence}</b>
        <span className="confidence-steps" role="img" aria-label={`${level} / 4`}>
          {levels.map((step) => (
            <i key={step} className={step <= level ? 'on' : ''} />
          ))}
        </span>
      </p>
      <p className="label">{words.devices.confidenceWords[level]}</p>
    </div>
  );
}
