import { createHash } from 'node:crypto';
import { tallyBucket } from '#shared/order/order-machine.ts';
import type { OrderStateName } from '#shared/order/order.ts';
import { verifyChain, type HashLink } from '#shared/wire/v1/chain.ts';
import { genesisHash } from '#shared/wire/v1/journal.ts';
import { boxBooksAgree } from './box-oracle.ts';
import { difference, orderIdOf } from './compare-books.ts';
import type { Evidence } from './evidence.ts';
import { groupBy } from './group-by.ts';
import { promisesAreKept } from './promise-oracle.ts';

export interface Violation {
  readonly oracle: OracleName;
  readonly detail: string;
}

/** What must hold when everything is at rest again. Pure: reads one {@link Evidence} and names what breaks it. */
type Oracle = (evidence: Evidence) => readonly string[];

/** Money, or the promise of it, is in this order. */
export const isTaken = (state: string): boolean => {
  const bucket = tallyBucket(state as OrderStateName);
  return bucket !== undefined && bucket !== 'pending';
};

/** Not definite yet: somebody must still ask, or charge. */
export const isOpen = (state: string): boolean => openStates.includes(state);

const openStates: readonly string[] = [
  'draft',
  'held',
  'submitting',
  'unknown',
  'cancel-wanted',
  'pos-sent',
  'pos-unknown',
];

const namesOf = (orders: readonly { readonly orderId: string }[]): string =>
  orders.map((order) => order.orderId).join(' ');

const taken = <T extends { readonly state: string }>(orders: readonly T[]): readonly T[] =>
  orders.filter((order) => isTaken(order.state));

/** Every sale that was acknowledged stands in the till's orders once, with its amount. */
const acknowledgedIsKept: Oracle = ({ sales, tillOrders }) =>
  sales
    .filter((sale) => sale.told === 'taken')
    .flatMap(({ orderId, amountFen }) => {
      const found = taken(tillOrders).filter((order) => order.orderId === orderId);
      if (found.length !== 1)
        return [`${amountFen} fen was acknowledged, found ${found.length} times`];
      return found[0]?.amountFen === amountFen
        ? []
        : [`${orderId} was rung up as ${amountFen} fen, kept as ${found[0]?.amountFen}`];
    });

/** No amount is taken twice, and nothing is taken that the cashier was told is not, or never rang up. */
const nothingIsDoubled: Oracle = ({ sales, tillOrders }) => {
  const told = new Map(sales.map((sale) => [sale.amountFen, sale.told]));
  return [...groupBy(taken(tillOrders), (order) => order.amountFen)].flatMap(
    ([amountFen, orders]) => [
      ...(orders.length > 1 ? [`${amountFen} fen was taken as ${namesOf(orders)}`] : []),
      ...(told.get(amountFen) === 'taken'
        ? []
        : [
            `${amountFen} fen was taken, the cashier was told ${told.get(amountFen) ?? 'of no such sale'}`,
          ]),
    ],
  );
};

/** Everything is definite: no sale is left open, neither on the till nor in the cloud. */
const nothingIsLeftOpen: Oracle = ({ tillOrders, cloudOrders }) =>
  [...tillOrders, ...cloudOrders]
    .filter(({ state }) => isOpen(state) || ['manual', 'offline-accepted'].includes(state))
    .map(({ orderId, state }) => `${orderId} is still ${state}`);

/** The cloud has the same orders as the till: each amount once, in the same state. */
const cloudHasTheSame: Oracle = ({ tillOrders, cloudOrders }) => {
  const byId = groupBy(cloudOrders, (order) => order.orderId);
  const missing = tillOrders.flatMap(({ orderId, amountFen, state }) => {
    const found = byId.get(orderId) ?? [];
    if (found.length !== 1) return [`${orderId} is in the cloud ${found.length} times`];
    const same = found[0]?.amountFen === amountFen && found[0].state === state;
    return same
      ? []
      : [
          `${orderId} is ${amountFen} ${state}, in the cloud ${found[0]?.amountFen} ${found[0]?.state}`,
        ];
  });
  const known = new Set(tillOrders.map((order) => order.orderId));
  const foreign = cloudOrders.filter((order) => !known.has(order.orderId));
  const doubled = [...groupBy(taken(cloudOrders), (order) => order.amountFen)].filter(
    ([, orders]) => orders.length > 1,
  );
  return [
    ...missing,
    ...foreign.map(({ orderId }) => `${orderId} is in the cloud, the till does not know it`),
    ...doubled.map(
      ([amountFen, orders]) => `${amountFen} fen is in the cloud as ${namesOf(orders)}`,
    ),
  ];
};

const setAsideIsEmpty: Oracle = ({ cloudSetAside }) => cloudSetAside;

/** The payer's money moved once at most, and exactly where till and cloud say that it did. */
const booksAgree: Oracle = ({ channelBooks, tillOrders, cloudPaid }) => {
  const success = channelBooks.filter((line) => line.state === 'SUCCESS');
  const byOrder = groupBy(success, (line) => orderIdOf(line.outTradeNo));
  const twice = [...byOrder].filter(([, lines]) => lines.length > 1);
  const booked = [...byOrder].map(([orderId, lines]) => [orderId, lines[0]?.amountFen] as const);
  const till = taken(tillOrders)
    .filter((order) => order.state === 'paid' || order.state === 'settled')
    .map((order) => [order.orderId, order.amountFen - order.voucherFen] as const)
    .filter(([, netFen]) => netFen > 0);
  const cloud = cloudPaid.map((attempt) => [attempt.orderId, attempt.netFen] as const);
  return [
    ...twice.map(([orderId, lines]) => `${orderId} was charged ${lines.length} times`),
    ...difference({ left: booked, right: till, says: 'charged by the channel, not on the till' }),
    ...difference({ left: till, right: booked, says: 'paid on the till, not at the channel' }),
    ...difference({ left: booked, right: cloud, says: 'charged by the channel, not in the cloud' }),
    ...difference({ left: cloud, right: booked, says: 'paid in the cloud, not at the channel' }),
  ];
};

const sha256: HashLink = ({ prevHash, text }) =>
  createHash('sha256').update(Buffer.from(prevHash, 'hex')).update(text).digest('hex');

/** The journal on the disk is one unbroken chain in every epoch, and the cloud stands at its end. */
const chainHolds: Oracle = ({ journal, cloudHeads }) => {
  const heads = new Map(cloudHeads.map((head) => [head.epoch, head]));
  const broken = journal.flatMap(({ epoch, entries }) => {
    const batch = { epoch, firstSeq: 1, prevHash: genesisHash, entries: [...entries] };
    const verified = verifyChain(batch, sha256);
    if (!verified.ok) return [`epoch ${epoch}: ${JSON.stringify(verified.error)}`];
    const head = heads.get(epoch);
    const same = head?.headSeq === entries.length && head.headHash === verified.value.headHash;
    return same
      ? []
      : [`epoch ${epoch} ends at ${entries.length}, the cloud stands at ${JSON.stringify(head)}`];
  });
  const known = new Set(journal.map(({ epoch }) => epoch));
  const foreign = cloudHeads.filter(({ epoch }) => !known.has(epoch));
  return [
    ...(journal.length === 0 ? ['the journal is empty'] : broken),
    ...foreign.map(({ epoch }) => `epoch ${epoch} is in the cloud, not on the disk`),
  ];
};

/** The day's turnover is the sum of the orders, and till and cloud come to the same. */
const talliesAgree: Oracle = ({ tallies, tillOrders }) => {
  const ordersFen = taken(tillOrders).reduce((sum, order) => sum + order.amountFen, 0);
  const tillFen = tallies.reduce((sum, day) => sum + day.tillFen, 0);
  return [
    ...(ordersFen === tillFen ? [] : [`orders sum to ${ordersFen} fen, the tally to ${tillFen}`]),
    ...tallies
      .filter((day) => day.cloudFen !== day.tillFen)
      .map((day) => `${day.businessDate}: till ${day.tillFen} fen, cloud ${day.cloudFen}`),
  ];
};

const lawsHold: Oracle = ({ brokenLaws }) => brokenLaws.map((law) => `${law} is broken`);

/** No order has two receipts that look like originals, and what the till calls printed is on paper. */
const receiptsAreSingle: Oracle = ({ paper, tillOrders }) => {
  const originals = new Map<string, number>();
  const seen = new Set<string>();
  for (const lines of paper) {
    let marked = false;
    for (const line of lines) {
      if (line.includes('补打')) marked = true;
      const orderId = /ord_[0-9A-Z]{26}/.exec(line)?.[0];
      if (orderId === undefined) continue;
      seen.add(orderId);
      if (!marked) originals.set(orderId, (originals.get(orderId) ?? 0) + 1);
      // What was torn off half-printed and what follows it hang on one piece.
      marked = false;
    }
  }
  return [
    ...[...originals]
      .filter(([, count]) => count > 1)
      .map(([orderId, count]) => `${orderId} has ${count} unmarked receipts`),
    ...tillOrders
      .filter((order) => order.receipt === 'printed' && !seen.has(order.orderId))
      .map((order) => `${order.orderId} is called printed and is on no paper`),
  ];
};

/** A sale's receipt is on paper, or somebody is told that it may not be: it is never just left out. */
const noReceiptIsForgotten: Oracle = ({ tillOrders }) =>
  taken(tillOrders)
    .filter((order) => order.receipt === 'queued' || order.receipt === 'off')
    .map((order) => `the receipt of ${order.orderId} (${order.state}) is ${order.receipt}`);

export const oracles = {
  'acknowledged is kept': acknowledgedIsKept,
  'nothing is doubled': nothingIsDoubled,
  'nothing is left open': nothingIsLeftOpen,
  'the cloud has the same orders': cloudHasTheSame,
  'nothing is set aside': setAsideIsEmpty,
  'the channel’s books agree': booksAgree,
  'the box’s books agree': boxBooksAgree,
  'promises are no payments': promisesAreKept,
  'the chain holds': chainHolds,
  'the tallies agree': talliesAgree,
  'the laws of the books hold': lawsHold,
  'one original receipt': receiptsAreSingle,
  'no receipt is forgotten': noReceiptIsForgotten,
} as const satisfies Record<string, Oracle>;
export type OracleName = keyof typeof oracles;

export const judge = (evidence: Evidence): readonly Violation[] =>
  (Object.keys(oracles) as OracleName[]).flatMap((oracle) =>
    oracles[oracle](evidence).map((detail) => ({ oracle, detail })),
  );
