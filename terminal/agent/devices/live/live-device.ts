import type { Timers } from '#drivers/core/timers.ts';
import type { LinkState } from '#drivers/core/link-state.ts';
import type { PortIdentity } from '#drivers/discovery/port-identity.ts';
import { createCustomerDisplay, type CustomerDisplay } from '#drivers/display/customer-display.ts';
import { led8nBaud } from '#drivers/display/led8n-bytes.ts';
import type { BoxLateOutcome, BoxPos } from '#drivers/ecr/box-pos.ts';
import type { DrawerSense } from '#drivers/drawer/drawer-sense.ts';
import { createReceiptPrinter, type ReceiptPrinter } from '#drivers/printer/receipt-printer.ts';
import type { LogoStore } from '#drivers/printer/watch/logo-keeper.ts';
import type { ProfileStore } from '#drivers/printer/watch/profile-store.ts';
import { createHidScanner } from '#drivers/scanner/hid-scanner.ts';
import type { Scanner } from '#drivers/scanner/scanner.ts';
import { createSerialScanner } from '#drivers/scanner/serial-scanner.ts';
import { vendorOfUsbId } from '#drivers/scanner/vendor-symbology.ts';
import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { Scan } from '#shared/scan/scan.ts';
import type { Clock } from '#shared/time/clock.ts';
import type { Random } from '#shared/time/random.ts';
import {
  createDeviceLine,
  type DeviceLine,
  type LineDeps,
  type LineSettings,
} from '#terminal/agent/devices/ports/device-line.ts';
import { createBoxDriver } from '#terminal/agent/devices/live/box-drivers.ts';
import { boxBaudDefault } from '#terminal/agent/devices/live/box-probe.ts';
import { profileOf, serialSettingsOf } from '#terminal/agent/devices/live/printer-driver.ts';
import type { DeviceConfig } from '#terminal/ipc/devices.ts';

/** A device with a role, its driver running. Made when it is bound, thrown away when it is not. */
export interface LiveDevice {
  readonly device: DeviceConfig;
  readonly identity: PortIdentity | null;
  /** The configuration file says so. */
  readonly fixed: boolean;
  /** null: it has no wire of its own. */
  readonly line: DeviceLine | null;
  readonly driver: Driver;
}

export type Driver =
  | { readonly role: 'scanner'; readonly scanner: Scanner }
  /** A scanner that types into the window. */
  | { readonly role: 'keyboard' }
  | { readonly role: 'printer'; readonly printer: ReceiptPrinter }
  | { readonly role: 'drawer' }
  | { readonly role: 'box-pos'; readonly box: BoxPos }
  | { readonly role: 'display'; readonly display: CustomerDisplay };

export interface LiveDeviceDeps extends LineDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
  readonly onScan: (scan: Scan) => void;
  readonly onScanProblem: (code: DeviceErrorCode) => void;
  readonly onChange: () => void;
  readonly onLateProcessId: (processId: number) => void;
  readonly onLateBoxOutcome: (late: BoxLateOutcome) => void;
  /** What printers were found to answer. */
  readonly profileStore: ProfileStore;
  /** Which logo each printer keeps. */
  readonly logoStore: LogoStore;
  /** Is told what the printer says of the drawer. */
  readonly drawer: DrawerSense;
}

const baudDefault = 115_200;

/** Makes a device ready to start; null for a box of a protocol that this release does not speak. */
export function createLiveDevice(
  wanted: Pick<LiveDevice, 'device' | 'identity' | 'fixed'>,
  deps: LiveDeviceDeps,
): LiveDevice | null {
  const { device } = wanted;
  const lineTo = (
    config: LineSettings['config'],
    rest: Partial<Omit<LineSettings, 'config'>> = {},
  ): DeviceLine =>
    createDeviceLine({ config, identity: wanted.identity, baudDefault, ...rest }, deps);
  switch (device.role) {
    case 'scanner': {
      const { transport } = device;
      if (transport.type === 'keyboard')
        return { ...wanted, line: null, driver: { role: 'keyboard' } };
      const vendor = vendorOfUsbId(vendorIdOf(wanted.identity));
      const line = lineTo(transport, { enableReports: vendor === 'honeywell' });
      const told = { ...deps, onState: deps.onChange, onProblem: deps.onScanProblem };
      const on = { ...told, transport: line.transport };
      const scanner =
        transport.type === 'hid' ? createHidScanner({ ...on, vendor }) : createSerialScanner(on);
      return { ...wanted, line, driver: { role: 'scanner', scanner } };
    }
    case 'printer': {
      const profile = profileOf(device);
      const line = lineTo(device.transport, serialSettingsOf(device));
      const printer = createReceiptPrinter({
        ...deps,
        transport: line.transport,
        width: profile.columns,
        profile,
        onStatus: deps.onChange,
      });
      return { ...wanted, line, driver: { role: 'printer', printer } };
    }
    case 'drawer':
      return { ...wanted, line: null, driver: { role: 'drawer' } };
    case 'box-pos': {
      const line = lineTo(device.transport, { baudDefault: boxBaudDefault });
      const told = { onStatus: deps.onChange, onLateOutcome: deps.onLateBoxOutcome };
      const box = createBoxDriver(device, { ...deps, ...told, transport: line.transport });
      if (!box) return null;
      return { ...wanted, line, driver: { role: 'box-pos', box } };
    }
    case 'display': {
      const line = lineTo(device.transport, { baudDefault: led8nBaud });
      const told = { ...deps, onState: deps.onChange };
      const display = createCustomerDisplay({ ...told, transport: line.transport });
      return { ...wanted, line, driver: { role: 'display', display } };
    }
  }
}

const vendorIdOf = (identity: PortIdentity | null): number | undefined =>
  identity !== null && identity.type !== 'path' ? identity.vendorId : undefined;

/** The driver's own life; null for what has none. */
function lifeOf(driver: Driver): {
  start(): void;
  stop(): Promise<void>;
  recentBytes(): readonly string[];
} | null {
  switch (driver.role) {
    case 'scanner':
      return driver.scanner;
    case 'printer':
      return driver.printer;
    case 'box-pos':
      return driver.box;
    case 'display':
      return driver.display;
    case 'keyboard':
    case 'drawer':
      return null;
  }
}

export const startDevice = ({ driver }: LiveDevice): void => lifeOf(driver)?.start();

export async function stopDevice({ driver, line }: LiveDevice): Promise<void> {
  const stopping = lifeOf(driver)?.stop();
  line?.giveUp();
  await stopping;
}

/** The last bytes of its wire; null for what has none. */
export const recentBytesOf = ({ driver }: LiveDevice): readonly string[] | null =>
  lifeOf(driver)?.recentBytes() ?? null;

/** Where its connection stands, for drivers that say it so; the printer has a status of its own. */
export function linkOf(driver: Driver): LinkState | null {
  switch (driver.role) {
    case 'scanner':
      return driver.scanner.state();
    case 'display':
      return driver.display.state();
    case 'box-pos':
      return driver.box.status().link;
    case 'printer':
    case 'keyboard':
    case 'drawer':
      return null;
  }
}
