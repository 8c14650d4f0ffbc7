import type { Draw } from '../draw.ts';
import type { DiskOp } from '../disk/record.ts';

/**
 * A disk that keeps only what was synced. What was written since is kept at a power cut as chance
 * (and nothing else) decides: all, none, any subset, or a beginning with a torn end. Names (create,
 * rename, unlink) are kept in their order, from the last sync of the folder on up to any point:
 * file systems journal them.
 */
export interface LossyDisk {
  apply(op: DiskOp): void;
  /** The files as a power cut would leave them now, by name. */
  filesAfterCut(fate: Fate, draw: Draw): ReadonlyMap<string, Buffer>;
}

/** What becomes of what was not synced. */
export const fates = ['nothing', 'everything', 'subset', 'torn', 'torn-garbage'] as const;
export type Fate = (typeof fates)[number];

type Change = Extract<DiskOp, { type: 'write' | 'truncate' }>;
type NameChange = { readonly name: string; readonly file: OneFile | undefined };

interface OneFile {
  readonly durable: Content;
  pending: Change[];
}

/** SQLite's shared index is rebuilt from the log at every first open: it is no data. */
const isRebuilt = (name: string): boolean => name.endsWith('-shm');

export function createLossyDisk(): LossyDisk {
  const live = new Map<string, OneFile>();
  const durableNames = new Map<string, OneFile>();
  let pendingNames: NameChange[] = [];

  const rename = (name: string, file: OneFile | undefined): void => {
    setOrDelete(live, name, file);
    pendingNames.push({ name, file });
  };
  const fileOf = (name: string): OneFile => {
    const known = live.get(name);
    if (known) return known;
    const file = { durable: createContent(), pending: [] };
    rename(name, file);
    return file;
  };
  const apply = (op: DiskOp): void => {
    if (op.type === 'told' || isRebuilt(op.name)) return;
    switch (op.type) {
      case 'write':
      case 'truncate':
        fileOf(op.name).pending.push(op);
        return;
      case 'create':
        rename(op.name, { durable: createContent(), pending: [] });
        return;
      case 'unlink':
        rename(op.name, undefined);
        return;
      case 'rename': {
        const file = fileOf(op.name);
        rename(op.name, undefined);
        rename(op.to, file);
        return;
      }
      case 'sync':
        if (op.name === '') {
          for (const { name, file } of pendingNames) setOrDelete(durableNames, name, file);
          pendingNames = [];
        } else {
          const file = fileOf(op.name);
          for (const change of file.pending) file.durable.apply(change);
          file.pending = [];
        }
    }
  };
  const filesAfterCut = (fate: Fate, draw: Draw): ReadonlyMap<string, Buffer> => {
    const files = new Map<string, Buffer>();
    const names = new Map(durableNames);
    const keptNames = Math.floor(shareOf(fate, draw('names')) * (pendingNames.length + 1));
    for (const { name, file } of pendingNames.slice(0, keptNames)) setOrDelete(names, name, file);
    for (const [name, { durable, pending }] of names) {
      const content = durable.copy();
      for (const change of survivors(pending, fate, (what) => draw(`${name}/${what}`)))
        content.apply(change);
      files.set(name, content.bytes());
    }
    return files;
  };
  return { apply, filesAfterCut };
}

function setOrDelete(map: Map<string, OneFile>, name: string, file: OneFile | undefined): void {
  if (file) map.set(name, file);
  else map.delete(name);
}

const shareOf = (fate: Fate, drawn: number): number =>
  fate === 'nothing' ? 0 : fate === 'everything' ? 1 : drawn;

/** What of the unsynced changes of one file is on the disk, in their order. */
function survivors(pending: readonly Change[], fate: Fate, draw: Draw): readonly Change[] {
  if (fate === 'nothing') return [];
  if (fate === 'everything') return pending;
  if (fate === 'subset') return pending.filter((_, index) => draw(`kept/${index}`) < 0.5);
  const whole = Math.floor(draw('whole') * (pending.length + 1));
  const torn = pending[whole];
  const kept = pending.slice(0, whole);
  return torn?.type === 'write' ? [...kept, tear(torn, fate, draw)] : kept;
}

/** A beginning of the write; with garbage, the rest of it holds what was never written by anybody. */
function tear(write: Extract<Change, { type: 'write' }>, fate: Fate, draw: Draw): Change {
  const keptBytes = Math.floor(draw('torn') * write.data.length);
  const kept = write.data.subarray(0, keptBytes);
  if (fate === 'torn') return { ...write, data: kept };
  const garbage = Buffer.alloc(write.data.length - keptBytes, Math.floor(draw('garbage') * 256));
  return { ...write, data: Buffer.concat([kept, garbage]) };
}

/** The bytes of one file. */
interface Content {
  apply(change: Change): void;
  copy(): Content;
  bytes(): Buffer;
}

function createContent(start: Buffer = Buffer.alloc(0)): Content {
  let room = start;
  let length = start.length;
  const grow = (bytes: number): void => {
    if (bytes <= room.length) return;
    const wider = Buffer.alloc(Math.max(bytes, room.length * 2));
    room.copy(wider, 0, 0, length);
    room = wider;
  };
  return {
    apply: (change) => {
      if (change.type === 'truncate') {
        grow(change.bytes);
        room.fill(0, Math.min(length, change.bytes));
        length = change.bytes;
        return;
      }
      const end = change.offset + change.data.length;
      grow(end);
      change.data.copy(room, change.offset);
      length = Math.max(length, end);
    },
    copy: () => createContent(Buffer.from(room.subarray(0, length))),
    bytes: () => room.subarray(0, length),
  };
}
