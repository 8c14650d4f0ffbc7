import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { DeviceSet } from '#terminal/agent/devices/device-set.ts';
import { profileOf } from '#terminal/agent/devices/live/printer-driver.ts';

/** What the printer that is bound now draws, as its driver has it; undefined without a printer. */
export function printerInUse(devices: Pick<DeviceSet, 'details'>): PrinterProfile | undefined {
  const printer = devices.details().find(({ role }) => role === 'printer');
  return printer && profileOf(printer);
}
