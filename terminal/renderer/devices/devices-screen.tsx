import type { ReactNode } from 'react';
import { useApp, useTill } from '../app/context.ts';
import { AddCard } from './bind/add-card.tsx';
import { DeviceCard } from './device/device-card.tsx';
import { SettingsCard } from './settings-card.tsx';
import { useDevices, useScannerTrial } from './use-devices.ts';

/** What is connected, how sure we can be of it, and plain words for what to do; then what could be connected. */
export function DevicesScreen(): ReactNode {
  const { words } = useApp();
  const { desk } = useTill();
  const devices = useDevices();
  useScannerTrial(devices);
  return (
    <div className="devices">
      {devices?.length === 0 && <p className="card empty">{words.devices.none}</p>}
      {devices?.map((device) => (
        <DeviceCard key={device.role} device={device} isAsked={desk.openDevice === device.role} />
      ))}
      {devices && <AddCard devices={devices} />}
      <SettingsCard isAsked={devices !== undefined && desk.openDevice === 'settings'} />
    </div>
  );
}
