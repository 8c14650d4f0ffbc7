import type {
  Candidate,
  DeviceConfig,
  DeviceDetail,
  deviceMethods,
} from '#terminal/ipc/devices.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';
import type { MethodInput, MethodOutput } from '#terminal/ipc/terminal-api.ts';
import { plainConfig, sampleProfiles } from './sample-devices.ts';

type Methods = keyof typeof deviceMethods;
type Role = DeviceView['role'];
type Answer<M extends Methods> = MethodOutput<M> | Promise<MethodOutput<M>>;

/** What the devices screen asks besides the status bar. It knows no wires: how a test ends is set by the script. */
export interface ScriptedDevices {
  readonly handlers: { readonly [M in Methods]: (input: MethodInput<M>) => Answer<M> };
  /** What is known of a device beside its view; stays until it is unbound. */
  set(role: Role, known: Partial<DeviceDetail>): void;
  plugIn(candidates: readonly Candidate[], problems?: readonly string[]): void;
  setLog(lines: readonly string[]): void;
  /** What the next probes answer; a promise holds them up. */
  setProbe(answer: Answer<'devices.probe'>): void;
  /** What the next calls of `drawer.calibrate` answer, one after the other. */
  setCalibration(next: readonly MethodOutput<'drawer.calibrate'>['next'][]): void;
}

export interface DevicesWorld {
  readonly views: () => readonly DeviceView[];
  /** Takes the new views over and tells the window. */
  readonly show: (views: readonly DeviceView[]) => void;
}

export function scriptedDevices({ views, show }: DevicesWorld): ScriptedDevices {
  const known = new Map<Role, Partial<DeviceDetail>>();
  let plugged: readonly Candidate[] = [];
  let problems: readonly string[] = [];
  let log: readonly string[] = [];
  let probe: Answer<'devices.probe'> | undefined;
  let calibration: readonly MethodOutput<'drawer.calibrate'>['next'][] = [];
  const changed = (): void => show(views());
  const set = (role: Role, change: Partial<DeviceDetail>): void => {
    known.set(role, { ...known.get(role), ...change });
    changed();
  };
  const others = (role: Role): readonly DeviceView[] =>
    views().filter((each) => each.role !== role);
  const free = (role: Role): void => {
    known.delete(role);
    plugged = plugged.map((each) =>
      each.boundRole === role ? { ...each, boundRole: null } : each,
    );
  };
  const handlers: ScriptedDevices['handlers'] = {
    'devices.list': () => ({
      devices: views().map((view) => detailOf(view, known.get(view.role))),
    }),
    'devices.candidates': () => ({ candidates: [...plugged], problems: [...problems] }),
    'devices.profiles': () => ({ profiles: [...sampleProfiles] }),
    'devices.bind': ({ device }) => {
      free(device.role);
      known.set(device.role, { config: device });
      plugged = plugged.map((each) =>
        pathOf(each.transport) === pathOf(device.transport)
          ? { ...each, boundRole: device.role }
          : each,
      );
      show([...others(device.role), viewOf(device)]);
      return {};
    },
    'devices.unbind': ({ role }) => {
      free(role);
      show(others(role));
      return {};
    },
    'devices.probe': ({ transport }) => probe ?? { found: true, transport, tried: [] },
    'devices.test': () => ({}),
    'devices.log': () => ({ lines: [...log] }),
    'drawer.calibrate': () => {
      const [next = null, ...rest] = calibration;
      calibration = rest;
      return { next };
    },
  };
  return {
    handlers,
    set,
    plugIn: (candidates, troubles = []) => {
      plugged = candidates;
      problems = troubles;
      changed();
    },
    setLog: (lines) => {
      log = lines;
    },
    setProbe: (answer) => {
      probe = answer;
    },
    setCalibration: (next) => {
      calibration = next;
    },
  };
}

/** The one thing that it opens; the role's own word for what opens none. */
const pathOf = (transport: DeviceConfig['transport'] | null): string =>
  transport === null
    ? 'nothing'
    : 'path' in transport
      ? `${transport.type} ${transport.path}`
      : `bound ${transport.type}`;

function viewOf({ role, name, transport }: DeviceConfig): DeviceView {
  const address =
    transport.type === 'tcp'
      ? `tcp ${transport.host}:${transport.port}`
      : 'path' in transport
        ? `${transport.type} ${transport.path}`
        : transport.type;
  return { role, name, address, state: 'online' };
}

const kinds = ['serial', 'tcp', 'usb-lp', 'hid', 'keyboard', 'memory'] as const;

function detailOf(view: DeviceView, known: Partial<DeviceDetail> = {}): DeviceDetail {
  const kind =
    view.role === 'drawer' ? 'printer' : kinds.find((each) => view.address.startsWith(each));
  const hasWire = kind !== 'printer' && kind !== 'keyboard';
  const { fixed = false } = known;
  return {
    ...view,
    kind: kind ?? 'memory',
    config: plainConfig(view),
    identity: view.address,
    fixed,
    watched: kind !== 'keyboard' && view.role !== 'display',
    generation: hasWire && view.state === 'online' ? 1 : null,
    ...(view.role === 'drawer' ? { drawer: 'unknown' as const } : {}),
    actions: [
      'test',
      ...(view.role === 'drawer' ? (['calibrate'] as const) : []),
      ...(hasWire ? (['log'] as const) : []),
      ...(fixed ? [] : (['unbind'] as const)),
    ],
    test: null,
    ...known,
  };
}
