import { useState, type ReactNode } from 'react';
import type { DeviceDetail } from '#terminal/ipc/devices.ts';
import { useAnswer, useApp, useTill } from '../../app/context.ts';
import { secondsText } from '../../format/time.ts';
import { errorWords } from '../../i18n/language.ts';
import { AdviceBox } from './advice-box.tsx';
import { draftOfBound } from '../bind/bind-draft.ts';
import { BetterProfile } from './better-profile.tsx';
import { DeviceHead, DrawerState, Proof } from './device-card.tsx';
import { DeviceLog } from './device-log.tsx';
import { DeviceTestRow } from './device-test.tsx';
import { attachedText, provedBy } from '../device-words.ts';
import { DrawerCalibration } from './drawer-calibration.tsx';
import { bindKeeper } from '../bind/kept-draft.ts';
import { PageHead } from '../page-head.tsx';
import { useDevices, useScannerTrial } from '../use-devices.ts';
import { refusalOf, useRequest } from '../../app/use-request.ts';

/** All of one device: what a shop needs seldom, and what a person who mends it asks for. */
export function DevicePage(): ReactNode {
  const { words } = useApp();
  const { desk } = useTill();
  const devices = useDevices();
  const device = devices?.find(({ role }) => role === desk.openDevice);
  useScannerTrial(devices);
  return (
    <div className="device-page device-page-two">
      <section className="card device">
        <PageHead>{device && <DeviceHead device={device} />}</PageHead>
        {devices && !device && <p className="empty">{words.device.absent}</p>}
        {device && <One key={device.role} device={device} />}
      </section>
      {device && (
        <section className="card device">
          <Facts device={device} />
          {device.actions.includes('log') && <DeviceLog key={device.role} role={device.role} />}
        </section>
      )}
    </div>
  );
}

function One({ device }: { readonly device: DeviceDetail }): ReactNode {
  const { words, store } = useApp();
  const change = (): void => {
    bindKeeper.keep(draftOfBound(device));
    store.act({ type: 'go', page: 'bind' });
  };
  return (
    <>
      {device.role === 'printer' && <Proof level={device.confidence ?? 0} />}
      <DrawerState device={device} />
      <p className="label">{provedBy(device, words)}</p>
      <AdviceBox device={device} />
      <BetterProfile device={device} />
      <DeviceTestRow device={device} />
      {device.actions.includes('calibrate') && <DrawerCalibration />}
      {device.fixed && <p className="label device-last">{words.devices.fixed}</p>}
      {device.actions.includes('unbind') && <Unbind device={device} onChange={change} />}
    </>
  );
}

function Facts({ device }: { readonly device: DeviceDetail }): ReactNode {
  const { words } = useApp();
  const { facts, millimetres } = words.devices;
  const answer = useAnswer('devices.profiles', {});
  const profiles = answer?.ok ? answer.value.profiles : [];
  const { profileId, paperMm } = device;
  const profile = profiles.find(({ id }) => id === profileId)?.name ?? profileId;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [facts.address, device.kind === 'printer' ? undefined : attachedText(device, words)],
    [
      device.role === 'scanner' ? facts.lastScan : facts.lastSeen,
      device.lastSeenMs === undefined ? undefined : secondsText(device.lastSeenMs),
    ],
    [facts.model, device.model],
    [facts.profile, profile],
    [facts.paper, paperMm === undefined ? undefined : millimetres(paperMm)],
    [facts.protocol, device.protocol],
    [
      facts.identity,
      device.kind === 'keyboard' || device.kind === 'printer' ? undefined : device.identity,
    ],
    [facts.generation, device.generation === null ? undefined : String(device.generation)],
  ];
  return (
    <dl className="detail-facts">
      {rows.map(
        ([name, value]) =>
          value !== undefined && (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="device-address">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** Change and let go; letting go asks once more. */
function Unbind({
  device,
  onChange,
}: {
  readonly device: DeviceDetail;
  readonly onChange: () => void;
}): ReactNode {
  const { words, language, store } = useApp();
  const [isAsking, setAsking] = useState(false);
  const unbind = useRequest('devices.unbind');
  const refused = refusalOf(unbind.state);
  const letGo = async (): Promise<void> => {
    const answer = await unbind.send({ role: device.role });
    if (answer.ok) store.act({ type: 'go', page: 'devices' });
  };
  return (
    <div className="unbind">
      {refused !== null && <p className="tone-amber">{errorWords(refused, language)}</p>}
      {isAsking ? (
        <div className="row" role="alertdialog" aria-label={words.devices.unbindAsk}>
          <p>{words.devices.unbindAsk}</p>
          <button type="button" className="button button-warn" onClick={() => void letGo()}>
            {words.devices.unbindYes}
          </button>
          <button type="button" className="button" onClick={() => setAsking(false)}>
            {words.devices.unbindNo}
          </button>
        </div>
      ) : (
        <div className="row">
          {device.kind !== 'printer' && (
            <button type="button" className="button" onClick={onChange}>
              {words.devices.change}
            </button>
          )}
          <button type="button" className="button" onClick={() => setAsking(true)}>
            {words.devices.unbind}
          </button>
        </div>
      )}
    </div>
  );
}
