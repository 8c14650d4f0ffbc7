import type { FaultPlan, Moment, Span } from './faults.ts';
import { fairWeather } from '../world/network.ts';
import { isOpenHere } from './shop-script.ts';
import type { Counter, SimShop } from '../sim-shop.ts';

/** From now on the faults of the plan happen, each at its time. */
export function letFaultsLoose(shop: SimShop, faults: FaultPlan): void {
  const { world, counters, channel } = shop;
  const during = ({ fromMs, toMs }: Span, begin: () => void, end: () => void): void => {
    // What has not begun when all is mended does not begin any more.
    world.timers.after(fromMs, () => shop.isMortal() && begin());
    world.timers.after(toMs, () => shop.isMortal() && end());
  };
  world.trace.note('the shop opens');
  shop.setMortal(true);
  letPeopleAct(shop, faults);
  for (const [index, { line, devices }] of counters.entries()) {
    line.setWeather(faults.weather[index] ?? fairWeather);
    devices.misbehave();
  }
  channel.setTrouble(faults.channelTrouble);
  if (faults.latePayers !== undefined)
    channel.simulator.setRules({ paysOnceClosedAfterMs: faults.latePayers.afterMs });
  for (const span of faults.channelRefusing)
    during(
      span,
      () => channel.setRefusing(true),
      () => channel.setRefusing(false),
    );
  for (const one of faults.outages) {
    const line = counters[one.till]?.line;
    during(
      one,
      () => line?.setUp(false),
      () => line?.setUp(true),
    );
  }
  for (const one of faults.clockJumps) {
    const till = counters[one.till]?.till;
    during(
      one,
      () => till?.setSkewMs(one.skewMs),
      () => till?.setSkewMs(0),
    );
  }
  for (const one of faults.diskFull) {
    const till = counters[one.till]?.till;
    during(
      one,
      () => till?.setDiskFull(true),
      () => till?.setDiskFull(false),
    );
  }
  for (const one of faults.restores) {
    const till = counters[one.till]?.till;
    during(
      one,
      () => till?.backUp(),
      () => void till?.restore(one.byCommand),
    );
  }
}

/** What the operator and the owner do meanwhile. */
function letPeopleAct(shop: SimShop, faults: FaultPlan): void {
  const { world, counters } = shop;
  const at = (moments: readonly Moment[], act: (counter: Counter) => void): void => {
    for (const { till, atMs } of moments) {
      const counter = counters[till];
      if (counter) world.timers.after(atMs, () => shop.isMortal() && act(counter));
    }
  };
  at(faults.secondProcesses, ({ till }) => till.startSecond());
  at(faults.revocations, (counter) => void shop.ask(counter, 'revoke'));
  at(faults.keyChanges, (counter) => void shop.ask(counter, 'rotate-key'));
  at(faults.updates, ({ till }) => till.changeVersion('next'));
  for (const { till, atMs, backMs } of faults.updates)
    if (backMs !== undefined)
      at([{ till, atMs: atMs + backMs }], (counter) => counter.till.changeVersion('this'));
}

/** Everything is mended; what is open must become definite by itself. */
export function mendAll(shop: SimShop): void {
  shop.setMortal(false);
  shop.world.trace.note('all is mended');
  shop.channel.setTrouble(0);
  shop.channel.setRefusing(false);
  for (const { line, till, devices } of shop.counters) {
    line.setUp(true);
    line.setWeather(fairWeather);
    till.setSkewMs(0);
    till.setDiskFull(false);
    devices.mend();
  }
}

const lookMs = 5_000;
/** What a broken cloud may leave open: the janitor's longest pauses are an hour and more. */
const restMsMax = 2 * 3_600_000;
/** A till that has sent everything may still be told results. */
const quietMs = 40_000;

/** Lets time pass until nothing is open or unsent anywhere; false when that does not happen. */
export async function restUntilQuiet(shop: SimShop): Promise<boolean> {
  const { world } = shop;
  let quietSinceMs: number | undefined;
  for (let restedMs = 0; restedMs < restMsMax; restedMs += lookMs) {
    await world.advance(lookMs);
    const quiet = shop.host.isUp() && !shop.host.isBusy() && (await world.settle(areQuiet(shop)));
    if (!quiet) quietSinceMs = undefined;
    else quietSinceMs ??= world.nowMs();
    if (quietSinceMs !== undefined && world.nowMs() - quietSinceMs >= quietMs) return true;
  }
  return false;
}

async function areQuiet({ channel, counters, isRevoked }: SimShop): Promise<boolean> {
  if (channel.simulator.comingCount() > 0) return false;
  for (const counter of counters) {
    const { till } = counter;
    const status = await till.call('status.get', {});
    if (!status?.ok) return false;
    // What the cloud refused of an older day's disk stays unsent until people have dealt with it, and what it put into
    // quarantine stays accepted: nobody is debited on the word of a copy.
    const isPeoples = till.wasRestored();
    if (status.value.unsentCount > 0 && !isPeoples) return false;
    // Whoever is closed hears of no result any more: its open payments are people's business at the desk.
    if (isRevoked(counter)) continue;
    const page = await till.call('orders.list', { limit: 200 });
    if (
      !page?.ok ||
      page.value.rows.some(
        ({ state }) => isOpenHere(state) || (state === 'offline-accepted' && !isPeoples),
      )
    )
      return false;
  }
  return true;
}
