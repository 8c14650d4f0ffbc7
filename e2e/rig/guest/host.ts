import { readdirSync, readFileSync } from 'node:fs';
import { createJsonLines } from '../json-lines.ts';
import type { GuestMessage, HostCalls, HostMessage } from '../protocol.ts';
import { openPump } from './pump.ts';

/** The guest's line to the host. */
export interface Host {
  tell(message: GuestMessage): void;
  /** Throws what the host refuses. */
  ask<M extends keyof HostCalls>(
    method: M,
    input: HostCalls[M]['input'],
  ): Promise<HostCalls[M]['output']>;
}

const ports = '/sys/class/virtio-ports';

export function openHost(): Host {
  const name = readdirSync(ports).find(
    (port) => readFileSync(`${ports}/${port}/name`, 'utf8').trim() === 'rig.control',
  );
  if (name === undefined) throw new Error('no line to the host');
  const pump = openPump(`/dev/${name}`);
  const waits = new Map<number, (message: HostMessage) => void>();
  let lastId = 0;
  const read = createJsonLines((raw) => {
    const message = raw as HostMessage;
    waits.get(message.id)?.(message);
    waits.delete(message.id);
  });
  pump.onBytes((chunk) => read(chunk.toString()));
  const tell = (message: GuestMessage): void => pump.send(`${JSON.stringify(message)}\n`);
  return {
    tell,
    ask: async (method, input) => {
      lastId += 1;
      const id = lastId;
      const answered = new Promise<HostMessage>((resolve) => waits.set(id, resolve));
      tell({ type: 'call', id, method, input });
      const message = await answered;
      if (message.type === 'refusal') throw new Error(`${method}: ${message.why}`);
      return message.output as HostCalls[typeof method]['output'];
    },
  };
}

/** Lines that the printer at the host's end of the cable has on paper, of all its receipts. */
export const linesOnPaper = async (host: Host): Promise<number> =>
  (await host.ask('printer.paper', {})).receipts.flatMap(({ lines }) => lines).length;
