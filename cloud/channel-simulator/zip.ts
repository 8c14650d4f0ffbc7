import { crc32, deflateRawSync } from 'node:zlib';

export interface ZippedFile {
  /** The name as its bytes stand in the zip. */
  readonly name: Buffer;
  readonly content: Buffer;
}

const [localMark, centralMark, endMark] = [0x04034b50, 0x02014b50, 0x06054b50];
const [version, deflated] = [20, 8];
/** 1 January 1980, 00:00: the earliest date that the format knows. */
const dosDate = 0x0021;

/** A zip of these files, deflated. The same files give the same bytes. Source: PKWARE APPNOTE 4.3.7, 4.3.12, 4.3.16. */
export function zipOf(files: readonly ZippedFile[]): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, content } of files) {
    const packed = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(version, 0);
    common.writeUInt16LE(deflated, 4);
    common.writeUInt16LE(dosDate, 8);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(name.length, 22);
    locals.push(markOf(localMark), common, name, packed);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    centrals.push(markOf(centralMark), Buffer.from([version, 0]), common, tail, name);
    offset += 4 + common.length + name.length + packed.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, directory, markOf(endMark), end]);
}

function markOf(mark: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(mark);
  return bytes;
}
