/** One operation as `fsync-shim.c` recorded it, in the order in which it reached the file system. */
export type DiskOp =
  | {
      readonly type: 'write';
      readonly name: string;
      readonly offset: number;
      readonly data: Buffer;
    }
  | { readonly type: 'truncate'; readonly name: string; readonly bytes: number }
  /** The name "" is the folder: its sync makes names durable. */
  | { readonly type: 'sync'; readonly name: string }
  | { readonly type: 'create'; readonly name: string }
  | { readonly type: 'rename'; readonly name: string; readonly to: string }
  | { readonly type: 'unlink'; readonly name: string }
  /** What the process told the world on its standard output: an acknowledgement. */
  | { readonly type: 'told'; readonly text: string };

const headBytes = 24;

/** Reads a record; a half operation at its end (the process was killed) is left out. Throws on what is no record. */
export function readRecord(record: Buffer): readonly DiskOp[] {
  const ops: DiskOp[] = [];
  let at = 0;
  while (at + headBytes <= record.length) {
    const nameBytes = record.readUInt32LE(at + 4);
    const dataBytes = Number(record.readBigUInt64LE(at + 16));
    const dataAt = at + headBytes + nameBytes;
    if (dataAt + dataBytes > record.length) break;
    ops.push(
      opOf({
        code: record.readUInt32LE(at),
        offset: Number(record.readBigUInt64LE(at + 8)),
        name: record.toString('utf8', at + headBytes, dataAt),
        data: record.subarray(dataAt, dataAt + dataBytes),
      }),
    );
    at = dataAt + dataBytes;
  }
  return ops;
}

/** The numbers are those of `enum op` in fsync-shim.c. */
function opOf(parts: {
  readonly code: number;
  readonly offset: number;
  readonly name: string;
  readonly data: Buffer;
}): DiskOp {
  const { code, offset, name, data } = parts;
  switch (code) {
    case 1:
      return { type: 'write', name, offset, data };
    case 2:
      return { type: 'truncate', name, bytes: offset };
    case 3:
      return { type: 'sync', name };
    case 4:
      return { type: 'create', name };
    case 5:
      return { type: 'rename', name, to: data.toString() };
    case 6:
      return { type: 'unlink', name };
    case 7:
      return { type: 'told', text: data.toString() };
    default:
      throw new RangeError(`no operation has the number ${code}`);
  }
}
