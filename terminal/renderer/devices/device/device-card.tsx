import { useEffect, useRef, type ReactNode } from 'react';
import type { DeviceDetail } from '#terminal/ipc/devices.ts';
import { useApp } from '../../app/context.ts';
import { Icon } from '../../ui/icon.tsx';
import { AdviceBox } from './advice-box.tsx';
import { DeviceTestRow } from './device-test.tsx';
import {
  attachedText,
  isBlocked,
  lastSeenText,
  proofOf,
  provedBy,
  deviceStatus,
} from '../device-words.ts';
import { StatusLine } from '../status-line.tsx';

/** One device: how it stands, what its answers prove, what to do, and its test. */
export function DeviceCard({
  device,
  isAsked,
}: {
  readonly device: DeviceDetail;
  /** The cashier came here through this device's chip. */
  readonly isAsked: boolean;
}): ReactNode {
  const { words, store } = useApp();
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isAsked) card.current?.scrollIntoView({ block: 'nearest' });
  }, [isAsked]);
  const trouble = device.state !== 'online' || isBlocked(device);
  return (
    <section
      ref={card}
      aria-label={words.device[device.role]}
      className={`card device ${trouble ? 'device-trouble' : ''} ${isAsked ? 'device-asked' : ''}`}
    >
      <DeviceHead device={device} />
      {device.role === 'printer' && <Proof level={device.confidence ?? 0} />}
      <DrawerState device={device} />
      <p className="label">
        {[lastSeenText(device, words), trouble ? '' : provedBy(device, words)]
          .filter((text) => text !== '')
          .join(' · ')}
      </p>
      <AdviceBox device={device} />
      <div className="device-foot">
        <DeviceTestRow device={device} />
        <button
          type="button"
          className="button device-more"
          aria-label={`${words.devices.more} ${words.device[device.role]}`}
          onClick={() => store.act({ type: 'show-device', role: device.role })}
        >
          {device.suggestedProfileId === undefined ? words.devices.more : words.devices.moreProfile}
        </button>
      </div>
    </section>
  );
}

/** Role, name, how it is attached, and its state as words, colour and sign. */
export function DeviceHead({ device }: { readonly device: DeviceDetail }): ReactNode {
  const { words } = useApp();
  const role = words.device[device.role];
  const way = attachedText(device, words);
  return (
    <header className="device-head">
      <Icon name={device.role} />
      <div>
        <div className="device-title">
          <h2>{role}</h2>
          <StatusLine status={deviceStatus(device, words)} />
        </div>
        <p className="label device-name" title={`${device.name} · ${way}`}>
          {device.name === role ? way : `${device.name} · ${way}`}
        </p>
      </div>
    </header>
  );
}

/** Open or closed, once the till can see it. */
export function DrawerState({ device: { drawer } }: { readonly device: DeviceDetail }): ReactNode {
  const { words } = useApp();
  if (drawer === undefined || drawer === 'unknown') return null;
  return (
    <p className="drawer-is">
      {words.devices.facts.drawer}{' '}
      <b className={`drawer-${drawer}`}>{words.devices.drawerIs[drawer]}</b>
    </p>
  );
}

const levels = [1, 2, 3, 4];

/** 已打印 or only 已送出: what a receipt may claim on this printer. */
export function Proof({ level }: { readonly level: number }): ReactNode {
  const { words } = useApp();
  return (
    <p className="proof">
      <span>{words.devices.proof}</span>
      <b>{words.devices.proofLevel[proofOf(level)]}</b>
      <span className="proof-steps" role="img" aria-label={`${level} / 4`}>
        {levels.map((step) => (
          <i key={step} className={step <= level ? 'on' : ''} />
        ))}
      </span>
    </p>
  );
}
