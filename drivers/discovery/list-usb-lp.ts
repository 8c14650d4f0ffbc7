import { join } from 'node:path';
import { labelOf, type FoundPort } from '#drivers/discovery/found-port.ts';
import { namesIn, readAttribute, usbBehind } from '#drivers/discovery/linux-usb.ts';
import type { Surroundings } from '#drivers/discovery/surroundings.ts';

/** USB printer-class devices that Linux drives as /dev/usb/lp*. Other systems keep them in their print spooler. */
export async function listUsbLpPorts(around: Surroundings): Promise<readonly FoundPort[]> {
  if (around.platform !== 'linux') return [];
  const folder = join(around.devRoot, 'usb');
  const names = (await namesIn(folder)).filter((name) => /^lp\d+$/.test(name));
  return Promise.all(names.map((name) => portOf(around, { name, path: join(folder, name) })));
}

async function portOf(
  around: Surroundings,
  { name, path }: { readonly name: string; readonly path: string },
): Promise<FoundPort> {
  const device = join(around.sysRoot, 'class/usbmisc', name, 'device');
  const facts = await usbBehind(device);
  const about = readDeviceId(await readAttribute(join(device, 'ieee1284_id')));
  const allowed = await around.mayOpen(path);
  return {
    kind: 'usb-lp',
    path,
    usb: facts?.ids ?? null,
    label: about.model === '' ? (facts?.label ?? '') : labelOf(about.maker, about.model),
    usage: null,
    printerClass: true,
    problem: allowed ? null : 'device-permission',
    group: await around.groupOf(path),
  };
}

/**
 * Reads an IEEE 1284 device id: "MFG:Xprinter;MDL:XP-58;CMD:ESC/POS;". Keys come short or long, in any case and
 * order; what is missing is empty. Source: IEEE 1284-2000, 7.6.
 */
export function readDeviceId(text: string): { readonly maker: string; readonly model: string } {
  const values = new Map<string, string>();
  for (const part of text.split(';')) {
    const at = part.indexOf(':');
    if (at > 0) values.set(part.slice(0, at).trim().toUpperCase(), part.slice(at + 1).trim());
  }
  const first = (...keys: readonly string[]): string =>
    keys.map((key) => values.get(key)).find((value) => value !== undefined) ?? '';
  return { maker: first('MFG', 'MANUFACTURER'), model: first('MDL', 'MODEL') };
}
