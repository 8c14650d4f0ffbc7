import type { Timers } from '#drivers/core/timers.ts';
import type { Transport } from '#drivers/core/transport.ts';
import type { FoundPort } from '#drivers/discovery/found-port.ts';
import { typesLikeKeyboard } from '#drivers/discovery/list-hid.ts';
import type { PortWatch } from '#drivers/discovery/port-watch.ts';
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
import { err, type Result } from '#shared/result/result.ts';
import type { Scan } from '#shared/scan/scan.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import { createBoxProbe } from '#terminal/agent/devices/live/box-probe.ts';
import { createDeviceBinder } from '#terminal/agent/devices/device-binder.ts';
import {
  createDeviceMemory,
  type DeviceMemory,
} from '#terminal/agent/devices/stored/device-memory.ts';
import { createPortsInSight } from '#terminal/agent/devices/ports/ports-in-sight.ts';
import { devicesAtStart, keyOf } from '#terminal/agent/devices/device-bindings.ts';
import { candidatesOf } from '#terminal/agent/devices/ports/device-candidates.ts';
import { createDrawerCalibration } from '#terminal/agent/devices/drawer-calibration.ts';
import { detailOf, viewOf, type DetailFacts } from '#terminal/agent/devices/live/device-detail.ts';
import { createDeviceProbe, type DeviceProbe } from '#terminal/agent/devices/ports/device-probe.ts';
import {
  createDeviceRoster,
  type DeviceRoster,
  type Role,
} from '#terminal/agent/devices/live/device-roster.ts';
import type { DeviceStore } from '#terminal/agent/devices/stored/device-store.ts';
import type { DeviceTests } from '#terminal/agent/devices/device-tests.ts';
import {
  createLiveDevice,
  recentBytesOf,
  type LiveDevice,
  type LiveDeviceDeps,
} from '#terminal/agent/devices/live/live-device.ts';
import { profileOf } from '#terminal/agent/devices/live/printer-driver.ts';
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
  /** What is plugged in, looked at again. */
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
  /**
   * Is the outcome of a sale at the box not known? Then the box stays: another one would deny in
   * good faith that it ever heard of the sale, and the customer would be charged again.
   */
  readonly isBoxSaleOpen: () => boolean;
}

export function createDeviceSet(deps: DeviceSetDeps): DeviceSet {
  const { tests } = deps;
  const memory = createDeviceMemory(deps.store);
  const ports = createPortsInSight(deps);
  const parts = createSharedParts(deps, memory, ports.watch);
  const { drawer, liveDeps } = parts;

  const roster = createDeviceRoster({
    devices: devicesAtStart(deps.devices, memory.now().bindings).flatMap(
      (wanted) => createLiveDevice(wanted, liveDeps) ?? [],
    ),
    onHandOver: (role) => {
      if (role === 'scanner') parts.forgetScan();
      tests.forget(role);
    },
    onChange: deps.onChange,
  });
  const probe = createDeviceProbe({
    ...liveDeps,
    isBound: (key) => roster.all().some((each) => keyOf(each, ports.now()) === key),
    probeBox: createBoxProbe(liveDeps),
  });
  const { bind, unbind } = createDeviceBinder({
    memory,
    roster,
    lookAround: ports.refresh,
    cancelProbe: (key) => probe.cancel(key),
    create: (wanted) => createLiveDevice(wanted, liveDeps),
    changeBlocked: (role) => (role === 'box-pos' && deps.isBoxSaleOpen() ? 'box-blocked' : null),
  });
  const calibrate = createDrawerCalibration({
    drawer,
    keep: (calibration) => memory.keep({ drawer: calibration }),
  });
  const factsOf = (role: Role): DetailFacts => ({
    printer: roster.get('printer'),
    scannedAtMs: parts.scannedAtMs(),
    drawerIsOpen: drawer.isOpen(),
    test: tests.of(role),
    groupOf: (path) => ports.now().find((port) => port.path === path)?.group ?? null,
  });

  return {
    ...driversByRole(roster),
    views: () => roster.all().map((each) => viewOf(each, factsOf(each.device.role))),
    details: () => roster.all().map((each) => detailOf(each, factsOf(each.device.role))),
    candidates: async () => {
      const list = await ports.refresh();
      const roleAt = (port: FoundPort): Role | null => roleOfPort(port, roster.all(), list.ports);
      return { candidates: candidatesOf(list, roleAt), problems: list.problems };
    },
    bind,
    unbind,
    probe: (request) => probe.run(request),
    calibrateDrawer: (isOpen) => (roster.get('drawer') ? calibrate(isOpen) : err('device-missing')),
    scannedInWindow: (scan) => {
      if (roster.get('scanner')?.driver.role === 'keyboard') parts.heard();
      return tests.takeScan(scan);
    },
    start: () => {
      ports.watch.start();
      roster.start();
    },
    stop: async () => {
      ports.watch.stop();
      tests.stop();
      await Promise.all([probe.stop(), roster.stop()]);
    },
  };
}

/** Whose duty is what, for those who work with a device. */
const driversByRole = (
  roster: DeviceRoster,
): Pick<DeviceSet, 'printer' | 'boxPos' | 'display' | 'paper' | 'has' | 'recentBytes'> => ({
  printer: () => roster.driverOf('printer')?.printer,
  boxPos: () => roster.driverOf('box-pos')?.box,
  display: () => roster.driverOf('display')?.display,
  paper: () => {
    const device = roster.get('printer')?.device;
    return device?.role === 'printer' ? profileOf(device).columns : undefined;
  },
  has: (role) => roster.get(role) !== undefined,
  recentBytes: (role) => {
    const here = roster.get(role);
    return here ? recentBytesOf(here) : null;
  },
});

/** What all devices of this till share: the sense of the drawer, and the ear for codes. */
function createSharedParts(deps: DeviceSetDeps, memory: DeviceMemory, watch: PortWatch) {
  const { tests, onChange } = deps;
  let scannedAtMs: number | null = null;
  const heard = (): void => {
    scannedAtMs = Math.trunc(deps.clock.nowMs());
    onChange();
  };
  const calibration = memory.now().drawer;
  const drawer = createDrawerSense({ ...deps, calibration, onEvent: onChange });
  const liveDeps: LiveDeviceDeps = {
    ...deps,
    watch,
    platform: deps.around.platform,
    drawer,
    onScan: (scan) => {
      if (!tests.takeScan(scan)) deps.onScan(scan);
      heard();
    },
    onScanProblem: (code) => {
      if (!tests.takeProblem(code)) deps.onScanProblem(code);
      heard();
    },
  };
  return {
    drawer,
    liveDeps,
    heard,
    scannedAtMs: () => scannedAtMs,
    forgetScan: () => {
      scannedAtMs = null;
    },
  };
}

const roleOfPort = (
  port: FoundPort,
  devices: readonly LiveDevice[],
  ports: readonly FoundPort[],
): Role | null =>
  devices.find((each) =>
    typesLikeKeyboard(port)
      ? each.driver.role === 'keyboard'
      : keyOf(each, ports) === `${port.kind} ${port.path}`,
  )?.device.role ?? null;
