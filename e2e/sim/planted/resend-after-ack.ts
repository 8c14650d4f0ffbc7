import type { Connection, Transport } from '#drivers/core/transport.ts';
import { encodeHubFrame, nextSendId, takeHubFrame } from '#drivers/ecr/ecr-hub/frame.ts';
import { readerStart, readOn } from '#drivers/ecr/frame-reader.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { World } from '../world/virtual-world.ts';
import type { Planted } from './planted.ts';

/** How long the driver waits for the box's word, after its acknowledgement, until it loses patience. */
const impatienceMs = 6_000;

/** A driver that hands a sale to the box again when the box has acknowledged it and not answered yet. */
export const resendAfterAck: Planted = {
  name: 'resend-after-ack',
  bendTill: (deps) => ({
    ...deps,
    transports: new Map(
      [...deps.transports].map(([name, wire]) => [
        name,
        name === 'box' ? impatient(wire, deps.world) : wire,
      ]),
    ),
  }),
};

const impatient = (wire: Transport, world: World): Transport => ({
  address: wire.address,
  open: async () => {
    const opened = await wire.open();
    if (!opened.ok) return opened;
    const connection = opened.value;
    const write: Connection['write'] = async (bytes) => {
      const written = await connection.write(bytes);
      for (const frame of readOn(readerStart, bytes, takeHubFrame).values) {
        const isSale = Buffer.from(frame.data).includes('ecrhub.pay.order');
        if (!isSale) continue;
        const once = getOrThrow(encodeHubFrame({ ...frame, id: nextSendId(frame.id) }));
        world.timers.after(impatienceMs, () => void connection.write(once));
      }
      return written;
    };
    return { ok: true, value: { ...connection, write } };
  },
});
