import { findProfile } from '#drivers/printer/profiles/printer-profiles.ts';
import type { PaperWidth } from '#drivers/printer/receipt/receipt.ts';
import type { DeviceSet } from '#terminal/agent/devices/device-set.ts';

/** Columns of the paper in the printer that is bound now; undefined without a printer. */
export function paperInUse(devices: Pick<DeviceSet, 'details'>): PaperWidth | undefined {
  const printer = devices.details().find(({ role }) => role === 'printer');
  if (!printer) return undefined;
  const profile = printer.profileId === undefined ? null : findProfile(printer.profileId);
  return profile?.columns ?? (printer.paperMm === 58 ? 32 : 48);
}
