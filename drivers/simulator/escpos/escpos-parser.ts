import iconv from 'iconv-lite';
import type { ParserMode } from '#drivers/simulator/escpos/escpos-command.ts';
import {
  parseBarcode,
  parseGsEight,
  parseGsParenthesis,
  parseInlineImage,
  parseRaster,
} from '#drivers/simulator/escpos/escpos-graphics-parser.ts';
import {
  at,
  fixed,
  ignored,
  needMore,
  unknown,
  whole,
  type ParseStep,
} from '#drivers/simulator/escpos/parse-step.ts';

/**
 * The command at the beginning of `bytes`, which must not be empty. Reads ESC/POS the way a Chinese printer does.
 * Written from the command reference, not from our encoder, so that a wrong byte there shows here as an unknown command
 * or as junk on paper.
 */
export function parseCommand(bytes: Uint8Array, mode: ParserMode): ParseStep {
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
      return first < 0x20 ? whole(ignored, 1) : parseCharacter(bytes, mode);
  }
}

function parseCharacter(bytes: Uint8Array, { chineseOn, charset }: ParserMode): ParseStep {
  const first = at(bytes, 0);
  if (first < 0x80) {
    return whole({ type: 'character', text: String.fromCharCode(first), columns: 1 }, 1);
  }
  if (!chineseOn || first === 0x80 || first === 0xff) {
    return whole({ type: 'character', text: '\uFFFD', columns: 1 }, 1);
  }
  if (bytes.length < 2) return needMore;
  const second = at(bytes, 1);
  if (first === 0xfe && second >= 0xa1 && second <= 0xfe) {
    return whole({ type: 'defined-hanzi', trail: second }, 2);
  }
  if (second >= 0x40) {
    const text = iconv.decode(Buffer.from(bytes.subarray(0, 2)), 'gb18030');
    return whole({ type: 'character', text, columns: 2 }, 2);
  }
  // A font of two-byte characters takes the head of a four-byte one for junk, and its second byte for a digit.
  if (charset === 'gbk' || second < 0x30 || second > 0x39) {
    return whole({ type: 'character', text: '\uFFFD', columns: 1 }, 1);
  }
  return fixed(bytes, 4, () => {
    const text = iconv.decode(Buffer.from(bytes.subarray(0, 4)), 'gb18030');
    return { type: 'character', text: Array.from(text)[0] ?? '\uFFFD', columns: 2 };
  });
}

/** Real-time commands were carried out when they arrived; in the buffer they are passed over. */
function parseRealTime(bytes: Uint8Array): ParseStep {
  if (bytes.length < 2) return needMore;
  const second = at(bytes, 1);
  if (second === 0x04 || second === 0x05) return fixed(bytes, 3, () => ignored);
  if (second !== 0x14) return unknown(bytes, 2);
  if (bytes.length < 3) return needMore;
  if (at(bytes, 2) === 0x08) return fixed(bytes, 10, () => ignored);
  return fixed(bytes, at(bytes, 2) === 0x01 ? 5 : 4, () => ignored);
}

function parseEsc(bytes: Uint8Array): ParseStep {
  if (bytes.length < 2) return needMore;
  switch (at(bytes, 1)) {
    case 0x40:
      return whole({ type: 'initialize' }, 2);
    case 0x32:
      return whole(ignored, 2);
    case 0x2a:
      return parseInlineImage(bytes);
    case 0x61:
      return fixed(bytes, 3, () => ({
        type: 'align',
        align: (['left', 'center', 'right'] as const)[at(bytes, 2) % 48] ?? 'left',
      }));
    case 0x45:
      return fixed(bytes, 3, () => ({ type: 'bold', on: (at(bytes, 2) & 1) === 1 }));
    case 0x4d:
      return fixed(bytes, 3, () => ({ type: 'font', small: (at(bytes, 2) & 1) === 1 }));
    case 0x64:
      return fixed(bytes, 3, () => ({ type: 'feed', lines: at(bytes, 2) }));
    case 0x20:
    case 0x2d:
    case 0x33:
    case 0x47:
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
      return whole({ type: 'cut', full: at(bytes, 1) === 0x69 }, 2);
    case 0x70:
      return fixed(bytes, 5, () => ({ type: 'drawer', pin: (at(bytes, 2) & 1) === 0 ? 2 : 5 }));
    default:
      return unknown(bytes, 2);
  }
}

function parseFs(bytes: Uint8Array): ParseStep {
  if (bytes.length < 2) return needMore;
  switch (at(bytes, 1)) {
    case 0x26:
      return whole({ type: 'chinese', on: true }, 2);
    case 0x2e:
      return whole({ type: 'chinese', on: false }, 2);
    case 0x53:
      return fixed(bytes, 4, () => ignored);
    case 0x21:
      return fixed(bytes, 3, () => ({
        type: 'hanzi-size',
        width: (at(bytes, 2) & 0x04) === 0 ? 1 : 2,
        height: (at(bytes, 2) & 0x08) === 0 ? 1 : 2,
      }));
    case 0x57: {
      const times = (at(bytes, 2) & 1) + 1;
      return fixed(bytes, 3, () => ({ type: 'hanzi-size', width: times, height: times }));
    }
    case 0x2d:
      return fixed(bytes, 3, () => ignored);
    case 0x32:
      return fixed(bytes, 76, () => ({
        type: 'define-hanzi',
        trail: at(bytes, 3),
        columns: bytes.slice(4, 76),
      }));
    case 0x3f:
      return fixed(bytes, 4, () => ignored);
    default:
      return unknown(bytes, 2);
  }
}

function parseGs(bytes: Uint8Array): ParseStep {
  if (bytes.length < 2) return needMore;
  switch (at(bytes, 1)) {
    case 0x21:
      return fixed(bytes, 3, () => ({
        type: 'size',
        width: (at(bytes, 2) >> 4) + 1,
        height: (at(bytes, 2) & 0x0f) + 1,
      }));
    case 0x42:
    case 0x66:
      return fixed(bytes, 3, () => ignored);
    case 0x48:
      return fixed(bytes, 3, () => ({ type: 'barcode-text', below: (at(bytes, 2) & 2) !== 0 }));
    case 0x68:
      return fixed(bytes, 3, () => ({ type: 'barcode-height', dots: at(bytes, 2) }));
    case 0x77:
      return fixed(bytes, 3, () => ({ type: 'barcode-module', dots: at(bytes, 2) }));
    case 0x6b:
      return parseBarcode(bytes);
    case 0x38:
      return parseGsEight(bytes);
    case 0x4c:
    case 0x50:
    case 0x57:
      return fixed(bytes, 4, () => ignored);
    case 0x56:
      if (bytes.length < 3) return needMore;
      return fixed(bytes, at(bytes, 2) >= 0x41 ? 4 : 3, () => ({
        type: 'cut',
        full: [0x00, 0x30, 0x41, 0x61, 0x67].includes(at(bytes, 2)),
      }));
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
