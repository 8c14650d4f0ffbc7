import { createHash } from 'node:crypto';
import {
  deleteImage,
  printImage,
  storeImageHeader,
  type KeyCode,
} from '#drivers/printer/encode/escpos-graphics.ts';
import { defused, realTimeAt } from '#drivers/printer/receipt/raster.ts';
import type { PackedRaster } from '#drivers/printer/receipt/receipt.ts';

/**
 * A logo kept by the printer (profile.logo `stored`): sent once into its non-volatile memory, then called by a key of
 * two characters in every receipt, which saves seconds on a serial line. What the printer holds is remembered by its
 * owner as this record (plain JSON, one per printer); a receipt calls the logo only when the record fits, and carries
 * the image itself otherwise.
 */
export interface StoredLogo {
  /** 64 bits of SHA-256 over size and dots, as 16 hexadecimal digits. */
  readonly fingerprint: string;
}

/**
 * Greater logos are sent with each receipt: a transfer cut off in the middle must be ended by the 8,192 empty bytes of
 * a flush (nulFlush).
 */
export const storedLogoBytesMax = 8_000;

/**
 * The bytes that put a logo into the printer, in place of the one it held. To be sent once, when nothing is printing;
 * memory of this kind wears out, Epson advises at most ten times a day. When they have arrived, the returned record is
 * to be kept. Null when the logo is already there, or too great to be kept there.
 */
export function storeLogo(
  raster: PackedRaster,
  held: StoredLogo | null,
): { readonly bytes: Uint8Array; readonly held: StoredLogo } | null {
  const fingerprint = fingerprintOf(raster);
  if (held?.fingerprint === fingerprint || raster.bytes.length > storedLogoBytesMax) return null;
  const parts: Uint8Array[] = [];
  if (held !== null) parts.push(Uint8Array.from(deleteImage(keyOf(held.fingerprint))));
  const { widthBytes, heightDots, bytes } = defused(raster);
  const widthDots = widthBytes * 8;
  const key = keyOf(fingerprint);
  const header = Uint8Array.from(storeImageHeader({ key, widthDots, heightDots }));
  if (realTimeAt(header) < 0) parts.push(header, bytes);
  else {
    // The length itself reads as a real-time command: one white row more, and it does not.
    const longer = storeImageHeader({ key, widthDots, heightDots: heightDots + 1 });
    parts.push(Uint8Array.from(longer), bytes, new Uint8Array(widthBytes));
  }
  return { bytes: Buffer.concat(parts), held: { fingerprint } };
}

/** GS ( L 69 for a logo that the printer holds; null when it holds another one or none. */
export function callLogo(raster: PackedRaster, held: StoredLogo | null): readonly number[] | null {
  if (held === null || held.fingerprint !== fingerprintOf(raster)) return null;
  return printImage(keyOf(held.fingerprint));
}

/** The key under which the printer keeps it, as in the list of its keys. */
export const keyTextOf = ({ fingerprint }: StoredLogo): string =>
  String.fromCharCode(...keyOf(fingerprint));

const fingerprintForm = /^[0-9a-f]{16}$/;

/** Reads what a store kept; null when it is no such record. */
export function parseStoredLogo(value: unknown): StoredLogo | null {
  if (typeof value !== 'object' || value === null || !('fingerprint' in value)) return null;
  const { fingerprint } = value;
  return typeof fingerprint === 'string' && fingerprintForm.test(fingerprint)
    ? { fingerprint }
    : null;
}

/** Whether the record is of this very logo. */
export const fitsLogo = (raster: PackedRaster, held: StoredLogo | null): boolean =>
  held?.fingerprint === fingerprintOf(raster);

const fingerprints = new WeakMap<PackedRaster, string>();

function fingerprintOf(raster: PackedRaster): string {
  const known = fingerprints.get(raster);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(`${raster.widthBytes}x${raster.heightDots}:`);
  const fingerprint = hash.update(raster.bytes).digest('hex').slice(0, 16);
  fingerprints.set(raster, fingerprint);
  return fingerprint;
}

/** Another logo gets another key: a printer swapped for one with an old logo prints none rather than the old one. */
function keyOf(fingerprint: string): KeyCode {
  const letter = (at: number): number =>
    0x20 + (Number.parseInt(fingerprint.slice(at, at + 2), 16) % 95);
  return [letter(0), letter(2)];
}
