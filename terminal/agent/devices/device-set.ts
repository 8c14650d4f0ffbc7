import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import type { FoundPort } from '#drivers/discovery/found-port.ts';
import { typesLikeKeyboard } from '#drivers/discovery/list-hid.ts';
import { createPortWatch } from '#drivers/discovery/port-watch.ts';
import type { Surroundings } from '#drivers/discovery/surroundings.ts';
import { createDrawerSense } from '#drivers/drawer/drawer-sense.ts';
import type { CustomerDisplay } from '#drivers/display/customer-display.ts';
import type { BoxLateOutcome, BoxPos } from '#drivers/ecr/box-pos.ts';
import type { ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import type { LogoStore } from '#drivers/printer/watch/logo-keeper.ts';
import type { ProfileStore } from '#drivers/printer/watch/profile-store.ts';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { DeviceErrorCode } from '#shared/errors/device.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import type { Scan } from '#shared/scan/scan.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createBoxProbe } from '#terminal/agent/devices/box-probe.ts';
import {
  bindRefusal,
  devicesAtStart,
  identityToKeep,
  keyOf,
} from '#terminal/agent/devices/device-bindings.ts';
import { candidatesOf, portKey } from '#terminal/agent/devices/device-candidates.ts';
import { createDrawerCalibration } from '#terminal/agent/devices/drawer-calibration.ts';
import { detailOf, viewOf, type DetailFacts } from '#terminal/agent/devices/device-detail.ts';
import { createDeviceProbe, type DeviceProbe } from '#terminal/agent/devices/device-probe.ts';
import type { DeviceStore } from '#terminal/agent/devices/device-store.ts';
import type { DeviceTests } from '#terminal/agent/devices/device-tests.ts';
import {
  createLiveDevice,
  recentBytesOf,
  startDevice,
  stopDevice,
  type Driver,
  type LiveDevice,
} from '#terminal/agent/devices/live-device.ts';
import { profileOf } from '#terminal/agent/devices/printer-driver.ts';
import type { Candidate, DeviceConfig, DeviceDetail } from '#terminal/ipc/devices.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';

/**
 * The devices of this till, by role. A missing device is a state, never an error at start. Roles change their device at
 * any moment: ask for it each time, keep none.
 */
export interface DeviceSet {
  readonly printer: () => ReceiptPrinter | undefined;
  readonly boxPos: () => BoxPos | undefined;
  readonly display: () => CustomerDisplay | undefined;
  /** Columns of the paper in the printer; undefined without a printer. */
  readonly paper: () => PaperWidth | undefined;
  readonly has: (role: Role) => boolean;
  readonly views: () => readonly DeviceView[];
  readonly details: () => readonly DeviceDetail[];
  /** What is plugged in, looked at anew. */
  readonly candidates: () => Promise<{
    readonly candidates: Candidate[];
    readonly problems: readonly ErrorCode[];
  }>;
  /** Errors: see terminal/ipc/devices.ts. Durable before the new driver starts. */
  readonly bind: (device: DeviceConfig, replace: boolean) => Promise<Result<void, ErrorCode>>;
  readonly unbind: (role: Role) => Promise<Result<void, ErrorCode>>;
  readonly probe: DeviceProbe['run'];
  readonly recentBytes: (role: Role) => readonly string[] | null;
  /** The drawer stands so now. Answers what is still to be shown; null: calibrated. */
  readonly calibrateDrawer: (isOpen: boolean) => Result<'open' | 'closed' | null, ErrorCode>;
  /** A code that came through the window. True when a test took it: it must not reach the till. */
  readonly scannedInWindow: (scan: Scan) => boolean;
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

type Role = DeviceView['role'];

export interface DeviceSetDeps {
  /** What the configuration file says. */
  readonly devices: readonly DeviceConfig[];
  readonly store: DeviceStore;
  readonly profileStore: ProfileStore;
  readonly logoStore: LogoStore;
  readonly tests: DeviceTests;
  readonly around: Surroundings;
  readonly transports: ReadonlyMap<string, Transport>;
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly onScan: (scan: Scan) => void;
  readonly onScanProblem: (code: DeviceErrorCode) => void;
  /** A device came, went or changed its state; something was plugged in or out. */
  readonly onChange: () => void;
  readonly onLateProcessId: (processId: number) => void;
  /** The box POS spoke again about an intent that was over: money may have moved. */
  readonly onLateBoxOutcome: (late: BoxLateOutcome) => void;
}

const roleOrder: readonly Role[] = ['scanner', 'printer', 'drawer', 'box-pos', 'display'];

export function createDeviceSet(deps: DeviceSetDeps): DeviceSet {
  const { store, tests } = deps;
  const watch = createPortWatch({ timers: deps.timers, around: deps.around });
  watch.onChange(deps.onChange);
  let ports: readonly FoundPort[] = [];
  watch.onChange(() => void watch.list().then((list) => (ports = list.ports)));
  const live = new Map<Role, LiveDevice>();
  let stored = store.read();
  let scannedAtMs: number | null = null;
  let running = false;
  let turn: Promise<unknown> = Promise.resolve();

  const heard = (): void => {
    scannedAtMs = Math.trunc(deps.clock.nowMs());
    deps.onChange();
  };
  const drawer = createDrawerSense({
    ...deps,
    calibration: stored.drawer,
    onEvent: deps.onChange,
  });
  const lineDeps = { ...deps, watch, platform: deps.around.platform };
  const liveDeps = {
    ...lineDeps,
    drawer,
    onScan: (scan: Scan): void => {
      if (!tests.takeScan(scan)) deps.onScan(scan);
      heard();
    },
    onScanProblem: (code: DeviceErrorCode): void => {
      if (!tests.takeProblem(code)) deps.onScanProblem(code);
      heard();
    },
  };
  for (const wanted of devicesAtStart(deps.devices, stored.bindings)) {
    const device = createLiveDevice(wanted, liveDeps);
    if (device) live.set(wanted.device.role, device);
  }

  const all = (): readonly LiveDevice[] => roleOrder.flatMap((role) => live.get(role) ?? []);
  const driverOf = <R extends Driver['role']>(
    role: R,
  ): Extract<Driver, { role: R }> | undefined => {
    const found = all().find((each) => each.driver.role === role)?.driver;
    return found as Extract<Driver, { role: R }> | undefined;
  };
  const factsOf = (role: Role): DetailFacts => ({
    printer: live.get('printer'),
    scannedAtMs,
    drawerIsOpen: drawer.isOpen(),
    test: tests.of(role),
    groupOf: (path) => ports.find((port) => port.path === path)?.group ?? null,
  });
  const roleAt = (port: FoundPort): Role | null =>
    all().find((each) =>
      typesLikeKeyboard(port)
        ? each.driver.role === 'keyboard'
        : keyOf(each, ports) === `${port.kind} ${port.path}`,
    )?.device.role ?? null;
  const probe = createDeviceProbe({
    ...lineDeps,
    isBound: (key) => all().some((each) => keyOf(each, ports) === key),
    probeBox: createBoxProbe(liveDeps),
  });

  /** Bindings change one after the other: two at once could take the same port. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };
  const keep = (next: typeof stored): Result<void, ErrorCode> => {
    const kept = store.write(next);
    if (kept.ok) stored = next;
    return kept;
  };
  const othersThan = (role: Role): typeof stored.bindings =>
    stored.bindings.filter(({ device }) => device.role !== role);
  const calibrate = createDrawerCalibration({
    drawer,
    keep: (calibration) => keep({ ...stored, drawer: calibration }),
  });
  /** The role changes hands at once; the old driver is gone before the new one opens anything. */
  const swap = async (role: Role, fresh: LiveDevice | null): Promise<void> => {
    const old = live.get(role);
    if (fresh) live.set(role, fresh);
    else live.delete(role);
    if (role === 'scanner') scannedAtMs = null;
    tests.forget(role);
    deps.onChange();
    if (old) await stopDevice(old);
    if (fresh && running) startDevice(fresh);
    deps.onChange();
  };

  return {
    printer: () => driverOf('printer')?.printer,
    boxPos: () => driverOf('box-pos')?.box,
    display: () => driverOf('display')?.display,
    paper: () => {
      const device = live.get('printer')?.device;
      return device?.role === 'printer' ? profileOf(device).columns : undefined;
    },
    has: (role) => live.has(role),
    views: () => all().map((each) => viewOf(each, factsOf(each.device.role))),
    details: () => all().map((each) => detailOf(each, factsOf(each.device.role))),
    candidates: async () => {
      const list = await watch.refresh();
      ({ ports } = list);
      return { candidates: candidatesOf(list, roleAt), problems: list.problems };
    },
    bind: (device, replace) =>
      inTurn(async () => {
        ({ ports } = await watch.refresh());
        const refused = bindRefusal({ device, replace }, all(), ports);
        if (refused !== null) return err(refused);
        const identity = identityToKeep(device, ports);
        await probe.cancel(portKey(device.transport));
        const { role } = device;
        const fresh = createLiveDevice({ device, identity, fixed: false }, liveDeps);
        if (!fresh) return err('device-unsupported');
        const kept = keep({ ...stored, bindings: [...othersThan(role), { device, identity }] });
        if (!kept.ok) return kept;
        await swap(role, fresh);
        return ok(undefined);
      }),
    unbind: (role) =>
      inTurn(async () => {
        const present = live.get(role);
        if (!present) return err('device-missing');
        if (present.fixed) return err('device-fixed');
        const kept = keep({ ...stored, bindings: othersThan(role) });
        if (!kept.ok) return kept;
        await swap(role, null);
        return ok(undefined);
      }),
    probe: (request) => probe.run(request),
    recentBytes: (role) => {
      const here = live.get(role);
      return here ? recentBytesOf(here) : null;
    },
    calibrateDrawer: (isOpen) => (live.has('drawer') ? calibrate(isOpen) : err('device-missing')),
    scannedInWindow: (scan) => {
      if (live.get('scanner')?.driver.role === 'keyboard') heard();
      return tests.takeScan(scan);
    },
    start: () => {
      running = true;
      watch.start();
      for (const each of all()) startDevice(each);
    },
    stop: async () => {
      running = false;
      watch.stop();
      tests.stop();
      await Promise.all([probe.stop(), ...all().map(stopDevice)]);
    },
  };
}
