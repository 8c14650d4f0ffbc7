import { groupBy } from '../../kill/group-by.ts';
import type { TillEvidence, WorldEvidence } from './evidence.ts';
import { simPromiseLimits } from '../script/promise-script.ts';

/** What must hold of promises (赊账): told by the till's journal, its tally and the cloud's list, each read by itself. */
type Oracle = (world: WorldEvidence) => readonly string[];

interface PromiseEntry {
  readonly type: string;
  readonly orderId: string;
  readonly amountFen: number;
  readonly businessDate: string;
}

/** The entries about promises, in the order in which the till wrote them. */
const promisesIn = ({ journal }: TillEvidence): readonly PromiseEntry[] =>
  journal
    .flatMap(({ entries }) => entries)
    .filter(({ type }) => type.startsWith('offline.promise'))
    .map(({ type, body }) => ({ ...(JSON.parse(body) as PromiseEntry), type }));

const isApart = ({ restoredAtMs, isRevoked }: TillEvidence): boolean =>
  restoredAtMs.length > 0 || isRevoked;

/** A promise ends once, after it was given; what the cashier was told of its end is what stands. */
export const promiseEndsOnce: Oracle = ({ tills, sales }) =>
  tills.flatMap((till) => {
    const wrong: string[] = [];
    for (const [orderId, entries] of groupBy(promisesIn(till), (one) => one.orderId)) {
      const types = entries.map(({ type }) => type);
      const isRow = types[0] === 'offline.promised' && types.indexOf('offline.promised', 1) === -1;
      if (!isRow || types.length > 2) wrong.push(`${till.name} ${orderId}: ${types.join(', ')}`);
    }
    if (till.restoredAtMs.length > 0) return wrong;
    for (const { amountFen, promise } of sales.filter((sale) => sale.till === till.name)) {
      const states = till.orders
        .filter((order) => order.amountFen === amountFen)
        .map(({ state }) => state);
      const wanted = {
        no: undefined,
        given: undefined,
        kept: 'promise-kept',
        broken: 'promise-broken',
      };
      const state = wanted[promise];
      if (state !== undefined && !states.includes(state))
        wrong.push(`${till.name} ${amountFen} fen was told ${promise} and is ${states.join(', ')}`);
    }
    return wrong;
  });

/** Only what was kept counts as money, on the day on which it came, and on both sides the same. */
export const promisesAgree: Oracle = ({ tills, cloudPromises }) => {
  const days = new Set(tills.flatMap(({ tallies }) => tallies.map((day) => day.businessDate)));
  return [...days].flatMap((date) => {
    const wrong: string[] = [];
    for (const till of tills) {
      const entries = promisesIn(till);
      const given = new Map(
        entries
          .filter(({ type }) => type === 'offline.promised')
          .map((one) => [one.orderId, one.amountFen]),
      );
      const keptFen = entries
        .filter((one) => one.type === 'offline.promise-kept' && one.businessDate === date)
        .reduce((sum, { orderId }) => sum + (given.get(orderId) ?? Number.NaN), 0);
      const toldFen = till.tallies.find((day) => day.businessDate === date)?.keptFen ?? 0;
      if (keptFen !== toldFen)
        wrong.push(`${till.name} ${date}: ${keptFen} fen were kept, its tally says ${toldFen}`);
    }
    if (tills.some(isApart)) return wrong;
    const cloudFen = cloudPromises
      .filter(({ keptOn }) => keptOn === date)
      .reduce((sum, { amountFen }) => sum + amountFen, 0);
    const tillFen = tills
      .flatMap(({ tallies }) => tallies)
      .filter((day) => day.businessDate === date)
      .reduce((sum, { keptFen }) => sum + keptFen, 0);
    if (cloudFen !== tillFen)
      wrong.push(
        `${date}: promises kept for ${tillFen} fen on the tills, ${cloudFen} in the cloud`,
      );
    return wrong;
  });
};

/** No till let more go on promises than the owner's limits allow, counted from its own journal. */
export const promisesInLimits: Oracle = ({ tills }) =>
  tills.flatMap((till) => {
    const open = new Map<string, number>();
    return promisesIn(till).flatMap(({ type, orderId, amountFen }) => {
      if (type !== 'offline.promised') {
        open.delete(orderId);
        return [];
      }
      open.set(orderId, amountFen);
      const sumFen = [...open.values()].reduce((sum, one) => sum + one, 0);
      const isWithin =
        amountFen <= simPromiseLimits.perPromiseFen &&
        open.size <= simPromiseLimits.openCount &&
        sumFen <= simPromiseLimits.openFen;
      return isWithin ? [] : [`${till.name} ${orderId}: ${open.size} open, ${sumFen} fen`];
    });
  });
