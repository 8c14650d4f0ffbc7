import { isOpen, isTaken } from '../../kill/oracles.ts';
import type { Random } from '#shared/time/random.ts';
import type { Wallet } from '#shared/tender/payment-code.ts';
import { fen } from '#shared/money/fen.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { askForPromise, endPromise, planEnd, type PlannedEnd } from './promise-script.ts';
import type { SimTill } from '../till/till.ts';
import type { World } from '../world/virtual-world.ts';

/** One customer, decided before the shop opens. */
export interface PlannedSale {
  /** Different for every sale of the world: the amount is the sale's name in every book. */
  readonly amountFen: number;
  readonly tender: 'cash' | 'wallet' | 'box' | 'member' | 'promise';
  /** How the promise ends, when it is given. */
  readonly end: PlannedEnd;
  readonly wallet: Wallet;
  /** Last two digits of the code: what the channel plays (cloud/channel-simulator/payment-scripts.ts). */
  readonly suffix: string;
  /** How long the cashier waits for an open sale until she asks to cancel; Infinity: for ever. */
  readonly patienceMs: number;
  /** What she does when it was definitely not paid. */
  readonly afterFailure: 'next' | 'cash' | 'new-code';
  readonly pauseMs: number;
}

/** What the cashier was told. */
export interface Sale {
  readonly till: string;
  readonly amountFen: number;
  readonly orderIds: Set<string>;
  /** The till called it taken: on screen, or as the answer to cash. */
  told: 'taken' | 'not-taken' | 'open' | 'promised';
  /** What she was told of the promise. */
  promise: 'no' | 'given' | 'kept' | 'broken';
  /** She was told that the promised money is in the drawer. */
  promisedCash: boolean;
  /** She took notes and coins, and the till did not say that it had not written it down. */
  cash: 'no' | 'told' | 'doubt';
  /** How often a payment was begun. */
  tries: number;
  /** Payment codes that the customer showed for this sale. */
  readonly codes: string[];
  done: boolean;
  /** From the first customer's word to the last, virtual time. */
  readonly fromMs: number;
  toMs: number;
}

const suffixes = ['01', '01', '01', '01', '02', '03', '04', '05', '06', '07', '10', '12'] as const;
const shapes: Readonly<Record<Wallet, readonly [prefix: string, digits: number]>> = {
  wechat: ['13', 18],
  alipay: ['28', 18],
  unionpay: ['62', 19],
};
const wallets: readonly Wallet[] = ['wechat', 'alipay', 'unionpay'];

export function planSales(
  random: Random,
  { till, count, promises }: { till: number; count: number; promises: Random },
): readonly PlannedSale[] {
  // Some counters let people write it up, most never do.
  const promised = promises.unit() < trustingCounters ? 0.6 : 0;
  const below = (limit: number): number => Math.floor(random.unit() * limit);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  return Array.from({ length: count }, (_, index) => ({
    // Every fifth is more than an offline payment may be.
    amountFen: 1_000 + 100 * index + till + (below(5) === 0 ? 5_000 : 0),
    tender: promisedOr(
      promises.unit() < promised,
      pick<PlannedSale['tender']>([
        'cash',
        'wallet',
        'wallet',
        'wallet',
        'box',
        'box',
        'member',
        'member',
      ]),
    ),
    end: planEnd(promises),
    wallet: pick(wallets),
    suffix: pick(suffixes),
    patienceMs: below(3) === 0 ? 2_000 + below(60_000) : Number.POSITIVE_INFINITY,
    afterFailure: pick<PlannedSale['afterFailure']>(['next', 'cash', 'new-code']),
    pauseMs: 200 + below(8_000),
  }));
}

const trustingCounters = 0.35;
const promisedOr = (isPromised: boolean, tender: PlannedSale['tender']): PlannedSale['tender'] =>
  isPromised ? 'promise' : tender;

const lookMs = 500;
/** How long a customer is served at most; what is open then is left to the till. */
const serveMsMax = 300_000;
const amountMsMax = 240_000;

interface Shift {
  readonly world: World;
  readonly till: SimTill;
  readonly random: Random;
  readonly memberCode: () => Promise<string | undefined>;
  readonly setLine: (up: boolean) => void;
}

/** Serves one customer after the other, as a cashier would who looks again after every restart and never guesses. */
export async function runShift(
  shift: Shift,
  plan: readonly PlannedSale[],
  sales: Sale[],
): Promise<void> {
  const ending: Promise<void>[] = [];
  for (const planned of plan) {
    await sleep(shift.world, planned.pauseMs);
    const sale: Sale = {
      till: shift.till.name,
      amountFen: planned.amountFen,
      orderIds: new Set(),
      told: 'not-taken',
      promise: 'no',
      promisedCash: false,
      cash: 'no',
      tries: 0,
      codes: [],
      done: false,
      fromMs: shift.world.nowMs(),
      toMs: Number.POSITIVE_INFINITY,
    };
    sales.push(sale);
    await serve(shift, planned, sale);
    sale.done = true;
    sale.toMs = shift.world.nowMs();
    if (sale.promise === 'given') ending.push(seePromiseEnd(shift, planned.end, sale));
  }
  await Promise.all(ending);
}

const endTriesMax = 120;
const endAgainMs = 2_000;

/** Comes back to a promise later, whatever happened to the till meanwhile, until it has heard the word. */
async function seePromiseEnd(
  { world, till }: Shift,
  { end, afterMs }: PlannedEnd,
  sale: Sale,
): Promise<void> {
  if (end === 'left-open') return;
  await sleep(world, afterMs);
  for (let tries = 0; tries < endTriesMax; tries += 1) {
    const rows = await ordersOf(till, sale.amountFen);
    const open = rows.find(({ state }) => state === 'promised');
    if (open !== undefined) {
      const told = await endPromise(till, { orderId: open.orderId, end });
      world.trace.note(`${sale.till} ${sale.amountFen} promise: ${told}`);
      if (told === 'kept' || told === 'broken') {
        sale.promise = told;
        sale.promisedCash = end === 'cash';
        sale.toMs = world.nowMs();
        return;
      }
    } else if (rows.some(({ state }) => state.startsWith('promise-'))) return;
    await sleep(world, endAgainMs);
  }
}

async function serve(shift: Shift, plan: PlannedSale, sale: Sale): Promise<void> {
  let { tender, suffix } = plan;
  for (let tries = 0; tries < 2; tries += 1) {
    if (!(await amountStands(shift, plan.amountFen))) return;
    sale.tries += 1;
    await pay(shift, { ...plan, tender, suffix }, sale);
    const outcome = await outcomeOf(shift, plan, sale);
    shift.world.trace.note(`${sale.till} ${plan.amountFen} by ${tender}: ${outcome}`);
    if (outcome === 'taken') sale.told = 'taken';
    if (outcome === 'open') sale.told = 'open';
    if (outcome === 'promised') {
      sale.told = 'promised';
      sale.promise = 'given';
    }
    if (outcome !== 'not-taken' || plan.afterFailure === 'next') return;
    if (plan.afterFailure === 'cash') tender = 'cash';
    else suffix = '01';
  }
}

/** Types the amount until it stands; false when the till would not take it in time. */
async function amountStands({ world, till }: Shift, amountFen: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < amountMsMax; waitedMs += lookMs) {
    await till.call('till.dismiss', {});
    const typed = await till.call('till.setAmount', { amountFen });
    const state = await till.call('till.state', {});
    if (typed?.ok && state?.ok && state.value.draft.amountFen === amountFen) return true;
    await sleep(world, lookMs);
  }
  return false;
}

const offlineLooksMax = 20;

/** The line is cut, and the till has seen it. */
async function cutLine({ till, world, setLine }: Shift): Promise<void> {
  setLine(false);
  for (let looks = 0; looks < offlineLooksMax; looks += 1) {
    const status = await till.call('status.get', {});
    if (status?.ok && !status.value.online) break;
    await sleep(world, lookMs);
  }
}

/** The till must judge the member's code alone; the code is shown once. */
async function payByMember(shift: Shift, amountFen: number): Promise<void> {
  const { till, world } = shift;
  const code = await shift.memberCode();
  if (code === undefined) return;
  await cutLine(shift);
  const answer = await till.call('till.scan', { text: code });
  if (answer?.ok === false)
    world.trace.note(`${till.name} refuses member for ${amountFen}: ${answer.error.code}`);
  world.timers.after(lineBackMs, () => shift.setLine(true));
}

async function payByPromise(shift: Shift, amountFen: number): Promise<void> {
  const { till, world } = shift;
  await cutLine(shift);
  const refusal = await askForPromise(till);
  if (refusal !== undefined)
    world.trace.note(`${till.name} refuses a promise of ${amountFen}: ${refusal}`);
  world.timers.after(lineBackMs, () => shift.setLine(true));
}

const lineBackMs = 8_000;

async function pay(shift: Shift, plan: PlannedSale, sale: Sale): Promise<void> {
  const { till, random, world } = shift;
  const { tender, amountFen, wallet, suffix } = plan;
  if (tender === 'member') return payByMember(shift, amountFen);
  if (tender === 'promise') return payByPromise(shift, amountFen);
  if (tender === 'cash') {
    const answer = await till.call('till.payCash', { tenderedFen: amountFen });
    if (answer === undefined) sale.cash = 'doubt';
    else if (answer.ok) sale.cash = 'told';
    else world.trace.note(`${till.name} refuses cash: ${answer.error.code}`);
    return;
  }
  if (tender === 'box') {
    const answer = await till.call('till.payBox', {});
    if (answer?.ok === false) world.trace.note(`${till.name} refuses box: ${answer.error.code}`);
    return;
  }
  const [prefix, digits] = shapes[wallet];
  const middle = Array.from({ length: digits - 4 }, () => Math.floor(random.unit() * 10)).join('');
  const code = prefix + middle + suffix;
  sale.codes.push(code);
  const answer = await till.call('till.scan', { text: code });
  if (answer?.ok === false) world.trace.note(`${till.name} refuses code: ${answer.error.code}`);
}

type Outcome = 'taken' | 'not-taken' | 'open' | 'promised';

/** Looks at the screen and at the order list until the sale is definite. */
async function outcomeOf(shift: Shift, plan: PlannedSale, sale: Sale): Promise<Outcome> {
  const { world, till } = shift;
  let cancelled = false;
  let calmLooks = 0;
  for (let waitedMs = 0; waitedMs < serveMsMax; waitedMs += lookMs) {
    const shown = await look(shift, plan.amountFen, sale);
    if (shown === 'taken' || shown === 'promised') return shown;
    calmLooks = shown === 'not-taken' ? calmLooks + 1 : 0;
    // Twice the same: a till that just woke up shows nothing for a moment.
    if (calmLooks > 1) return 'not-taken';
    if (shown === 'open' && !cancelled && waitedMs >= plan.patienceMs) {
      cancelled = true;
      await till.call('till.cancel', {});
    }
    if (shown === 'may-leave') {
      await till.call('till.dismiss', {});
      return 'open';
    }
    await sleep(world, lookMs);
  }
  return 'open';
}

async function look(
  { till }: Shift,
  amountFen: number,
  sale: Sale,
): Promise<Outcome | 'may-leave' | 'no-till'> {
  const state = await till.call('till.state', {});
  if (!state?.ok) return 'no-till';
  const { screen } = state.value;
  if ('amountFen' in screen && screen.amountFen === amountFen && 'orderId' in screen) {
    if (screen.orderId !== undefined) sale.orderIds.add(screen.orderId);
    if (takenScreens.has(screen.type)) return 'taken';
    if (screen.type === 'promised') return 'promised';
    if (screen.type === 'box-waiting' && screen.mayLeave) return 'may-leave';
    if (screen.type === 'waiting' || screen.type === 'box-waiting' || screen.type === 'held')
      return 'open';
  }
  const rows = await ordersOf(till, amountFen);
  for (const row of rows) sale.orderIds.add(row.orderId);
  if (rows.some((row) => row.state.startsWith('promise'))) return 'promised';
  if (rows.some((row) => isTaken(row.state))) return 'taken';
  return rows.some((row) => isOpenHere(row.state)) ? 'open' : 'not-taken';
}

const takenScreens = new Set<string>(['paid', 'box-paid', 'cash', 'offline-accepted']);

export const isOpenHere = (state: string): boolean =>
  isOpen(state) || ['pos-sent', 'pos-unknown'].includes(state);

async function ordersOf(till: SimTill, amountFen: number): Promise<readonly OrderRow[]> {
  const page = await till.call('orders.list', { search: formatYuan(fen(amountFen)), limit: 5 });
  return page?.ok ? page.value.rows.filter((row) => row.amountFen === amountFen) : [];
}

export const sleep = (world: World, durationMs: number): Promise<void> =>
  new Promise((resolve) => void world.timers.after(durationMs, resolve));
