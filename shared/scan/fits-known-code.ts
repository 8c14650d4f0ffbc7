import { routeScan } from '#shared/scan/route-scan.ts';
import { scanOfTyped } from '#shared/scan/typed-scan.ts';

/** Is this text a code of any class that a till knows? What a keyboard scanner typed is held against it. */
export const fitsKnownCode = (text: string): boolean =>
  routeScan(scanOfTyped(text)).type !== 'unknown';
