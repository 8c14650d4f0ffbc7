import { isAimId } from '#shared/scan/aim.ts';
import type { Scan } from '#shared/scan/scan.ts';

const aimLength = 3;

/** A scan that came as text alone, typed by a keyboard scanner: an AIM identifier before the data is taken off. */
export function scanOfTyped(text: string): Scan {
  const [aim, rest] = [text.slice(0, aimLength), text.slice(aimLength)];
  return isAimId(aim) && rest !== '' ? { text: rest, aim } : { text };
}
