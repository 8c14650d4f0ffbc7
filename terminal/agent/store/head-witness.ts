import { hash as digest } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** An entry that the journal has stored. */
export interface WitnessedHead {
  readonly position: number;
  readonly epoch: string;
  readonly seq: number;
  readonly hash: string;
}

/**
 * Remembers beside the journal how far it has come. SQLite takes a write-ahead log up to its first
 * damaged frame and calls the shorter file sound: one flipped bit hides every commit after it, and
 * chain and page check hold. The witness is written after the commit is synced and is not synced
 * itself: it may be behind, after a power cut, and never ahead.
 */
export interface HeadWitness {
  /** The latest head that is legibly written down; undefined: none is. */
  readonly seen: WitnessedHead | undefined;
  note(head: WitnessedHead): void;
  close(): void;
}

export const headWitnessFileName = 'journal.head';
/** Two places, written in turn: a blow in the middle of one leaves the other. */
const slotBytes = 192;
const slotCount = 2;
const checkChars = 16;

/**
 * Opens or makes the witness of a folder. A disk that refuses it must not keep the till from
 * selling: it sees nothing.
 */
export function openHeadWitness(dataDir: string): HeadWitness {
  const path = join(dataDir, headWitnessFileName);
  const text = readText(path);
  const latest = readLatest(text);
  // Forgotten when it is closed: another file soon has its number, and a late note would be written into that one.
  let file = openFile(path, text.length);
  let number = latest?.number ?? 0;
  return {
    seen: latest?.head,
    note: (head) => {
      if (file === undefined) return;
      const at = (number + 1) % slotCount;
      try {
        writeSync(file, lineOf({ number: number + 1, head }), at * slotBytes, 'latin1');
        number += 1;
      } catch {
        // A full or failing disk speaks up at the journal itself.
      }
    },
    close: () => {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

/** A journal that takes the place of another one starts without a witness. */
export const forgetHead = (dataDir: string): void =>
  rmSync(join(dataDir, headWitnessFileName), { force: true });

const checkOf = (text: string): string => digest('sha256', text).slice(0, checkChars);

/** The head goes back when entries were lost: which note is the latest is told by its own number. */
interface Note {
  readonly number: number;
  readonly head: WitnessedHead;
}

function lineOf({ number, head: { position, epoch, seq, hash } }: Note): string {
  const text = `${number} ${position} ${epoch} ${seq} ${hash}`;
  return `${`${text} ${checkOf(text)}`.padEnd(slotBytes - 1)}\n`;
}

function readSlot(text: string, slot: number): Note | undefined {
  const words = text.slice(slot * slotBytes, (slot + 1) * slotBytes).trimEnd();
  const cut = words.lastIndexOf(' ');
  if (cut < 0 || words.slice(cut + 1) !== checkOf(words.slice(0, cut))) return undefined;
  const [number, position, epoch = '', seq, hash = ''] = words.slice(0, cut).split(' ');
  return {
    number: Number(number),
    head: { position: Number(position), epoch, seq: Number(seq), hash },
  };
}

const readLatest = (text: string): Note | undefined =>
  Array.from({ length: slotCount }, (_, slot) => readSlot(text, slot))
    .filter((note) => note !== undefined)
    .toSorted((a, b) => b.number - a.number)[0];

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1').slice(0, slotBytes * slotCount);
  } catch {
    return '';
  }
}

function openFile(path: string, knownBytes: number): number | undefined {
  try {
    return openSync(path, knownBytes > 0 ? 'r+' : 'w+', 0o600);
  } catch {
    return undefined;
  }
}
