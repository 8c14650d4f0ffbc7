import { createHash } from 'node:crypto';
import type { Wallet } from '#shared/tender/payment-code.ts';
import type { Outcome } from '#terminal/renderer/counter/contract.ts';

/** What is rung up and what is killed when, decided before the first sale. Pure: the same seed is the same plan. */
export interface PlannedSale {
  /** Different for every sale: the amount is the sale's name in every book. */
  readonly amountFen: number;
  readonly tender:
    | { readonly type: 'cash' }
    | { readonly type: 'wallet'; readonly wallet: Wallet; readonly outcome: Outcome }
    /** Sold with the line cut, on a member code that the till verifies alone. */
    | { readonly type: 'member-code'; readonly memberIndex: number }
    | BoxTender
    | PromiseTender;
  readonly tillStrike: TillStrike | undefined;
  readonly cloudStrike: CloudStrike | undefined;
}

/** Taken to the box POS. */
export interface BoxTender {
  readonly type: 'box';
  /** `cable-out`: paid while its cable is out, so that only a query tells. */
  readonly ending: 'paid' | 'cable-out' | 'declined';
  /** How long its customer needs. */
  readonly delayMs: number;
  /** With the shop's line cut. */
  readonly isOffline: boolean;
}

/** Goods on trust, with the line cut: given, and left open or kept in cash once the line is back. */
export interface PromiseTender {
  readonly type: 'promise';
  /** Which of the two calls the strikes of the sale are for; `keeping`: it was given in peace. */
  readonly struckIn: 'giving' | 'keeping';
  readonly ending: 'left-open' | 'kept';
}

/** kill -9 of the till. */
export type TillStrike = {
  /** How long it stays dead. */
  readonly downMs: number;
} & (
  | { readonly moment: 'before-sale' | 'after-call'; readonly delayMs: number }
  /** In the middle of a commit: so many microseconds after the so manyth write to the journal since the call left. */
  | { readonly moment: 'at-write'; readonly write: number; readonly thenMicros: number }
);

/** kill -9 of the cloud `delayMs` after the financial call left, or in the very moment in which the till is killed. */
export type CloudStrike = { readonly downMs: number } & (
  { readonly moment: 'after-call'; readonly delayMs: number } | { readonly moment: 'with-till' }
);

export interface KillCounts {
  readonly sales: number;
  /** At most one of each kind in a sale, so at most `sales`. */
  readonly tillKills: number;
  readonly cloudKills: number;
  readonly seed: number;
}

export const salesMax = 5_000;
const amountFenFirst = 101;
const walletPercent = 30;
const memberPercent = 10;
const boxPercent = 15;
const promisePercent = 5;
/** Few are left open: the owner's limits allow so many only. */
const promises: readonly Omit<PromiseTender, 'type'>[] = [
  { struckIn: 'giving', ending: 'kept' },
  { struckIn: 'keeping', ending: 'kept' },
  { struckIn: 'giving', ending: 'left-open' },
  { struckIn: 'keeping', ending: 'kept' },
  { struckIn: 'giving', ending: 'kept' },
  { struckIn: 'keeping', ending: 'kept' },
];
const boxEndings: readonly BoxTender['ending'][] = [
  'paid',
  'cable-out',
  'paid',
  'paid',
  'declined',
];
const boxDelayMsMax = 300;
const wallets: readonly Wallet[] = ['wechat', 'alipay', 'unionpay'];
/** Three of five are paid at once; the others are paid too, but the answer does not say so. */
const walletOutcomes: readonly Outcome[] = [
  'paid',
  'unknown-paid',
  'paid',
  'answer-dropped',
  'paid',
];

/** A number in [0, 1) for a name: draws do not depend on the order in which they are made. */
type Draw = (name: string) => number;

export function planKills(counts: KillCounts): readonly PlannedSale[] {
  const { sales, tillKills, cloudKills, seed } = counts;
  if (!(sales >= 1 && sales <= salesMax)) throw new RangeError(`sales must be 1..${salesMax}`);
  if (!(Math.max(tillKills, cloudKills) <= sales))
    throw new RangeError('at most one kill of each kind in a sale');
  const draw: Draw = (name) =>
    createHash('sha256').update(`${seed}/${name}`).digest().readUInt32BE() / 2 ** 32;
  const shuffled = (name: string): readonly number[] =>
    Array.from({ length: sales }, (_, index) => index).toSorted(
      (a, b) => draw(`${name}/${a}`) - draw(`${name}/${b}`),
    );
  const tenders = new Map<number, PlannedSale['tender']>();
  const order = shuffled('tender');
  const walletCount = Math.round((sales * walletPercent) / 100);
  const memberCount = Math.round((sales * memberPercent) / 100);
  for (const [place, index] of order.slice(0, walletCount).entries()) {
    const wallet = wallets[place % wallets.length] ?? 'wechat';
    const outcome = walletOutcomes[place % walletOutcomes.length] ?? 'paid';
    tenders.set(index, { type: 'wallet', wallet, outcome });
  }
  for (const [place, index] of order.slice(walletCount, walletCount + memberCount).entries())
    tenders.set(index, { type: 'member-code', memberIndex: place });
  const boxCount = Math.round((sales * boxPercent) / 100);
  const boxFirst = walletCount + memberCount;
  for (const [place, index] of order.slice(boxFirst, boxFirst + boxCount).entries()) {
    const ending = boxEndings[place % boxEndings.length] ?? 'paid';
    const delayMs = Math.floor(draw(`box/${index}`) * boxDelayMsMax);
    tenders.set(index, { type: 'box', ending, delayMs, isOffline: place % 3 === 0 });
  }
  const promiseCount = Math.round((sales * promisePercent) / 100);
  const promiseFirst = boxFirst + boxCount;
  for (const [place, index] of order.slice(promiseFirst, promiseFirst + promiseCount).entries()) {
    const planned = promises[place % promises.length] ?? promises[0];
    if (planned) tenders.set(index, { type: 'promise', ...planned });
  }
  const tillStruck = new Set(shuffled('till').slice(0, tillKills));
  const cloudStruck = new Set(shuffled('cloud').slice(0, cloudKills));

  const strikes = (
    index: number,
    tender: PlannedSale['tender']['type'],
  ): Pick<PlannedSale, 'tillStrike' | 'cloudStrike'> => {
    const till = tillStruck.has(index) ? tillStrike(draw, index, tender) : undefined;
    if (!cloudStruck.has(index)) return { tillStrike: till, cloudStrike: undefined };
    const isWithTill = till !== undefined && till.moment !== 'before-sale';
    return { tillStrike: till, cloudStrike: cloudStrike(draw, index, { tender, isWithTill }) };
  };

  return Array.from({ length: sales }, (_, index) => {
    const tender = tenders.get(index) ?? ({ type: 'cash' } as const);
    return {
      amountFen: amountFenFirst + index,
      tender,
      ...strikes(index, tender.type),
    };
  });
}

/** Most kills fall into the commits of the sale, some into printing and asking, a few between two sales. */
function tillStrike(draw: Draw, index: number, tender: PlannedSale['tender']['type']): TillStrike {
  const kind = draw(`till kind/${index}`);
  const delay = draw(`till delay/${index}`);
  const downMs = Math.floor(draw(`till down/${index}`) * 200);
  if (kind < 0.1) return { moment: 'before-sale', delayMs: Math.floor(delay * 60), downMs };
  if (kind < 0.65) {
    const write = 1 + Math.floor(delay * journalWriteMax);
    const thenMicros = Math.floor(draw(`till micros/${index}`) * thenMicrosMax);
    return { moment: 'at-write', write, thenMicros, downMs };
  }
  const longestMs = kind < 0.8 ? 20 : kind < 0.9 ? 120 : tender === 'wallet' ? 5_000 : 500;
  return { moment: 'after-call', delayMs: Math.floor(delay * longestMs), downMs };
}

/** A sale in cash makes so many writes to the journal until its receipt is on paper; one by wallet makes more. */
const journalWriteMax = 24;
/** About as long as a commit takes. */
const thenMicrosMax = 3_000;

/** Half of the cloud's kills are the till's as well, where the till is killed in the same sale. */
function cloudStrike(
  draw: Draw,
  index: number,
  { tender, isWithTill }: { tender: PlannedSale['tender']['type']; isWithTill: boolean },
): CloudStrike {
  const kind = draw(`cloud kind/${index}`);
  const downMs = Math.floor(draw(`cloud down/${index}`) * 1_500);
  if (isWithTill && draw(`cloud with till/${index}`) < 0.5) return { moment: 'with-till', downMs };
  const longestMs = kind < 0.6 ? 60 : tender === 'wallet' ? 5_000 : 500;
  const delayMs = Math.floor(draw(`cloud delay/${index}`) * longestMs);
  return { moment: 'after-call', delayMs, downMs };
}
