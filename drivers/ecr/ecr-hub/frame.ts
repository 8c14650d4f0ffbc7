import type { TakeHead } from '#drivers/ecr/frame-reader.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/**
 * The frames of the ECR-Hub serial protocol (115200 8N1):
 * `55 AA` · type · ack · id · length (2, high byte first) · data · XOR from type to data · `CC 33`.
 * Parsed by the length: the data may hold `CC 33`. Source:
 * https://developer.codepay.us/docs/SerialCommunicationProtocol
 */
export interface HubFrame {
  readonly type: HubFrameType;
  /** The id of the last good data frame of the other side; 0 says nothing. */
  readonly ack: number;
  /** 1..255 for a frame with data, 0 without. */
  readonly id: number;
  readonly data: Uint8Array;
}

/** `data` without data is a heartbeat (ack 0) or an acknowledgement. */
export type HubFrameType = 'data' | 'handshake' | 'confirm';

/** The page limits the whole frame. */
export const hubFrameBytesMax = 1_024;
const overheadBytes = 10;
export const hubDataBytesMax = hubFrameBytesMax - overheadBytes;
/**
 * The page lets ids wrap at 255, the maker's own library at 127. What we send fits both; what we receive may be any.
 */
export const hubSendIdMax = 127;

const head = [0x55, 0xaa] as const;
const tail = [0xcc, 0x33] as const;
const headerBytes = 7;
const types: readonly HubFrameType[] = ['data', 'handshake', 'confirm'];

const nothing = new Uint8Array(0);
export const hubHandshake: HubFrame = { type: 'handshake', ack: 0, id: 0, data: nothing };
export const hubConfirm: HubFrame = { type: 'confirm', ack: 0, id: 0, data: nothing };
export const hubHeartbeat: HubFrame = { type: 'data', ack: 0, id: 0, data: nothing };
export const hubAck = (id: number): HubFrame => ({ type: 'data', ack: id, id: 0, data: nothing });

export const isHeartbeat = (frame: HubFrame): boolean =>
  frame.type === 'data' && frame.ack === 0 && frame.id === 0;

/** The id after this one: 1..127, round and round. */
export const nextSendId = (id: number): number => (id % hubSendIdMax) + 1;

/** Error: the data is longer than one frame may be. */
export function encodeHubFrame(frame: HubFrame): Result<Uint8Array, { type: 'frame-too-long' }> {
  const size = frame.data.length;
  if (size > hubDataBytesMax) return err({ type: 'frame-too-long' });
  const bytes = new Uint8Array(size + overheadBytes);
  bytes.set([...head, types.indexOf(frame.type), frame.ack, frame.id, size >> 8, size & 0xff]);
  bytes.set(frame.data, headerBytes);
  bytes.set([checksum(bytes.subarray(2, headerBytes + size)), ...tail], headerBytes + size);
  return ok(bytes);
}

/** What lies at the head of these bytes. */
export const takeHubFrame: TakeHead<HubFrame> = (bytes) => {
  if (bytes[0] !== head[0]) return { type: 'skip' };
  if (bytes.length < 2) return { type: 'more' };
  if (bytes[1] !== head[1]) return { type: 'skip' };
  if (bytes.length < headerBytes) return { type: 'more' };
  const type = types[bytes[2]!];
  const size = (bytes[5]! << 8) | bytes[6]!;
  if (type === undefined || size > hubDataBytesMax || (type !== 'data' && size > 0)) {
    return { type: 'bad', byteCount: headerBytes };
  }
  const byteCount = size + overheadBytes;
  if (bytes.length < byteCount) return { type: 'more' };
  const end = headerBytes + size;
  const sound =
    bytes[end] === checksum(bytes.subarray(2, end)) &&
    bytes[end + 1] === tail[0] &&
    bytes[end + 2] === tail[1];
  if (!sound) return { type: 'bad', byteCount };
  const data = bytes.slice(headerBytes, end);
  return { type: 'taken', byteCount, value: { type, ack: bytes[3]!, id: bytes[4]!, data } };
};

const checksum = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum ^ byte, 0);
