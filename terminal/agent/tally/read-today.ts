import { businessDate, businessDayStartMs } from '#shared/time/business-day.ts';
import type { Clock } from '#shared/time/clock.ts';
import { CloudTallySchema, type ConfigPayload } from '#shared/wire/v1/terminals.ts';
import { dayTimesOf, timeOnDay } from '#terminal/agent/business-time.ts';
import type { Journal } from '#terminal/agent/journal/journal.ts';
import { sumDay, tomorrowOf } from '#terminal/agent/tally/today.ts';
import type { CloudClient } from '#terminal/agent/uplink/cloud-client.ts';
import type { Link } from '#terminal/agent/uplink/link.ts';
import { undelivered } from '#terminal/agent/uplink/undelivered.ts';
import type { Today } from '#terminal/ipc/views.ts';

export interface LocalDayDeps {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly businessClock: Clock;
  readonly config: () => ConfigPayload | undefined;
}

/** The figures of tomorrow are worth this wait, not more: the till's own sums are there at once. */
const tallyTimeoutMs = 2_000;

/** The business day that the till is in now. */
export const currentBusinessDate = (deps: Pick<LocalDayDeps, 'businessClock' | 'config'>): string =>
  businessDate({ atMs: deps.businessClock.nowMs(), cutOverHour: deps.config()?.cutOverHour ?? 0 });

/** When it began by the computer's own clock, wall milliseconds: what the entries of the day were written by. */
export function dayStartMs(deps: Pick<LocalDayDeps, 'clock' | 'businessClock' | 'config'>): number {
  const startMs = businessDayStartMs({
    businessDate: currentBusinessDate(deps),
    cutOverHour: deps.config()?.cutOverHour ?? 0,
  });
  return startMs + deps.clock.nowMs() - deps.businessClock.nowMs();
}

/** The day as this till knows it, without asking anybody. */
export function localToday(deps: LocalDayDeps, date = currentBusinessDate(deps)): Today {
  const sums = sumDay(deps.journal.read, date);
  const times = dayTimesOf(deps);
  const noSales = sums.noSales.map((one) => ({ ...one, atMs: timeOnDay(one.atMs, date, times) }));
  return {
    ...sums,
    cutOverHour: times.cutOverHour,
    noSales,
    tomorrow: null,
    chainHead: deps.journal.head().hash.slice(0, chainHeadDigits),
    unsentCount: undelivered(deps.journal.read).count,
  };
}

const chainHeadDigits = 8;

/** The day with what the cloud says comes of it tomorrow, as far as it can be reached. */
export async function readToday(
  deps: LocalDayDeps & { readonly cloud: CloudClient; readonly link: Link },
  date: string | undefined,
): Promise<Today> {
  const today = localToday(deps, date);
  if (!deps.link.online()) return today;
  const tally = await deps.cloud.call({
    method: 'GET',
    path: `/v1/tallies/${today.businessDate}`,
    answer: CloudTallySchema,
    timeoutMs: tallyTimeoutMs,
  });
  return { ...today, tomorrow: tomorrowOf(tally.ok ? tally.value : undefined) };
}
