import { setTimeout as sleep } from 'node:timers/promises';
import { createFarEnd, type PluggedDevice } from './far-end.ts';
import { cableDevice, type Guest } from './qemu.ts';

/** What we sent must have left our socket before the device goes. */
const quietMs = 80;
const removalMsMax = 5_000;

/** The far end of the guest's FTDI cable, with a plug that QEMU pulls. */
export function createCable({ qmp, cable }: Pick<Guest, 'qmp' | 'cable'>): PluggedDevice {
  let plugged = true;
  const far = createFarEnd({
    address: 'the far end of the cable',
    send: (bytes) => {
      if (plugged && !cable.destroyed) cable.write(bytes);
    },
    isPresent: () => plugged,
  });
  cable.on('data', (chunk: Buffer) => far.deliver(chunk));
  return {
    hand: () => far.hand(),
    pull: async () => {
      if (!plugged) return;
      // QEMU 7.2 crashes when bytes arrive while it takes its usb-serial away: fall silent first.
      plugged = false;
      await sleep(quietMs);
      const gone = qmp.nextEvent('DEVICE_DELETED');
      await qmp.execute('device_del', { id: cableDevice.id });
      await Promise.race([gone, sleep(removalMsMax)]);
      far.tellPresence(false);
    },
    plug: async () => {
      if (plugged) return;
      await qmp.execute('device_add', cableDevice);
      plugged = true;
      far.tellPresence(true);
    },
  };
}
