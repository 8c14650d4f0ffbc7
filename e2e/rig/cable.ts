import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FarSide } from '#drivers/core/far-side.ts';
import { cableDevice, type Guest } from './qemu.ts';

/** The far end of the guest's FTDI cable, with a plug that QEMU pulls. */
export interface Cable {
  /** Another device takes the far end; what sat there before hears and says nothing more. */
  hand(): FarSide;
  pull(): Promise<void>;
  plug(): Promise<void>;
}

/** What we sent must have left our socket before the device goes. */
const quietMs = 80;
const removalMsMax = 5_000;

export function createCable({ qmp, cable }: Pick<Guest, 'qmp' | 'cable'>): Cable {
  let plugged = true;
  let holder = 0;
  let listeners: ((chunk: Uint8Array) => void)[] = [];
  cable.on('data', (chunk: Buffer) => {
    for (const listener of listeners) listener(chunk);
  });
  return {
    hand: () => {
      holder += 1;
      const mine = holder;
      listeners = [];
      return {
        address: 'the far end of the cable',
        send: (bytes) => {
          if (mine === holder && plugged) sendOn(cable, bytes);
        },
        onBytes: (listener) => {
          if (mine === holder) listeners.push(listener);
        },
        onPresence: (listener) => listener(true),
      };
    },
    pull: async () => {
      if (!plugged) return;
      // QEMU 7.2 crashes when bytes arrive while it takes its usb-serial away: fall silent first.
      plugged = false;
      await sleep(quietMs);
      const gone = qmp.nextEvent('DEVICE_DELETED');
      await qmp.execute('device_del', { id: cableDevice.id });
      await Promise.race([gone, sleep(removalMsMax)]);
    },
    plug: async () => {
      if (plugged) return;
      await qmp.execute('device_add', cableDevice);
      plugged = true;
    },
  };
}

function sendOn(socket: Socket, bytes: Uint8Array): void {
  if (!socket.destroyed) socket.write(bytes);
}
