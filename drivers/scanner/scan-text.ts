import iconv from 'iconv-lite';
import { readAim } from '#shared/scan/aim.ts';
import type { Scan } from '#shared/scan/scan.ts';
import type { Symbology } from '#shared/scan/symbology.ts';

/** What a scanner delivered of one code. */
export interface ScannedBytes {
  readonly data: Uint8Array;
  readonly aim: string | null;
  /** The kind of print by the vendor's own byte: counts when there is no AIM identifier. */
  readonly vendorSymbology?: Symbology | undefined;
}

/** Makes a scan of the bytes; null when they are no text in any encoding a scanner here sends. */
export function scanOfBytes(bytes: ScannedBytes): Scan | null {
  const { aim } = bytes;
  const eci = aim !== null && readAim(aim, bytes.data.length)?.eci === true;
  const text = eci ? textWithEci(bytes.data) : textOf(bytes.data);
  if (text === null || text === '') return null;
  const named = aim === null ? undefined : readAim(aim, text.length)?.symbology;
  // "]X0" only says that the kind has no letter of its own.
  const symbology =
    named === undefined || named === 'other' ? (bytes.vendorSymbology ?? named) : named;
  return {
    text,
    ...(aim === null ? {} : { aim }),
    ...(symbology === undefined ? {} : { symbology }),
  };
}

/** UTF-8 if it is UTF-8, else GB18030, the two that scanners sold in China send. null when it is neither. */
export function textOf(data: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    const text = iconv.decode(Buffer.from(data), 'gb18030');
    return text.includes('\uFFFD') ? null : text;
  }
}

const backslash = 0x5c;
const eciHead = /^\\[0-9]{6}/;
const eciLength = 7;

/**
 * The ECI protocol: "\" and six digits change the character set, a "\" of the data is doubled. Source: AIM ECI
 * specification, ISO/IEC 15424 annex. The sets in use here (26 UTF-8, 29 GB 2312, 30 and 31 GBK, 32 GB18030) are told
 * apart by their bytes as well as by their number, so the number is only taken off.
 */
function textWithEci(data: Uint8Array): string | null {
  const kept: number[] = [];
  let at = 0;
  while (at < data.length) {
    const head = String.fromCharCode(...data.subarray(at, at + eciLength));
    if (eciHead.test(head)) {
      at += eciLength;
      continue;
    }
    const byte = data[at] ?? 0;
    kept.push(byte);
    at += byte === backslash && data[at + 1] === backslash ? 2 : 1;
  }
  return textOf(Uint8Array.from(kept));
}
