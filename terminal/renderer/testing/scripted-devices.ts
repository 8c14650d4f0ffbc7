import type { DeviceDetail, deviceMethods } from '#terminal/ipc/devices.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';
import type { MethodInput, MethodOutput } from '#terminal/ipc/terminal-api.ts';

type Methods = keyof typeof deviceMethods;

/** The devices of the status bar with all that the devices screen asks besides; nothing is plugged in that is free. */
export const scriptedDevices = (
  views: () => readonly DeviceView[],
): {
  readonly [M in Methods]: (input: MethodInput<M>) => MethodOutput<M>;
} => ({
  'devices.list': () => ({ devices: views().map(detailOf) }),
  'devices.candidates': () => ({ candidates: [], problems: [] }),
  'devices.profiles': () => ({ profiles: [] }),
  'devices.bind': none,
  'devices.unbind': none,
  'devices.probe': ({ transport }) => ({ found: true, transport, tried: [] }),
  'devices.test': none,
  'devices.log': () => ({ lines: [] }),
  'drawer.calibrate': () => ({ next: null }),
});

const none = () => ({});

const kinds = ['serial', 'tcp', 'usb-lp', 'hid', 'keyboard', 'memory'] as const;

const detailOf = (view: DeviceView): DeviceDetail => ({
  ...view,
  kind: kinds.find((kind) => view.address.startsWith(kind)) ?? 'printer',
  identity: view.address,
  fixed: false,
  watched: true,
  generation: view.role === 'drawer' ? null : 1,
  actions: ['test', 'unbind'],
  test: null,
});
