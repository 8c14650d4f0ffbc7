import { fitsKnownCode } from '#shared/scan/fits-known-code.ts';

/**
 * Undoes what caps lock did to the letters of a keyboard scanner. Some scanners watch the lock's light and undo it
 * themselves, so the letters are turned only when that makes sense of the code; digits are never touched.
 */
export function undoCapsLock(text: string, fits = fitsKnownCode): string {
  const turned = text.replaceAll(/[a-z]/gi, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
  if (/^[A-Z][A-Z0-9+.-]*:\/\//.test(text)) return turned;
  return !fits(text) && fits(turned) ? turned : text;
}
