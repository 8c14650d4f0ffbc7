import iconv from 'iconv-lite';

/**
 * Reads ESC/POS the way a Chinese printer does, one command at a time. Written from the command reference, not from our
 * encoder, so that a wrong byte there shows here as an unknown command or as junk on paper.
 */
export type ParsedCommand =
  | { readonly type: 'character'; readonly text: string; readonly columns: 1 | 2 }
  | { readonly type: 'line-feed' }
  | { readonly type: 'feed'; readonly lines: number }
  | { readonly type: 'initialize' }
  | { readonly type: 'align'; readonly align: 'left' | 'center' | 'right' }
  | { readonly type: 'bold'; readonly on: boolean }
  | { readonly type: 'size'; readonly width: number; readonly height: number }
  | { readonly type: 'chinese'; readonly on: boolean }
  | {
      readonly type: 'raster';
      readonly widthBytes: number;
      readonly rows: number;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'qr-module'; readonly dots: number }
  | { readonly type: 'qr-level'; readonly level: 'L' | 'M' | 'Q' | 'H' }
  | { readonly type: 'qr-store'; readonly text: string }
  | { readonly type: 'qr-print' }
  | { readonly type: 'cut' }
  | { readonly type: 'drawer'; readonly pin: 2 | 5 }
  | { readonly type: 'process-id'; readonly digits: readonly number[] }
  | { readonly type: 'paper-question' }
  | { readonly type: 'counter-question'; readonly counter: number }
  /** GS I: 67 model, 68 serial number. */
  | { readonly type: 'identity-question'; readonly what: number }
  /** GS a: which changes are told by themselves; 0 none. */
  | { readonly type: 'auto-status'; readonly mask: number }
  /** Known, and without effect on paper. */
  | { readonly type: 'ignored' }
  | { readonly type: 'unknown'; readonly hex: string };

export type ParseStep =
  | { readonly type: 'need-more' }
  | { readonly type: 'command'; readonly command: ParsedCommand; readonly length: number };

const ignored: ParsedCommand = { type: 'ignored' };

/** The command at the beginning of `bytes`, which must not be empty. */
export function parseCommand(bytes: Uint8Array, chineseOn: boolean): ParseStep {
  const first = at(bytes, 0);
  switch (first) {
    case 0x0a:
      return whole({ type: 'line-feed' }, 1);
    case 0x10:
      return parseRealTime(bytes);
    case 0x1b:
      return parseEsc(bytes);
    case 0x1c:
      return parseFs(bytes);
    case 0x1d:
      return parseGs(bytes);
    default:
      // NUL, CR and other controls that receipt printers pass over.
      return first < 0x20 ? whole(ignored, 1) : parseCharacter(bytes, chineseOn);
  }
}

function parseCharacter(bytes: Uint8Array, chineseOn: boolean): ParseStep {
  const first = at(bytes, 0);
  if (first < 0x80) {
    return whole({ type: 'character', text: String.fromCharCode(first), columns: 1 }, 1);
  }
  if (!chineseOn || first === 0x80 || first === 0xff) {
    return whole({ type: 'character', text: '\uFFFD', columns: 1 }, 1);
  }
  if (bytes.length < 2) return { type: 'need-more' };
  // A font of two-byte characters takes the head of a four-byte one for junk, and its second byte for a digit.
  if (at(bytes, 1) < 0x40) return whole({ type: 'character', text: '\uFFFD', columns: 1 }, 1);
  const text = iconv.decode(Buffer.from(bytes.subarray(0, 2)), 'gb18030');
  return whole({ type: 'character', text, columns: 2 }, 2);
}

/** Real-time commands were carried out when they arrived; in the buffer they are passed over. */
function parseRealTime(bytes: Uint8Array): ParseStep {
  if (bytes.length < 2) return { type: 'need-more' };
  const second = at(bytes, 1);
  if (second === 0x04 || second === 0x05) return fixed(bytes, 3, () => ignored);
  if (second !== 0x14) return unknown(bytes, 2);
  if (bytes.length < 3) return { type: 'need-more' };
  if (at(bytes, 2) === 0x08) return fixed(bytes, 10, () => ignored);
  return fixed(bytes, at(bytes, 2) === 0x01 ? 5 : 4, () => ignored);
}

function parseEsc(bytes: Uint8Array): ParseStep {
  if (bytes.length < 2) return { type: 'need-more' };
  switch (at(bytes, 1)) {
    case 0x40:
      return whole({ type: 'initialize' }, 2);
    case 0x32:
      return whole(ignored, 2);
    case 0x61:
      return fixed(bytes, 3, () => ({
        type: 'align',
        align: (['left', 'center', 'right'] as const)[at(bytes, 2) % 48] ?? 'left',
      }));
    case 0x45:
      return fixed(bytes, 3, () => ({ type: 'bold', on: (at(bytes, 2) & 1) === 1 }));
    case 0x64:
      return fixed(bytes, 3, () => ({ type: 'feed', lines: at(bytes, 2) }));
    case 0x20:
    case 0x2d:
    case 0x33:
    case 0x47:
    case 0x4d:
    case 0x52:
    case 0x56:
    case 0x74:
    case 0x7b:
      return fixed(bytes, 3, () => ignored);
    case 0x21:
      return fixed(bytes, 3, () => ({
        type: 'size',
        width: (at(bytes, 2) & 0x20) === 0 ? 1 : 2,
        height: (at(bytes, 2) & 0x10) === 0 ? 1 : 2,
      }));
    case 0x24:
    case 0x5c:
      return fixed(bytes, 4, () => ignored);
    case 0x69:
    case 0x6d:
      return whole({ type: 'cut' }, 2);
    case 0x70:
      return fixed(bytes, 5, () => ({ type: 'drawer', pin: (at(bytes, 2) & 1) === 0 ? 2 : 5 }));
    default:
      return unknown(bytes, 2);
  }
}

function parseFs(bytes: Uint8Array): ParseStep {
  if (bytes.length < 2) return { type: 'need-more' };
  switch (at(bytes, 1)) {
    case 0x26:
      return whole({ type: 'chinese', on: true }, 2);
    case 0x2e:
      return whole({ type: 'chinese', on: false }, 2);
    case 0x53:
      return fixed(bytes, 4, () => ignored);
    case 0x21:
    case 0x2d:
    case 0x57:
      return fixed(bytes, 3, () => ignored);
    default:
      return unknown(bytes, 2);
  }
}

function parseGs(bytes: Uint8Array): ParseStep {
  if (bytes.length < 2) return { type: 'need-more' };
  switch (at(bytes, 1)) {
    case 0x21:
      return fixed(bytes, 3, () => ({
        type: 'size',
        width: (at(bytes, 2) >> 4) + 1,
        height: (at(bytes, 2) & 0x0f) + 1,
      }));
    case 0x42:
    case 0x48:
    case 0x66:
    case 0x68:
    case 0x77:
      return fixed(bytes, 3, () => ignored);
    case 0x4c:
    case 0x50:
    case 0x57:
      return fixed(bytes, 4, () => ignored);
    case 0x56:
      if (bytes.length < 3) return { type: 'need-more' };
      return fixed(bytes, at(bytes, 2) >= 0x41 ? 4 : 3, () => ({ type: 'cut' }));
    case 0x49:
      return fixed(bytes, 3, () => ({ type: 'identity-question', what: at(bytes, 2) }));
    case 0x61:
      return fixed(bytes, 3, () => ({ type: 'auto-status', mask: at(bytes, 2) }));
    case 0x72:
      return fixed(bytes, 3, () => ({ type: 'paper-question' }));
    case 0x67:
      return fixed(bytes, 6, () => ({
        type: 'counter-question',
        counter: at(bytes, 4) + at(bytes, 5) * 256,
      }));
    case 0x76:
      return parseRaster(bytes);
    case 0x28:
      return parseGsParenthesis(bytes);
    default:
      return unknown(bytes, 2);
  }
}

function parseRaster(bytes: Uint8Array): ParseStep {
  if (bytes.length < 8) return { type: 'need-more' };
  if (at(bytes, 2) !== 0x30) return unknown(bytes, 3);
  const widthBytes = at(bytes, 4) + at(bytes, 5) * 256;
  const rows = at(bytes, 6) + at(bytes, 7) * 256;
  const length = 8 + widthBytes * rows;
  return fixed(bytes, length, () => ({
    type: 'raster',
    widthBytes,
    rows,
    bytes: bytes.slice(8, length),
  }));
}

function parseGsParenthesis(bytes: Uint8Array): ParseStep {
  if (bytes.length < 5) return { type: 'need-more' };
  const length = 5 + at(bytes, 3) + at(bytes, 4) * 256;
  if (bytes.length < length) return { type: 'need-more' };
  const body = bytes.subarray(5, length);
  if (at(bytes, 2) === 0x48 && body.length === 6 && at(body, 0) === 0x30) {
    return whole({ type: 'process-id', digits: [...body.subarray(2)] }, length);
  }
  return at(bytes, 2) === 0x6b && at(body, 0) === 0x31
    ? whole(qrCommand(body) ?? { type: 'unknown', hex: hexOf(bytes.subarray(0, length)) }, length)
    : whole({ type: 'unknown', hex: hexOf(bytes.subarray(0, length)) }, length);
}

function qrCommand(body: Uint8Array): ParsedCommand | null {
  const value = at(body, 2);
  switch (at(body, 1)) {
    case 0x41:
      return value === 0x32 ? ignored : null;
    case 0x43:
      return value >= 1 && value <= 16 ? { type: 'qr-module', dots: value } : null;
    case 0x45: {
      const level = (['L', 'M', 'Q', 'H'] as const)[value - 0x30];
      return level === undefined ? null : { type: 'qr-level', level };
    }
    case 0x50:
      return { type: 'qr-store', text: Buffer.from(body.subarray(3)).toString('utf8') };
    case 0x51:
      return { type: 'qr-print' };
    default:
      return null;
  }
}

const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;

const whole = (command: ParsedCommand, length: number): ParseStep => ({
  type: 'command',
  command,
  length,
});

const fixed = (bytes: Uint8Array, length: number, command: () => ParsedCommand): ParseStep =>
  bytes.length < length ? { type: 'need-more' } : whole(command(), length);

const unknown = (bytes: Uint8Array, length: number): ParseStep =>
  whole({ type: 'unknown', hex: hexOf(bytes.subarray(0, length)) }, length);

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
