import { identityText } from '#drivers/discovery/port-identity.ts';
import { findProfile } from '#drivers/printer/profiles/printer-profiles.ts';
import type { PrinterStatus } from '#drivers/printer/status/printer-status.ts';
import { linkOf, type LiveDevice } from '#terminal/agent/devices/live/live-device.ts';
import { profileOf, type PrinterConfig } from '#terminal/agent/devices/live/printer-driver.ts';
import type {
  DeviceAction,
  DeviceConfig,
  DeviceDetail,
  DeviceTest,
} from '#terminal/ipc/devices.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';

/** What is known beside the device itself. */
export interface DetailFacts {
  /** The printer of this till, for the drawer on it. */
  readonly printer: LiveDevice | undefined;
  /** Wall time of the last scan, ms; null before the first. */
  readonly scannedAtMs: number | null;
  /** null: it was not calibrated, or the printer does not say. */
  readonly drawerIsOpen: boolean | null;
  readonly test: DeviceTest | null;
  /** The group that owns a port, when it is known. */
  readonly groupOf: (path: string) => string | null;
}

/** One device as a window shows it. */
export function detailOf(live: LiveDevice, facts: DetailFacts): DeviceDetail {
  const { device, driver, line, fixed } = live;
  const view = viewOf(live, facts);
  const group = view.code === 'device-permission' ? facts.groupOf(line?.path() ?? '') : null;
  return {
    ...view,
    kind: device.transport.type,
    config: configNow(live),
    identity: identityOf(live),
    fixed,
    watched: isWatched(live, view),
    generation: line?.generation() ?? null,
    ...(group === null ? {} : { group }),
    ...(device.role === 'printer' ? paperOf(device, printerStatus(live)) : {}),
    ...('protocol' in device && device.protocol !== undefined ? { protocol: device.protocol } : {}),
    ...(driver.role === 'drawer' ? { drawer: drawerIs(facts.drawerIsOpen) } : {}),
    actions: actionsOf(live),
    test: facts.test,
  };
}

/** After a replug the port may have another name than the one it was bound with. */
function configNow({ device, line }: LiveDevice): DeviceConfig {
  const { transport } = device;
  if (!('path' in transport) || line === null) return device;
  return { ...device, transport: { ...transport, path: line.path() } } as DeviceConfig;
}

type PaperFacts = Pick<DeviceDetail, 'profileId' | 'paperMm' | 'model' | 'suggestedProfileId'>;

function paperOf(device: PrinterConfig, status: PrinterStatus | undefined): PaperFacts {
  const { id, paperMm } = profileOf(device);
  const model = status?.model ?? null;
  if (model === null) return { profileId: id, paperMm };
  const fitting = findProfile(model)?.id;
  const better = fitting === undefined || fitting === id ? {} : { suggestedProfileId: fitting };
  return { profileId: id, paperMm, model: model.slice(0, modelCharsMax), ...better };
}

const modelCharsMax = 64;

/** The part of it that is always in sight. */
export function viewOf(live: LiveDevice, facts: DetailFacts): DeviceView {
  const { device, driver, line } = live;
  const { role, name } = device;
  const seen = facts.scannedAtMs === null ? {} : { lastSeenMs: facts.scannedAtMs };
  switch (driver.role) {
    case 'keyboard':
      return { role, name, address: 'keyboard', state: 'online', ...seen };
    case 'scanner':
    case 'display': {
      const heard = driver.role === 'scanner' ? seen : {};
      return { role, name, address: line?.address() ?? '', ...stateOfLink(live), ...heard };
    }
    case 'box-pos': {
      const status = driver.box.status();
      const code = status.code ?? (status.link.type === 'offline' ? status.link.code : undefined);
      return {
        role,
        name,
        address: line?.address() ?? '',
        ...stateOfLink(live),
        ...(status.link.type === 'online' && status.state === 'offline'
          ? { state: 'offline' as const }
          : {}),
        ...(code === undefined ? {} : { code }),
        ...(status.lastSeenMs === null ? {} : { lastSeenMs: Math.trunc(status.lastSeenMs) }),
      };
    }
    case 'printer':
      return {
        role,
        name,
        address: line?.address() ?? '',
        ...stateOfPrinter(driver.printer.status()),
      };
    case 'drawer':
      return { role, name, ...stateOfDrawer(facts.printer) };
  }
}

type ViewState = Pick<DeviceView, 'state' | 'code'>;

function stateOfLink({ driver }: LiveDevice): ViewState {
  const state = linkOf(driver);
  if (state?.type !== 'offline') return { state: 'online' };
  const absent = state.code === 'device-missing';
  return { state: absent ? 'absent' : 'offline', code: state.code };
}

const stateOfPrinter = (
  status: PrinterStatus,
): Pick<DeviceView, 'state' | 'code' | 'confidence' | 'lastSeenMs'> => ({
  ...stateOfPort(status),
  confidence: status.confidence,
});

const stateOfPort = (status: PrinterStatus): Pick<DeviceView, 'state' | 'code' | 'lastSeenMs'> => ({
  state: status.code === 'device-missing' ? 'absent' : status.state,
  ...(status.code === undefined ? {} : { code: status.code }),
  ...(status.lastSeenMs === null ? {} : { lastSeenMs: Math.trunc(status.lastSeenMs) }),
});

function stateOfDrawer(
  printer: LiveDevice | undefined,
): Pick<DeviceView, 'address' | 'state' | 'code' | 'lastSeenMs'> {
  const status = printerStatus(printer);
  const address = `printer ${printer?.line?.address() ?? ''}`.trim();
  if (!status) return { address, state: 'absent', code: 'printer-missing' };
  const { code, ...state } = stateOfPort(status);
  // The drawer's pulse goes past everything that waits for paper or for the cover.
  if (status.state === 'paper-out' || status.state === 'cover-open')
    return { address, ...state, state: 'online' };
  return { address, ...state, ...(code === undefined ? {} : { code }) };
}

const printerStatus = (live: LiveDevice | undefined): PrinterStatus | undefined =>
  live?.driver.role === 'printer' ? live.driver.printer.status() : undefined;

const drawerIs = (isOpen: boolean | null): 'open' | 'closed' | 'unknown' =>
  isOpen === null ? 'unknown' : isOpen ? 'open' : 'closed';

function identityOf({ device, identity, line }: LiveDevice): string {
  if (identity !== null) return identityText(identity);
  const { transport } = device;
  switch (transport.type) {
    case 'serial':
    case 'usb-lp':
    case 'hid':
      return `path ${transport.path}`;
    case 'tcp':
    case 'memory':
      return line?.address() ?? transport.type;
    case 'keyboard':
    case 'printer':
      return transport.type;
  }
}

/** A device that only listens, or never answered, may be gone without anybody knowing. */
function isWatched({ driver }: LiveDevice, view: DeviceView): boolean {
  switch (driver.role) {
    case 'keyboard':
    case 'display':
      return false;
    case 'printer':
    case 'drawer':
      return view.lastSeenMs !== undefined;
    case 'scanner':
    case 'box-pos':
      return true;
  }
}

function actionsOf({ fixed, driver, line }: LiveDevice): DeviceAction[] {
  return [
    'test',
    ...(driver.role === 'drawer' ? (['calibrate'] as const) : []),
    ...(line === null ? [] : (['log'] as const)),
    ...(fixed ? [] : (['unbind'] as const)),
  ];
}
