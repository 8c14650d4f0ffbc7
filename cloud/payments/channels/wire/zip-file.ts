import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { err, ok, type Result } from '#shared/result/result.ts';

/** One file of a zip, from the directory at its end. Sizes in bytes. */
export interface ZipEntry {
  /**
   * The name's bytes, and whether they are UTF-8; else they are in the writer's own code page.
   * Never a path of ours.
   */
  readonly name: Buffer;
  readonly isUtf8: boolean;
  readonly method: 'stored' | 'deflated';
  readonly packedBytes: number;
  readonly bytes: number;
  readonly crc32: number;
  readonly headerAt: number;
}

export interface ZipError {
  readonly type: 'not-a-zip' | 'zip-unsupported' | 'zip-too-large' | 'zip-damaged';
}

/** Files in one zip at most; a bill has two. */
export const zipEntriesMax = 64;
/** Bytes of its directory at most. */
const directoryBytesMax = 64 * 1024;

const [endMark, centralMark, localMark] = [0x06054b50, 0x02014b50, 0x04034b50];
const [endBytes, centralBytes, localBytes] = [22, 46, 30];
const [encryptedFlag, utf8Flag] = [0x0001, 0x0800];
/** Where ZIP64 would keep a size. */
const zip64 = 0xffffffff;
const readChunkBytes = 64 * 1024;

/**
 * A zip on disk. Strict: its end stands at the end of the file and nothing follows, no encryption,
 * no ZIP64, no parts. Errors: see {@link ZipError}. Source: PKWARE APPNOTE 4.3.
 */
export interface ZipFile {
  readonly entries: readonly ZipEntry[];
  /**
   * The unpacked bytes, piece by piece. Throws `zip-damaged` when sizes or checksum do not fit:
   * bytes count only at the end.
   */
  read(entry: ZipEntry): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Opens a zip of at most `unpackedBytesMax` bytes, all its files together. */
export async function openZip(
  path: string,
  unpackedBytesMax: number,
): Promise<Result<ZipFile, ZipError>> {
  const file = await open(path, 'r');
  const entries = await entriesOf(file);
  const total = entries.ok ? entries.value.reduce((sum, { bytes }) => sum + bytes, 0) : 0;
  if (entries.ok && total <= unpackedBytesMax)
    return ok({
      entries: entries.value,
      read: (entry) => unpacked(file, entry),
      close: () => file.close(),
    });
  await file.close();
  return entries.ok ? err({ type: 'zip-too-large' }) : entries;
}

async function entriesOf(file: FileHandle): Promise<Result<readonly ZipEntry[], ZipError>> {
  const { size } = await file.stat();
  const end = size < endBytes ? undefined : await bytesAt(file, size - endBytes, endBytes);
  if (end?.readUInt32LE(0) !== endMark || end.readUInt16LE(20) !== 0)
    return err({ type: 'not-a-zip' });
  const count = end.readUInt16LE(10);
  const [directoryBytes, directoryAt] = [end.readUInt32LE(12), end.readUInt32LE(16)];
  const isOneDisk = end.readUInt32LE(4) === 0 && end.readUInt16LE(8) === count;
  if (!isOneDisk || directoryBytes === zip64 || directoryAt === zip64)
    return err({ type: 'zip-unsupported' });
  if (count > zipEntriesMax || directoryBytes > directoryBytesMax)
    return err({ type: 'zip-too-large' });
  if (directoryAt + directoryBytes !== size - endBytes) return err({ type: 'zip-damaged' });
  const directory = await bytesAt(file, directoryAt, directoryBytes);
  return directory === undefined ? err({ type: 'zip-damaged' }) : parse(directory, count);
}

function parse(directory: Buffer, count: number): Result<readonly ZipEntry[], ZipError> {
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const isWhole =
      at + centralBytes <= directory.length && directory.readUInt32LE(at) === centralMark;
    if (!isWhole) return err({ type: 'zip-damaged' });
    const flags = directory.readUInt16LE(at + 8);
    const method = directory.readUInt16LE(at + 10);
    const packedBytes = directory.readUInt32LE(at + 20);
    const bytes = directory.readUInt32LE(at + 24);
    const nameBytes = directory.readUInt16LE(at + 28);
    const nextAt =
      at +
      centralBytes +
      nameBytes +
      directory.readUInt16LE(at + 30) +
      directory.readUInt16LE(at + 32);
    const isKnown = method === 0 || method === 8;
    if (!isKnown || (flags & encryptedFlag) !== 0 || packedBytes === zip64 || bytes === zip64)
      return err({ type: 'zip-unsupported' });
    if (nextAt > directory.length) return err({ type: 'zip-damaged' });
    entries.push({
      name: directory.subarray(at + centralBytes, at + centralBytes + nameBytes),
      isUtf8: (flags & utf8Flag) !== 0,
      method: method === 0 ? 'stored' : 'deflated',
      packedBytes,
      bytes,
      crc32: directory.readUInt32LE(at + 16),
      headerAt: directory.readUInt32LE(at + 42),
    });
    at = nextAt;
  }
  return at === directory.length ? ok(entries) : err({ type: 'zip-damaged' });
}

async function* unpacked(file: FileHandle, entry: ZipEntry): AsyncIterable<Uint8Array> {
  const header = await bytesAt(file, entry.headerAt, localBytes);
  if (header?.readUInt32LE(0) !== localMark) throw new Error('zip-damaged');
  const startAt = entry.headerAt + localBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = Readable.from(pieces(file, startAt, entry.packedBytes));
  const source: AsyncIterable<Uint8Array> =
    entry.method === 'stored'
      ? packed
      : packed.pipe(createInflateRaw()).on('close', () => packed.destroy());
  packed.on('error', (cause) => {
    if (source instanceof Readable) source.destroy(cause);
  });
  let [bytes, checksum] = [0, 0];
  try {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > entry.bytes) break;
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } catch (cause) {
    throw new Error('zip-damaged', { cause });
  }
  if (bytes !== entry.bytes || checksum !== entry.crc32) throw new Error('zip-damaged');
}

async function* pieces(
  file: FileHandle,
  startAt: number,
  bytes: number,
): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes; at += readChunkBytes) {
    const piece = await bytesAt(file, startAt + at, Math.min(readChunkBytes, bytes - at));
    if (piece === undefined) throw new Error('zip-damaged');
    yield piece;
  }
}

/** Exactly so many bytes, or undefined. */
async function bytesAt(file: FileHandle, at: number, count: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(count);
  const { bytesRead } = await file.read(bytes, 0, count, at);
  return bytesRead === count ? bytes : undefined;
}
