import { accountingDate, shanghaiOffsetMs } from '#shared/time/calendar-day.ts';

const dayMs = 86_400_000;

/** Wall time in Shanghai, `YYYY-MM-DD hh:mm:ss`, whatever zone the process runs in. */
export function shanghaiTimeOf(instantMs: number): string {
  const seconds = Math.floor(((((instantMs + shanghaiOffsetMs) % dayMs) + dayMs) % dayMs) / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return `${accountingDate(instantMs)} ${two(hours)}:${two(minutes)}:${two(seconds % 60)}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** The same without separators, `YYYYMMDDhhmmss`. */
export const shanghaiDigitsOf = (instantMs: number): string =>
  shanghaiTimeOf(instantMs).replaceAll(/[^0-9]/g, '');

const timePattern = /^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?$/;
const digitsPattern = /^([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})$/;

/** The instant of a wall time in Shanghai; undefined when the text is none. */
export function shanghaiInstantOf(text: string | undefined): number | undefined {
  if (text === undefined || !timePattern.test(text)) return undefined;
  const instantMs = Date.parse(`${text.replace(' ', 'T')}+08:00`);
  return Number.isSafeInteger(instantMs) && instantMs >= 0 ? instantMs : undefined;
}

/** The instant of `YYYYMMDDhhmmss` in Shanghai; undefined when the text is none. */
export const shanghaiInstantOfDigits = (text: string | undefined): number | undefined =>
  shanghaiInstantOf(text?.replace(digitsPattern, '$1-$2-$3 $4:$5:$6'));
