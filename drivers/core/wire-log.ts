/** The last bytes on a wire, for support. Bounded, and written so that no payment code can be read from it. */
export interface WireLog {
  note(entry: {
    readonly generation: number;
    readonly direction: Direction;
    readonly bytes: Uint8Array;
  }): void;
  /** Oldest first; one line per chunk: time, generation, direction, bytes as text or hex. */
  lines(): readonly string[];
}

export type Direction = 'in' | 'out';

export const wireLogEntriesMax = 256;
export const wireLogEntryBytesMax = 64;
/**
 * Of a run of printable characters only so many are shown. A payment code is such a run (18 digits, `fp…`, Base64),
 * and so is a code that arrives byte by byte: runs are counted across chunks. A space does not end a run: card numbers
 * are printed in groups of four.
 */
export const wireLogRunShownMax = 4;

export function createWireLog(deps: { readonly nowMs: () => number }): WireLog {
  const entries: string[] = [];
  const runs: Record<Direction, number> = { in: 0, out: 0 };
  return {
    note: ({ generation, direction, bytes }) => {
      const masked = maskRuns(bytes, runs[direction]);
      runs[direction] = masked.runLength;
      entries.push(`${deps.nowMs()} #${generation} ${direction} ${masked.text}`);
      if (entries.length > wireLogEntriesMax) entries.shift();
    },
    lines: () => [...entries],
  };
}

/** `runBefore` = printable characters that ended the previous chunk. Exported for its test. */
export function maskRuns(
  bytes: Uint8Array,
  runBefore: number,
): { readonly text: string; readonly runLength: number } {
  const shown: string[] = [];
  let runLength = runBefore;
  for (const byte of bytes) {
    const printable = byte > 0x20 && byte < 0x7f;
    if (printable) runLength += 1;
    else if (byte !== 0x20) runLength = 0;
    if (shown.length >= wireLogEntryBytesMax) continue;
    if (!printable) shown.push(`<${byte.toString(16).padStart(2, '0')}>`);
    else shown.push(runLength > wireLogRunShownMax ? '*' : String.fromCharCode(byte));
  }
  const rest = bytes.length - shown.length;
  return { text: shown.join('') + (rest > 0 ? ` +${rest}` : ''), runLength };
}
