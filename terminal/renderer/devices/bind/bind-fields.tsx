import type { ReactNode } from 'react';
import type { DeviceDetail } from '#terminal/ipc/devices.ts';
import { useApp } from '../../app/context.ts';
import { Icon } from '../../ui/icon.tsx';
import {
  bauds,
  atSpeed,
  rolesOf,
  typedHost,
  type BindDraft,
  type FieldProps,
} from './bind-draft.ts';
import { BoxFields, PrinterFields } from './role-fields.tsx';
import { Row, TextRow } from './form-rows.tsx';

/** Everything that may be said of a device; only what its role and its wire need is asked. */
export function BindFields({
  draft,
  devices,
  change,
}: FieldProps & { readonly devices: readonly DeviceDetail[] }): ReactNode {
  const { words } = useApp();
  const { bind } = words.devices;
  const { wire, role } = draft;
  return (
    <>
      {wire.type !== 'tcp' && (
        <div>
          <p>{whatText(draft, words.devices.kind[wire.type])}</p>
          {wire.type === 'keyboard' && <p className="label">{bind.keyboardHint}</p>}
          {wire.type === 'printer' && <p className="label">{bind.drawerHint}</p>}
        </div>
      )}
      <RoleRow draft={draft} devices={devices} change={change} />
      <div className="device-grid">
        {wire.type === 'tcp' && <AddressRows draft={draft} change={change} />}
        {role === 'printer' && <PrinterFields draft={draft} change={change} />}
        {role === 'box-pos' && <BoxFields draft={draft} change={change} />}
        <TextRow
          label={bind.name}
          value={draft.name}
          placeholder={role === null ? '' : words.device[role]}
          charsMax={nameCharsMax}
          onChange={(name) => change({ name })}
        />
        <SpeedRow draft={draft} change={change} />
      </div>
    </>
  );
}

function SpeedRow({ draft: { wire }, change }: FieldProps): ReactNode {
  const { bind } = useApp().words.devices;
  if (wire.type !== 'serial') return null;
  const present = wire.baudRate === undefined ? [] : [wire.baudRate];
  return (
    <Row label={bind.speed}>
      <select
        className="field"
        aria-label={bind.speed}
        value={wire.baudRate ?? ''}
        onChange={({ target }) =>
          change({ wire: atSpeed(wire, target.value === '' ? null : Number(target.value)) })
        }
      >
        <option value="">{bind.speedDefault}</option>
        {[...new Set([...bauds, ...present])].map((baud) => (
          <option key={baud} value={baud}>
            {baud}
          </option>
        ))}
      </select>
    </Row>
  );
}

const nameCharsMax = 64;

function whatText({ wire, label }: BindDraft, kind: string): string {
  const path = 'path' in wire ? wire.path : '';
  return [label, kind, path].filter((part) => part !== '').join(' · ');
}

function RoleRow({
  draft,
  devices,
  change,
}: FieldProps & { readonly devices: readonly DeviceDetail[] }): ReactNode {
  const { words } = useApp();
  const fixed = (role: DeviceDetail['role']): boolean =>
    devices.some((each) => each.role === role && each.fixed);
  const roles = draft.isChange && draft.role !== null ? [draft.role] : rolesOf(draft.wire);
  return (
    <Row label={words.devices.bind.role}>
      <div className="choices" role="group" aria-label={words.devices.bind.role}>
        {roles.map((role) => (
          <button
            key={role}
            type="button"
            className="choice choice-role"
            aria-pressed={draft.role === role}
            disabled={fixed(role)}
            onClick={() => change({ role })}
          >
            <Icon name={role} />
            {words.device[role]}
          </button>
        ))}
      </div>
      {roles.filter(fixed).map((role) => (
        <p key={role} className="label">
          {words.devices.bind.roleFixed(words.device[role])}
        </p>
      ))}
    </Row>
  );
}

const hostCharsMax = 160;
const portCharsMax = 5;

function AddressRows({ draft, change }: FieldProps): ReactNode {
  const { bind } = useApp().words.devices;
  return (
    <>
      <TextRow
        label={bind.host}
        value={draft.host}
        placeholder={bind.hostHint}
        charsMax={hostCharsMax}
        onChange={(text) => change(typedHost(text))}
      />
      <TextRow
        label={bind.port}
        value={draft.port}
        placeholder=""
        charsMax={portCharsMax}
        inputMode="numeric"
        onChange={(port) => change({ port })}
      />
    </>
  );
}
