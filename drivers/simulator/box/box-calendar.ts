import { dayText } from '#shared/time/calendar-day.ts';

const dayMs = 86_400_000;

/** A wall moment by a clock so many minutes ahead of UTC: YYYY-MM-DD and HH:MM:SS. */
export function calendarText(
  wallMs: number,
  zoneOffsetMinutes: number,
): { readonly day: string; readonly clock: string } {
  const localMs = wallMs + zoneOffsetMinutes * 60_000;
  const seconds = Math.floor((((localMs % dayMs) + dayMs) % dayMs) / 1_000);
  const clock = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return {
    day: dayText(Math.floor(localMs / dayMs)),
    clock: clock.map((part) => String(part).padStart(2, '0')).join(':'),
  };
}
