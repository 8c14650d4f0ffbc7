import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createJsonLines } from './json-lines.ts';

/** The monitor of QEMU: https://www.qemu.org/docs/master/interop/qmp-spec.html */
export interface Qmp {
  /** Throws what QEMU refuses. */
  execute(command: string, parameters?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Resolves at the next event of this name; ask before the command that causes it. */
  nextEvent(name: string): Promise<void>;
}

interface QmpMessage {
  readonly QMP?: unknown;
  readonly event?: string;
  readonly error?: { readonly desc?: string };
}

const connectTriesMax = 200;
const connectPauseMs = 25;

/** QEMU makes its sockets while it starts. Throws when they do not appear within 5 s. */
export async function connectPatiently(file: string): Promise<Socket> {
  for (let tries = 0; tries < connectTriesMax; tries += 1) {
    const socket = await tryConnect(file);
    if (socket) return socket;
    await sleep(connectPauseMs);
  }
  throw new Error(`QEMU does not listen on ${file}`);
}

const tryConnect = (file: string): Promise<Socket | null> =>
  new Promise((resolve) => {
    const socket = connect(file);
    socket.once('connect', () => {
      // QEMU ends by being killed: its sockets break, which is no failure of ours.
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', () => resolve(null));
  });

export async function openQmp(file: string): Promise<Qmp> {
  const socket = await connectPatiently(file);
  const answers: ((message: QmpMessage) => void)[] = [];
  const waits: { readonly name: string; readonly done: () => void }[] = [];
  const read = createJsonLines((raw) => {
    const message = raw as QmpMessage;
    if (message.QMP !== undefined) return;
    if (message.event === undefined) return answers.shift()?.(message);
    const at = waits.findIndex(({ name }) => name === message.event);
    if (at >= 0) waits.splice(at, 1)[0]?.done();
  });
  socket.setEncoding('utf8').on('data', (text: string) => read(text));
  const execute: Qmp['execute'] = async (command, parameters = {}) => {
    const answer = await new Promise<QmpMessage>((resolve) => {
      answers.push(resolve);
      socket.write(`${JSON.stringify({ execute: command, arguments: parameters })}\n`);
    });
    if (answer.error) throw new Error(`${command}: ${answer.error.desc ?? 'refused'}`);
  };
  await execute('qmp_capabilities');
  return {
    execute,
    nextEvent: (name) => new Promise((done) => void waits.push({ name, done })),
  };
}
