/** Commands that a printer obeys the moment they arrive, wherever they stand, even inside an image (Epson, DLE). */
export type RealTimeCommand =
  | { readonly type: 'status'; readonly question: number }
  | { readonly type: 'recover' }
  | { readonly type: 'drawer'; readonly pin: 2 | 5 }
  | { readonly type: 'clear-buffers' };

const clearSequence = [0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08];

/** Watches the incoming bytes; answers the command that the byte completed, or null. */
export function createRealTimeListener(): (byte: number) => RealTimeCommand | null {
  let seen: number[] = [];
  return (byte) => {
    seen.push(byte);
    const found = commandOf(seen);
    if (found === 'more') return null;
    seen = found === null && byte === 0x10 ? [byte] : [];
    return found;
  };
}

/** The chunk in pieces, each ending with a real-time command or with the chunk. */
export function* cutAtCommands(
  chunk: Uint8Array,
  hear: (byte: number) => RealTimeCommand | null,
): Generator<{ readonly bytes: Uint8Array; readonly command: RealTimeCommand | null }> {
  let start = 0;
  for (const [index, byte] of chunk.entries()) {
    const command = hear(byte);
    if (command === null && index + 1 < chunk.length) continue;
    yield { bytes: chunk.subarray(start, index + 1), command };
    start = index + 1;
  }
}

function commandOf(seen: readonly number[]): RealTimeCommand | 'more' | null {
  const [first, second, third, fourth] = seen;
  if (first !== 0x10) return null;
  if (second === undefined) return 'more';
  if (second === 0x04) {
    if (third === undefined) return 'more';
    return third >= 1 && third <= 4 ? { type: 'status', question: third } : null;
  }
  if (second === 0x05) return third === undefined ? 'more' : { type: 'recover' };
  if (second !== 0x14) return null;
  if (third === undefined) return 'more';
  if (third === 0x01) {
    if (seen.length < 5) return 'more';
    return { type: 'drawer', pin: fourth === 0 ? 2 : 5 };
  }
  if (third !== 0x08 || !seen.every((byte, index) => clearSequence[index] === byte)) return null;
  return seen.length === clearSequence.length ? { type: 'clear-buffers' } : 'more';
}
