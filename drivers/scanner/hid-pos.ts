import { isAimId } from '#shared/scan/aim.ts';

/**
 * Reads the input reports of a HID point-of-sale scanner (usage page 0x8C, usage 0x02) into codes. Pure: one report or
 * one silence in, events out.
 *
 * report = [02] length AIM(3) data(56) vendor(2) flags, 64 bytes with its id
 *   length  bytes of data in this report, 0..56
 *   AIM     "]", letter, modifier; three zeros when the scanner names no kind
 *   vendor  first byte: the kind of print by the vendor's own table
 *   flags   bit 0: more reports of this code follow
 * Some scanners put one byte between length and AIM, which moves AIM and data but not vendor and
 * flags. Some systems take the report id off. Both are found out from where "]" stands.
 * Sources: USB-IF HID Point of Sale Usage Tables 1.02 (2001); Access-IS LSR118 manual, appendix B;
 * NielsLeenheer/WebHidBarcodeScanner (MIT) for the moved layout and a trailing CR in the data.
 */
export interface HidPosState {
  /** Data of the reports so far of a code that goes on. */
  readonly pending: readonly number[];
  /** The AIM identifier of the first of them, or null. */
  readonly aim: string | null;
  /** A report of the present code was bad: what follows until its last report, or a silence, is dropped. */
  readonly spoiled: boolean;
}

export type HidPosEvent =
  | {
      readonly type: 'code';
      readonly data: Uint8Array;
      readonly aim: string | null;
      /** The vendor's byte; 0 = none. */
      readonly vendorSymbology: number;
    }
  | { readonly type: 'rejected'; readonly reason: HidPosRejected };

export type HidPosRejected =
  /** Not a report of scanned data: wrong id, too short, or no layout fits. */
  | 'no-layout'
  /** The length is more than a report holds. */
  | 'length'
  | 'too-long'
  /** A code whose last report never came. */
  | 'unfinished';

export interface HidPosStep {
  readonly state: HidPosState;
  readonly events: readonly HidPosEvent[];
}

export const hidPosStart: HidPosState = { pending: [], aim: null, spoiled: false };

export const hidPosReportId = 0x02;
/** Without the report id. */
export const hidPosReportBytes = 63;
export const hidPosDataBytesMax = 56;
/** Longer codes are dropped whole; the same limit as on a serial line. */
export const hidPosCodeBytesMax = 1_024;
const vendorAt = 60;
const flagsAt = 62;
const aimLength = 3;
const bracket = 0x5d;

/** Takes one report, with or without its id. */
export function pushReport(state: HidPosState, report: Uint8Array): HidPosStep {
  const read = readReport(report);
  if (read.type === 'rejected') {
    // Inside a code, a report that cannot be trusted is not believed when it says that it is the last one either.
    return spoil(state, { reason: read.reason, more: read.more || awaitsReport(state) });
  }
  if (state.spoiled) return { state: read.more ? state : hidPosStart, events: [] };
  const torn = state.pending.length > 0 && state.aim !== read.aim;
  const before = torn ? hidPosStart : state;
  const events: HidPosEvent[] = torn ? [{ type: 'rejected', reason: 'unfinished' }] : [];
  const pending = [...before.pending, ...read.data];
  if (pending.length > hidPosCodeBytesMax) {
    return spoil(hidPosStart, { reason: 'too-long', more: read.more });
  }
  if (read.more) {
    return { state: { pending, aim: read.aim, spoiled: false }, events };
  }
  const data = withoutSuffix(pending);
  if (data.length > 0) {
    const { aim, vendorSymbology } = read;
    events.push({ type: 'code', data: Uint8Array.from(data), aim, vendorSymbology });
  }
  return { state: hidPosStart, events };
}

/** No report came for a while: a code that should have gone on never will, and the next report begins a new one. */
export function hidPosSilence(state: HidPosState): HidPosStep {
  const unfinished = state.pending.length > 0;
  return {
    state: hidPosStart,
    events: unfinished ? [{ type: 'rejected', reason: 'unfinished' }] : [],
  };
}

/** Does the parser wait for more of a code? Then a silence must be told to it. */
export const awaitsReport = (state: HidPosState): boolean =>
  state.pending.length > 0 || state.spoiled;

/** A bad report spoils the code it belongs to; its tail must not be read as a code of its own. */
function spoil(
  state: HidPosState,
  bad: { readonly reason: HidPosRejected; readonly more: boolean },
): HidPosStep {
  const told = state.spoiled;
  return {
    state: bad.more ? { ...hidPosStart, spoiled: true } : hidPosStart,
    events: told ? [] : [{ type: 'rejected', reason: bad.reason }],
  };
}

type ReadReport =
  | {
      readonly type: 'data';
      readonly data: Uint8Array;
      readonly aim: string | null;
      readonly vendorSymbology: number;
      readonly more: boolean;
    }
  | { readonly type: 'rejected'; readonly reason: HidPosRejected; readonly more: boolean };

function readReport(report: Uint8Array): ReadReport {
  const body = bodyOf(report);
  if (body === null) return { type: 'rejected', reason: 'no-layout', more: false };
  const more = ((body[flagsAt] ?? 0) & 1) === 1;
  const length = body[0] ?? 0;
  const aimAt = aimOffset(body);
  if (aimAt === null) return { type: 'rejected', reason: 'no-layout', more };
  if (length > hidPosDataBytesMax) return { type: 'rejected', reason: 'length', more };
  const from = aimAt + aimLength;
  const aim = body[aimAt] === bracket ? aimText(body, aimAt) : null;
  const vendorSymbology = body[vendorAt] ?? 0;
  return { type: 'data', data: body.subarray(from, from + length), aim, vendorSymbology, more };
}

/**
 * The report without its id. With the id "]" stands at 2 or 3, without it at 1 or 2; 0x5D is no length, so at 1 it says
 * that the id is gone, and otherwise the size does.
 */
function bodyOf(report: Uint8Array): Uint8Array | null {
  if (report.length < hidPosReportBytes) return null;
  if (report.length === hidPosReportBytes || report[1] === bracket) return report;
  return report[0] === hidPosReportId ? report.subarray(1) : null;
}

/** Where the AIM identifier stands in the body: 1, or 2 in the moved layout; 1 when there is none. */
function aimOffset(body: Uint8Array): 1 | 2 | null {
  if (isAimId(aimText(body, 1))) return 1;
  if (isAimId(aimText(body, 2))) return 2;
  const absent = body[1] === 0 && body[2] === 0 && body[3] === 0;
  return absent ? 1 : null;
}

const aimText = (body: Uint8Array, at: number): string =>
  String.fromCharCode(body[at] ?? 0, body[at + 1] ?? 0, body[at + 2] ?? 0);

/** Scanners that were set up with a suffix send it here too. */
function withoutSuffix(data: readonly number[]): readonly number[] {
  let end = data.length;
  while (end > 0 && (data[end - 1] === 0x0d || data[end - 1] === 0x0a || data[end - 1] === 0x09)) {
    end -= 1;
  }
  return data.slice(0, end);
}
