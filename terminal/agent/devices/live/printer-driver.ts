import { dotsOfColumns, type PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import { findProfile, genericProfile } from '#drivers/printer/profiles/printer-profiles.ts';
import type { LineSettings } from '#terminal/agent/devices/ports/device-line.ts';
import type { DeviceConfig } from '#terminal/ipc/devices.ts';

export type PrinterConfig = Extract<DeviceConfig, { role: 'printer' }>;

const paperMmDefault = 80;
const columnsOfNarrowPaper = 32;
const columnsOfWidePaper = 48;

/** What this printer draws: its profile where one is named and known, else that of a clone with such paper. */
export function profileOf({
  profileId,
  paperMm,
}: Pick<PrinterConfig, 'profileId' | 'paperMm'>): PrinterProfile {
  const named = profileId === undefined ? null : findProfile(profileId);
  const profile = named ?? genericProfile(paperMm ?? paperMmDefault);
  if (paperMm === undefined || paperMm === profile.paperMm) return profile;
  // A narrow roll in a wide printer, between its paper guides.
  const columns = paperMm === 58 ? columnsOfNarrowPaper : columnsOfWidePaper;
  return { ...profile, paperMm, columns, dots: dotsOfColumns[columns] };
}

/** How its serial line runs; a printer that nobody named keeps the till's own defaults. */
export function serialSettingsOf(
  device: PrinterConfig,
): Pick<LineSettings, 'flow' | 'baudDefault'> {
  const { flow, bauds } = profileOf(device);
  const isNamed = device.profileId !== undefined && findProfile(device.profileId) !== null;
  if (!isNamed) return { flow: 'none', baudDefault: printerBaudDefault };
  return { flow, baudDefault: bauds[0] ?? printerBaudDefault };
}

const printerBaudDefault = 115_200;
