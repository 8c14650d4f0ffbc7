import { hash as digest } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { putInPlace } from '#terminal/agent/store/durable-files.ts';

/** How far the owner's record has come: both numbers only grow. */
export interface OwnerSeen {
  /** Changes by the owner: a PIN set or taken away, a rule. */
  readonly changeNo: number;
  /** The last reset by the cloud that was followed. */
  readonly resetNo: number;
}

/**
 * Remembers beside the journal how new the owner's record is. A backup that takes the journal's
 * place brings an old PIN with it, which a former owner may know: the witness stays where it is,
 * and what is older is not believed. Written after the record is durable, and durable itself: it
 * may be behind by one change, after a power cut, and never ahead.
 */
export interface OwnerWitness {
  /** undefined: nothing was ever written down here. */
  readonly seen: () => OwnerSeen | undefined;
  readonly note: (seen: OwnerSeen) => void;
}

export const ownerWitnessFileName = 'owner.seen';
const checkChars = 16;

export function openOwnerWitness(dataDir: string): OwnerWitness {
  const path = join(dataDir, ownerWitnessFileName);
  let seen = readSeen(path);
  return {
    seen: () => seen,
    note: (next) => {
      if (seen && seen.changeNo >= next.changeNo && seen.resetNo >= next.resetNo) return;
      try {
        writeFileSync(`${path}.new`, lineOf(next), { mode: 0o600 });
        putInPlace({ from: `${path}.new`, to: path });
        seen = next;
      } catch {
        // A full or failing disk speaks up at the journal; the next start writes it down.
      }
    },
  };
}

const checkOf = (text: string): string => digest('sha256', text).slice(0, checkChars);

function lineOf({ changeNo, resetNo }: OwnerSeen): string {
  const text = `${changeNo} ${resetNo}`;
  return `${text} ${checkOf(text)}\n`;
}

function readSeen(path: string): OwnerSeen | undefined {
  try {
    const [changeNo = '', resetNo = '', check] = readFileSync(path, 'latin1').trim().split(' ');
    if (check !== checkOf(`${changeNo} ${resetNo}`)) return undefined;
    return { changeNo: Number(changeNo), resetNo: Number(resetNo) };
  } catch {
    return undefined;
  }
}

/** Is this record older than one that this till has had? Pure. */
export const isOlderThan = (record: OwnerSeen, seen: OwnerSeen | undefined): boolean =>
  seen !== undefined && (record.changeNo < seen.changeNo || record.resetNo < seen.resetNo);
