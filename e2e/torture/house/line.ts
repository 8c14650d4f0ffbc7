import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Draw } from '../draw.ts';

/**
 * A TCP line on loopback that does what bad lines do, as a seed decides, and whose far end may move. Mischief is drawn
 * for each connection; with keep-alive it strikes some requests later, in the middle of whatever is then said.
 */
export interface Line {
  readonly port: number;
  /** How many connections suffered which mischief. */
  readonly suffered: ReadonlyMap<Mischief, number>;
  /** From now on connections suffer what `draw` says. */
  stirUp(draw: Draw): void;
  /** From now on connections are carried as they are; open ones end. */
  calmDown(): void;
  /** The cable is out until `plug`: connections die, and new ones die at once. */
  unplug(): void;
  plug(): void;
  close(): Promise<void>;
}

export const mischiefs = [
  'none',
  /** Every piece waits. */
  'delay',
  /** The answer breaks off after some bytes, and both sides hear of it. */
  'cut-answer',
  /** The request arrives whole, the answer never leaves. */
  'drop-answer',
  /** The request breaks off after some bytes. */
  'cut-request',
  /** Our far end's way back ends (FIN) after some bytes, the other way stays open. */
  'half-close',
  /** All that the near side says is said to the far end once more, on a connection of its own. */
  'duplicate',
  'refuse',
] as const;
export type Mischief = (typeof mischiefs)[number];

const delayMsMax = 120;
/** Mischief strikes within so many bytes: in the first exchange, or a few later. */
const strikeBytesMax = 4_000;
/** A connection that was spared so far ends after so many more bytes: the next one draws again. */
const calmBytesMax = 6_000;
/** How long a connection whose answers are dropped is left hanging. */
const hangMs = 700;

/** Hears what a good line carries, and decides how much of it goes on. */
export interface Tap {
  asked(connection: number, chunk: Buffer, pass: (part: Buffer) => void): void;
  answered(connection: number, chunk: Buffer, pass: (part: Buffer) => void): void;
  ended(connection: number): void;
}

/** A good line to where `target` says the far end listens now. */
export async function openLine(target: () => number, tap?: Tap): Promise<Line> {
  const open = new Set<Socket>();
  const suffered = new Map<Mischief, number>();
  let draw: Draw | undefined;
  let isPlugged = true;
  let connections = 0;
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    return socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    keep(near);
    if (!isPlugged) return near.destroy();
    connections += 1;
    const number = connections;
    const drawn = draw;
    const mine: Draw = (name) => drawn?.(`${number}/${name}`) ?? 0;
    const mischief = mischiefs[Math.floor(mine('mischief') * mischiefs.length)] ?? 'none';
    if (drawn) suffered.set(mischief, (suffered.get(mischief) ?? 0) + 1);
    if (mischief === 'refuse') return near.destroy();
    const toFar = (): Socket =>
      keep(connect({ port: target(), host: '127.0.0.1', allowHalfOpen: true }));
    const far = toFar();
    if (drawn === undefined && tap) return carryTapped({ near, far, number }, tap);
    if (drawn === undefined) return carryWell(near, far);
    const echo = mischief === 'duplicate' ? toFar() : undefined;
    carry({ near, far, echo }, mischief, mine);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    suffered,
    stirUp: (wanted) => {
      draw = wanted;
      cut();
    },
    calmDown: () => {
      draw = undefined;
      cut();
    },
    unplug: () => {
      isPlugged = false;
      cut();
    },
    plug: () => {
      isPlugged = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

interface Ends {
  readonly near: Socket;
  readonly far: Socket;
  readonly echo: Socket | undefined;
}

function carryWell(near: Socket, far: Socket): void {
  near.pipe(far).pipe(near);
  near.on('close', () => far.destroy());
  far.on('close', () => near.destroy());
}

function carryTapped(
  { near, far, number }: { readonly near: Socket; readonly far: Socket; readonly number: number },
  tap: Tap,
): void {
  near.on('data', (chunk: Buffer) => tap.asked(number, chunk, (part) => far.write(part)));
  far.on('data', (chunk: Buffer) => tap.answered(number, chunk, (part) => near.write(part)));
  near.on('end', () => far.end());
  far.on('end', () => near.end());
  near.on('close', () => far.destroy());
  far.on('close', () => {
    near.destroy();
    tap.ended(number);
  });
}

function carry({ near, far, echo }: Ends, mischief: Mischief, draw: Draw): void {
  const strikeBytes = Math.floor(draw('strike') * strikeBytesMax);
  const delayMs = mischief === 'delay' ? draw('delay') * delayMsMax : 0;
  const end = (): void => {
    near.destroy();
    far.destroy();
    echo?.destroy();
  };
  const later = (act: () => void): void => {
    if (delayMs === 0) act();
    else setTimeout(act, delayMs);
  };
  let [asked, answered] = [0, 0];
  near.on('data', (chunk: Buffer) => {
    asked += chunk.length;
    echo?.write(chunk);
    if (mischief !== 'cut-request' || asked <= strikeBytes) return later(() => far.write(chunk));
    far.write(chunk.subarray(0, chunk.length - (asked - strikeBytes)));
    far.end();
    near.destroy();
  });
  far.on('data', (chunk: Buffer) => {
    answered += chunk.length;
    if (answered <= strikeBytes) return later(() => near.write(chunk));
    const begun = chunk.subarray(0, Math.max(0, chunk.length - (answered - strikeBytes)));
    if (mischief === 'cut-answer') {
      near.write(begun, end);
    } else if (mischief === 'drop-answer') {
      setTimeout(end, hangMs);
    } else if (mischief === 'half-close') {
      near.end(begun);
      setTimeout(end, hangMs);
    } else if (answered > strikeBytes + calmBytesMax && mischief !== 'cut-request') end();
    else later(() => near.write(chunk));
  });
  echo?.resume();
  near.on('end', () => later(() => far.end()));
  far.on('end', () => later(() => near.end()));
  near.on('close', () => later(end));
  far.on('close', () => later(end));
}
