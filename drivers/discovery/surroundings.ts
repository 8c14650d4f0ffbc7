import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { SerialPort } from 'serialport';

/** What discovery looks at. Tests give it folders of their own. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  /** "/dev" */
  readonly devRoot: string;
  /** "/sys" */
  readonly sysRoot: string;
  /** Rejects on Linux without the program `udevadm`. */
  readonly listSerial: () => Promise<readonly SerialInfo[]>;
  /** Rejects where the HID library cannot be loaded. */
  readonly listHid: () => Promise<readonly HidInfo[]>;
  /** May this user read and write this device node? */
  readonly mayOpen: (path: string) => Promise<boolean>;
  /** The name of the group that owns a device node; null when it cannot be told. */
  readonly groupOf: (path: string) => Promise<string | null>;
}

/** What `SerialPort.list()` answers. */
export interface SerialInfo {
  readonly path: string;
  readonly manufacturer: string | undefined;
  readonly serialNumber: string | undefined;
  readonly locationId: string | undefined;
  /** Hex, without 0x. */
  readonly vendorId: string | undefined;
  readonly productId: string | undefined;
}

/** What `node-hid` answers of one HID interface. */
export interface HidInfo {
  readonly path?: string | undefined;
  readonly vendorId: number;
  readonly productId: number;
  readonly serialNumber?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly product?: string | undefined;
  readonly interface: number;
  readonly usagePage?: number | undefined;
  readonly usage?: number | undefined;
}

/** This machine. */
export const thisMachine: Surroundings = {
  platform: process.platform,
  devRoot: '/dev',
  sysRoot: '/sys',
  listSerial: () => SerialPort.list(),
  // Loaded only when somebody looks: a machine without it still sells, prints and scans over serial lines.
  listHid: async () => (await import('node-hid')).devicesAsync(),
  mayOpen: async (path) => {
    try {
      await access(path, constants.R_OK | constants.W_OK);
      return true;
    } catch (failure) {
      return (failure as NodeJS.ErrnoException).code !== 'EACCES';
    }
  },
  groupOf: async (path) => {
    try {
      const { gid } = await stat(path);
      return groupNamed(await readFile('/etc/group', 'utf8'), gid);
    } catch {
      return null;
    }
  },
};

/** Finds a group's name in the text of /etc/group. */
export function groupNamed(groups: string, gid: number): string | null {
  const row = groups.split('\n').find((line) => line.split(':')[2] === String(gid));
  return row?.split(':')[0] ?? null;
}
