import type {
  Candidate,
  DeviceConfig,
  DeviceDetail,
  ProfileChoice,
} from '#terminal/ipc/devices.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';
import { nowMs } from './sample-screens.ts';

/** Devices of a counter and what is plugged in beside them, for tests and pictures of the devices screen. */
const minuteMs = 60_000;

/** What a device of this view could have been bound with. */
export function plainConfig({ role, name, address }: DeviceView): DeviceConfig {
  const [, path = '/dev/ttyUSB9'] = address.split(' ');
  const serial = { type: 'serial', path } as const;
  switch (role) {
    case 'scanner':
      return address.startsWith('keyboard')
        ? { role, name, transport: { type: 'keyboard' } }
        : { role, name, transport: serial };
    case 'printer': {
      const [host = '', port = '9100'] = path.split(':');
      return address.startsWith('tcp') && port !== ''
        ? { role, name, transport: { type: 'tcp', host, port: Number(port) } }
        : { role, name, transport: serial };
    }
    case 'drawer':
      return { role, name, transport: { type: 'printer' } };
    case 'box-pos':
      return { role, name, transport: serial, protocol: 'ecr-hub', appId: 'wz-000817' };
    case 'display':
      return { role, name, transport: serial };
  }
}

export const fiveDevices: readonly DeviceView[] = [
  {
    role: 'scanner',
    name: '扫码枪',
    address: 'serial /dev/ttyUSB0 9600',
    state: 'online',
    lastSeenMs: nowMs - minuteMs,
  },
  {
    role: 'printer',
    name: '80 毫米小票机',
    address: 'tcp 192.168.1.87:9100',
    state: 'online',
    confidence: 4,
    lastSeenMs: nowMs - 2_000,
  },
  {
    role: 'drawer',
    name: '钱箱',
    address: 'printer tcp 192.168.1.87:9100',
    state: 'online',
    lastSeenMs: nowMs - 2_000,
  },
  {
    role: 'box-pos',
    name: '收银盒子',
    address: 'serial /dev/ttyACM0 115200',
    state: 'online',
    lastSeenMs: nowMs - 9_000,
  },
  { role: 'display', name: '客显屏', address: 'serial /dev/ttyUSB1 2400', state: 'online' },
];

/** Every kind of trouble at once, under names as long as they may be. */
export const fiveTroubles: readonly (readonly [DeviceView, Partial<DeviceDetail>])[] = [
  [
    {
      role: 'scanner',
      name: '柜台左边靠窗的那把有线扫码枪（去年十月换过线的那把，备用）',
      address: 'serial /dev/serial/by-id/usb-Newland_Auto-ID_NLS-FM430_A50285BI-if00-port0 115200',
      state: 'offline',
      code: 'device-permission',
    },
    { group: 'dialout' },
  ],
  [
    {
      role: 'printer',
      name: '80 毫米小票机',
      address: 'tcp 192.168.1.87:9100',
      state: 'paper-out',
      code: 'printer-paper-out',
      confidence: 3,
      lastSeenMs: nowMs - 2_000,
    },
    {
      model: 'XP-N160II',
      suggestedProfileId: 'xprinter-xp-n160',
      test: { type: 'waiting', untilMs: null },
    },
  ],
  [
    {
      role: 'drawer',
      name: '钱箱',
      address: 'printer tcp 192.168.1.87:9100',
      state: 'online',
      lastSeenMs: nowMs - 2_000,
    },
    { drawer: 'open', test: { type: 'passed', atMs: nowMs - minuteMs, proof: 'sent' } },
  ],
  [
    {
      role: 'box-pos',
      name: '收银盒子',
      address: 'serial /dev/ttyACM0 115200',
      state: 'offline',
      code: 'device-no-answer',
      lastSeenMs: nowMs - 40 * minuteMs,
    },
    { test: { type: 'failed', atMs: nowMs - minuteMs, code: 'device-no-answer' }, fixed: true },
  ],
  [
    {
      role: 'display',
      name: '客显屏',
      address: 'serial /dev/ttyUSB1 2400',
      state: 'absent',
      code: 'device-missing',
    },
    {},
  ],
];

export const pluggedIn: readonly Candidate[] = [
  {
    id: 'serial /dev/ttyUSB2',
    kind: 'serial',
    transport: { type: 'serial', path: '/dev/ttyUSB2' },
    label: 'QinHeng Electronics USB Serial',
    usbId: '1a86:7523',
    identity: 'usb-port 1-1.2',
    boundRole: null,
    suggestion: { role: 'printer', reason: 'known-vendor', certainty: 'possible' },
    problem: null,
  },
  {
    id: 'hid /dev/hidraw0',
    kind: 'hid',
    transport: { type: 'hid', path: '/dev/hidraw0' },
    label: 'Newland NLS-HR22',
    usbId: '1eab:0022',
    identity: 'usb 1eab:0022 HR22-7719',
    boundRole: null,
    suggestion: { role: 'scanner', reason: 'usage-page', certainty: 'likely' },
    problem: 'device-permission',
    group: 'plugdev',
  },
  {
    id: 'usb 1-1.4',
    kind: 'usb',
    transport: null,
    label: '',
    usbId: '067b:2303',
    identity: 'usb-port 1-1.4',
    boundRole: null,
    suggestion: null,
    problem: 'device-driver-missing',
  },
];

export const sampleProfiles: readonly ProfileChoice[] = [
  { id: 'epson-tm-t82iii', name: 'Epson TM-T82III', paperMm: 80 },
  { id: 'xprinter-xp-58', name: 'Xprinter XP-58', paperMm: 58 },
  { id: 'xprinter-xp-n160', name: 'Xprinter XP-N160', paperMm: 80 },
  { id: 'generic-58', name: 'Generic 58 mm', paperMm: 58 },
  { id: 'generic-80', name: 'Generic 80 mm', paperMm: 80 },
];
