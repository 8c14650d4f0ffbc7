import { err, ok, type Result } from '#shared/result/result.ts';
import type {
  BoxProtocol,
  Candidate,
  DeviceConfig,
  DeviceDetail,
  ProbeRequest,
  TransportConfig,
} from '#terminal/ipc/devices.ts';

export type Role = DeviceConfig['role'];
type Wire = DeviceConfig['transport'];

/** A device that is about to get a role: what the owner has chosen and typed so far. */
export interface BindDraft {
  /** How it is attached; a network address is in `host` and `port` until it is bound. */
  readonly wire: Wire;
  /** Its own words about itself; empty where there are none. */
  readonly label: string;
  readonly role: Role | null;
  /** Empty: the name of its role. */
  readonly name: string;
  readonly host: string;
  readonly port: string;
  readonly paperMm: 58 | 80;
  /** null: the model is not known. */
  readonly profileId: string | null;
  readonly protocol: Exclude<BoxProtocol, 'bcd2'>;
  readonly appId: string;
  /** It serves this role now, and one thing of it is changed. */
  readonly isChange: boolean;
}

/** What every part of the form is given. */
export interface FieldProps {
  readonly draft: BindDraft;
  readonly change: (part: Partial<BindDraft>) => void;
}

export type DraftFault = 'role' | 'host' | 'port' | 'appId';

const printerPort = 9100;

const freshDraft = {
  label: '',
  name: '',
  host: '',
  port: String(printerPort),
  paperMm: 80,
  profileId: null,
  protocol: 'ecr-hub',
  appId: '',
  isChange: false,
} as const;

/** A draft of something that is plugged in, in the role that suits it best. */
export function draftOfCandidate({ transport, label, suggestion }: Candidate): BindDraft | null {
  if (transport === null) return null;
  const roles = rolesOf(transport);
  const suggested = suggestion !== null && roles.includes(suggestion.role) ? suggestion.role : null;
  return { ...freshDraft, label, wire: transport, role: suggested ?? onlyOf(roles) };
}

/** A draft of what no list shows: a device on the network, a keyboard scanner, the drawer. */
export function draftByHand(type: 'tcp' | 'keyboard' | 'printer'): BindDraft {
  const wire: Wire = type === 'tcp' ? { type, host: '', port: printerPort } : { type };
  return { ...freshDraft, wire, role: type === 'tcp' ? 'printer' : onlyOf(rolesOf(wire)) };
}

/** A draft of a device that has its role already. */
export function draftOfBound({ config, paperMm }: DeviceDetail): BindDraft {
  const { role, name, transport } = config;
  const draft: BindDraft = { ...freshDraft, wire: transport, role, name, isChange: true };
  const wired =
    transport.type === 'tcp'
      ? { ...draft, host: transport.host, port: String(transport.port) }
      : draft;
  if (role === 'printer')
    return { ...wired, paperMm: paperMm ?? 80, profileId: config.profileId ?? null };
  if (role === 'box-pos' && config.protocol !== 'bcd2')
    return { ...wired, protocol: config.protocol, appId: config.appId ?? '' };
  return wired;
}

const onlyOf = (roles: readonly Role[]): Role | null => (roles.length === 1 ? roles[0]! : null);

/** What a device on such a wire can be. */
export function rolesOf({ type }: Wire): readonly Role[] {
  switch (type) {
    case 'serial':
    case 'memory':
      return ['scanner', 'printer', 'box-pos', 'display'];
    case 'tcp':
      return ['printer', 'box-pos', 'scanner', 'display'];
    case 'usb-lp':
      return ['printer'];
    case 'hid':
    case 'keyboard':
      return ['scanner'];
    case 'printer':
      return ['drawer'];
  }
}

/** What is missing or cannot be, one after the other. */
export function faultOf(draft: BindDraft): DraftFault | null {
  if (draft.role === null) return 'role';
  if (draft.wire.type === 'tcp') {
    if (!hostPattern.test(draft.host.trim())) return 'host';
    if (!isPort(draft.port.trim())) return 'port';
  }
  const needsAppId = draft.role === 'box-pos' && draft.protocol === 'ecr-hub';
  return needsAppId && draft.appId.trim() === '' ? 'appId' : null;
}

const hostPattern = /^[^\s/]{1,160}$/;
const portMax = 65_535;
const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= portMax;

/** "192.168.1.87:9100", as it stands on a self-test slip, fills both fields. */
export function typedHost(
  text: string,
): Pick<BindDraft, 'host'> | Pick<BindDraft, 'host' | 'port'> {
  const both = /^([^\s/:]+)[:：](\d{1,5})$/.exec(text.trim());
  return both ? { host: both[1] ?? '', port: both[2] ?? '' } : { host: text };
}

/**
 * What the answer of a probe is about: another port or another protocol was not asked yet. The speed that was found is
 * part of the answer itself.
 */
export const probeSubject = ({ role, wire, host, port, protocol }: BindDraft): string =>
  JSON.stringify([role, 'path' in wire ? wire.path : wire.type, host, port, protocol]);

/** What `devices.bind` takes. `roleName` is the name of a device that was given none. */
export function configOf(draft: BindDraft, roleName: string): Result<DeviceConfig, DraftFault> {
  const fault = faultOf(draft);
  const { role, protocol, paperMm, profileId } = draft;
  if (fault !== null || role === null) return err(fault ?? 'role');
  const device = { role, name: draft.name.trim() || roleName, transport: wireOf(draft) };
  return ok({ ...device, ...settingsOf() } as DeviceConfig);

  function settingsOf(): object {
    if (role === 'printer') return profileId === null ? { paperMm } : { profileId };
    if (role !== 'box-pos') return {};
    return protocol === 'ecr-hub' ? { protocol, appId: draft.appId.trim() } : { protocol };
  }
}

/** The question that finds out whether such a device answers; null where nothing can be asked. */
export function probeOf(draft: BindDraft): ProbeRequest | null {
  const { role, isChange, protocol, profileId } = draft;
  const transport = wireOf(draft);
  // A port in use is never asked by the way: its driver knows.
  if (isChange || ['hid', 'keyboard', 'printer'].includes(transport.type)) return null;
  const request =
    role === 'printer'
      ? { as: role, transport, ...(profileId === null ? {} : { profileId }) }
      : { as: role, transport, protocol };
  return role === 'printer' || role === 'box-pos' ? (request as ProbeRequest) : null;
}

function wireOf({ wire, host, port }: BindDraft): Wire {
  return wire.type === 'tcp' ? { type: 'tcp', host: host.trim(), port: Number(port) } : wire;
}

/** Speeds of serial devices; each role has a usual one of its own. */
export const bauds = [2400, 9600, 19_200, 38_400, 57_600, 115_200] as const;

/** The same wire at this speed; null: the usual one of its role. */
export function atSpeed(wire: Wire, baudRate: number | null): Wire {
  if (wire.type !== 'serial') return wire;
  const { type, path } = wire;
  return baudRate === null ? { type, path } : { type, path, baudRate };
}

/** After a probe: the wire with the speed at which something answered. */
export const withProbed = (draft: BindDraft, transport: TransportConfig): BindDraft =>
  transport.type === 'serial' ? { ...draft, wire: transport } : draft;

/** The same printer as this model, which says its own paper. */
export function withProfile(config: DeviceConfig, profileId: string): DeviceConfig {
  if (config.role !== 'printer') return config;
  const { role, name, transport } = config;
  return { role, name, transport, profileId };
}
