import { readSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Client } from 'pg';
import { assert } from '#shared/result/assert.ts';

/**
 * A session's wire without the event loop: a question is written at once, and its answer is read in
 * place, by a call that blocks, once everything else that can run without it has run. In a
 * simulation nothing else goes on meanwhile, and streams, wake-ups and turns of the loop cost half
 * of a short question. The messages of a question leave in one piece: every piece costs a call of
 * the system and wakes the server. `hold` keeps the next question back until the one after it.
 */
export interface StraightLine {
  readonly hold: () => void;
  /** Gives the wire back to the event loop: before the session is closed. */
  readonly end: () => void;
}

/** What Node keeps behind a socket: the descriptor, and whether the loop reads from it. */
interface Handle {
  readonly fd: number;
  readStart(): void;
  readStop(): void;
  setBlocking(blocking: boolean): number;
}

/** Messages of PostgreSQL's protocol: a letter, then four bytes of length that count themselves. */
const letterBytes = 1;
const lengthBytes = 4;
/** Sync and a simple query: the server answers each with "ready for query". */
const asksReady = new Set(['S', 'Q'].map((letter) => letter.codePointAt(0)));
const ready = 'Z'.codePointAt(0);
const firstRoomBytes = 1 << 18;

export function layStraightLine(client: Client): StraightLine {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } })
    .connection;
  const { _handle: handle } = stream as unknown as { readonly _handle: Handle };
  let room = Buffer.allocUnsafe(firstRoomBytes);
  let pieces: Uint8Array[] = [];
  let isCorked = false;
  let isHeld = false;
  let readyWanted = 0;
  let isReading = false;

  const read = (): void => {
    isReading = false;
    let length = 0;
    let whole = 0;
    while (readyWanted > 0) {
      if (length === room.length) room = Buffer.concat([room], 2 * room.length);
      const count = readSync(handle.fd, room, length, room.length - length, null);
      assert(count > 0, () => 'the database hung up');
      length += count;
      for (let end = endOf(room, whole, length); end !== undefined;) {
        if (room[whole] === ready) readyWanted -= 1;
        whole = end;
        end = endOf(room, whole, length);
      }
    }
    assert(whole === length, () => 'the database said more than it was asked');
    stream.emit('data', room.subarray(0, length));
  };
  const send = (): boolean => {
    if (isHeld) {
      isHeld = false;
      return true;
    }
    const [first] = pieces;
    const together = pieces.length === 1 && first ? first : Buffer.concat(pieces);
    pieces = [];
    readyWanted += readyOf(together);
    for (let sent = 0; sent < together.length;) sent += writeSync(handle.fd, together, sent);
    if (!isReading) queueMicrotask(read);
    isReading = true;
    return true;
  };

  handle.readStop();
  handle.setBlocking(true);
  stream.cork = () => {
    isCorked = true;
  };
  stream.uncork = () => {
    isCorked = false;
    if (pieces.length > 0) send();
  };
  stream.write = (bytes: Uint8Array) => {
    pieces.push(bytes);
    return isCorked || send();
  };
  return {
    hold: () => {
      isHeld = true;
    },
    end: () => {
      // Ours stand before those of the prototype.
      for (const name of ['write', 'cork', 'uncork']) Reflect.deleteProperty(stream, name);
      handle.setBlocking(false);
      handle.readStart();
    },
  };
}

/** Where the message that begins at `at` ends; undefined when it has not come wholly. */
function endOf(bytes: Buffer, at: number, length: number): number | undefined {
  if (at + letterBytes + lengthBytes > length) return undefined;
  const end = at + letterBytes + bytes.readUInt32BE(at + letterBytes);
  return end > length ? undefined : end;
}

/** How many answers of "ready" these messages bring. */
function readyOf(messages: Uint8Array): number {
  const bytes = Buffer.from(messages.buffer, messages.byteOffset, messages.byteLength);
  let count = 0;
  for (let at = 0; at < bytes.length; at += letterBytes + bytes.readUInt32BE(at + letterBytes))
    if (asksReady.has(bytes[at])) count += 1;
  return count;
}
