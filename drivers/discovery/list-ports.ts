import { portsMax, type PortList } from '#drivers/discovery/found-port.ts';
import { listDriverless } from '#drivers/discovery/list-driverless.ts';
import { listHidPorts } from '#drivers/discovery/list-hid.ts';
import { listSerialPorts } from '#drivers/discovery/list-serial.ts';
import { listUsbLpPorts } from '#drivers/discovery/list-usb-lp.ts';
import type { Surroundings } from '#drivers/discovery/surroundings.ts';

/**
 * Everything plugged in that could serve a counter: serial ports, HID scanners, USB printers, and USB devices that
 * lack a driver. Never rejects: what cannot be listed is named in `problems`. Opens nothing.
 */
export async function listPorts(around: Surroundings): Promise<PortList> {
  const [serial, hid, usbLp] = await Promise.all([
    listSerialPorts(around),
    listHidPorts(around),
    listUsbLpPorts(around),
  ]);
  const ports = [...serial.ports, ...hid.ports, ...usbLp];
  const driverless = await listDriverless(around, ports);
  return {
    ports: [...ports, ...driverless].slice(0, portsMax),
    problems: [...serial.problems, ...hid.problems],
  };
}
