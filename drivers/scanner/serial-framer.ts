import { isAimId } from '#shared/scan/aim.ts';

/**
 * Cuts the byte stream of a serial scanner into codes. Pure and byte by byte: a chunk may hold half a code or three.
 *
 * frame = [noise] [prefix] [AIM id "]" letter modifier] data (CR | LF | CRLF), or data followed by
 * silence. GS, RS, FS and EOT are data (GS1, ISO 15434). A tab is data too, but not at the ends:
 * some scanners end codes with it, and silence does the rest. Other control bytes are noise before
 * the data and spoil it inside.
 */
export interface FramerConfig {
  /** Bytes the scanner sends before each code; empty for none. */
  readonly prefix: readonly number[];
  /** Longer frames are dropped whole, 1..4096. */
  readonly frameBytesMax: number;
}

export interface FramerState {
  readonly pending: readonly number[];
  /** Why the present frame is lost already, or null. */
  readonly spoiledBy: 'too-long' | 'not-text' | null;
  /** This scanner ends its codes: what is left over after a silence is a torn code, not a code. */
  readonly endsCodes: boolean;
}

export type FramerEvent =
  | { readonly type: 'frame'; readonly data: Uint8Array; readonly aimId: string | null }
  | {
      readonly type: 'rejected';
      readonly reason: 'too-long' | 'not-text' | 'no-prefix' | 'unterminated';
    };

export interface FramerStep {
  readonly state: FramerState;
  readonly events: readonly FramerEvent[];
}

export const framerConfigDefault: FramerConfig = { prefix: [], frameBytesMax: 1024 };

export const framerStart: FramerState = { pending: [], spoiledBy: null, endsCodes: false };

const cr = 0x0d;
const lf = 0x0a;
const tab = 0x09;
const controlData = new Set([0x04, tab, 0x1c, 0x1d, 0x1e]);
const aimIdLength = 3;

export function pushBytes(state: FramerState, chunk: Uint8Array, config: FramerConfig): FramerStep {
  const events: FramerEvent[] = [];
  let pending = [...state.pending];
  let { spoiledBy, endsCodes } = state;
  for (const byte of chunk) {
    if (byte === cr || byte === lf) {
      const event = closeFrame(pending, spoiledBy, config);
      if (event !== null) events.push(event);
      if (event?.type === 'frame') endsCodes = true;
      pending = [];
      spoiledBy = null;
    } else if (spoiledBy === null) {
      const isPrefix = config.prefix.includes(byte);
      const leading = byte === tab && pending.length === 0;
      const noise = byte < 0x20 && !isPrefix && (leading || !controlData.has(byte));
      if (noise && pending.length > 0) spoiledBy = 'not-text';
      else if (!noise) pending.push(byte);
      if (pending.length > config.frameBytesMax) {
        spoiledBy = 'too-long';
        pending = [];
      }
    }
  }
  return { state: { pending, spoiledBy, endsCodes }, events };
}

/** The line has been quiet: without an end byte this is how a code ends. */
export function flush(state: FramerState, config: FramerConfig): FramerStep {
  const cleared: FramerState = { pending: [], spoiledBy: null, endsCodes: state.endsCodes };
  if (state.pending.length === 0 && state.spoiledBy === null) return { state, events: [] };
  if (state.endsCodes) {
    return { state: cleared, events: [{ type: 'rejected', reason: 'unterminated' }] };
  }
  const event = closeFrame(state.pending, state.spoiledBy, config);
  return { state: cleared, events: event === null ? [] : [event] };
}

function closeFrame(
  pending: readonly number[],
  spoiledBy: FramerState['spoiledBy'],
  config: FramerConfig,
): FramerEvent | null {
  if (spoiledBy !== null) return { type: 'rejected', reason: spoiledBy };
  if (pending.length === 0) return null;
  const data = afterPrefix(withoutTabs(pending), config.prefix);
  if (data === null) return { type: 'rejected', reason: 'no-prefix' };
  const aimId = aimIdOf(data);
  const rest = aimId === null ? data : data.slice(aimIdLength);
  return rest.length === 0 ? null : { type: 'frame', data: Uint8Array.from(rest), aimId };
}

function withoutTabs(pending: readonly number[]): readonly number[] {
  let end = pending.length;
  while (end > 0 && pending[end - 1] === tab) end -= 1;
  return pending.slice(0, end);
}

/**
 * What follows the prefix; null when it is missing. A prefix with a control byte can stand in no code, so the last
 * one counts: the one before it began a code whose end was lost.
 */
function afterPrefix(
  pending: readonly number[],
  prefix: readonly number[],
): readonly number[] | null {
  if (prefix.length === 0) return pending;
  const starts: number[] = [];
  for (let at = 0; at + prefix.length <= pending.length; at += 1) {
    if (prefix.every((byte, index) => pending[at + index] === byte)) starts.push(at);
  }
  const start = prefix.some((byte) => byte < 0x20) ? starts.at(-1) : starts[0];
  return start === undefined ? null : pending.slice(start + prefix.length);
}

function aimIdOf(data: readonly number[]): string | null {
  const text = String.fromCharCode(...data.slice(0, aimIdLength));
  return isAimId(text) ? text : null;
}
