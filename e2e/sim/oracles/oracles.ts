import { createHash } from 'node:crypto';
import { defaultCaps } from '#cloud/identity/terminal-config.ts';
import { decodeTwoLayerCode, twoLayerDigits } from '#shared/member/two-layer-code.ts';
import { verifyChain, type HashLink } from '#shared/wire/v1/chain.ts';
import { genesisHash } from '#shared/wire/v1/journal.ts';
import { groupBy } from '../../kill/group-by.ts';
import type { Evidence } from '../../kill/evidence.ts';
import { isTaken, oracles as killOracles } from '../../kill/oracles.ts';
import type { TillEvidence, WorldEvidence } from './evidence.ts';
import { isNamedByBill, lateMoneyGoesBack } from './late-oracles.ts';
import { promiseEndsOnce, promisesAgree, promisesInLimits } from './promise-oracles.ts';
import { isOpenHere, type Sale } from '../script/shop-script.ts';

export interface Violation {
  readonly oracle: OracleName;
  readonly detail: string;
}

const receiptsAreSingle = killOracles['one original receipt'];

type Oracle = (world: WorldEvidence) => readonly string[];

/** A till whose disk was put back to an older day: it does not know what it forgot, so the other books judge that. */
const wasRestored = (_world: WorldEvidence, { restoredAtMs }: TillEvidence): boolean =>
  restoredAtMs.length > 0;

/** A till that was put back, or closed by the operator: it does not hear what became of its orders. */
const isApart = (world: WorldEvidence, till: TillEvidence): boolean =>
  wasRestored(world, till) || till.isRevoked;

/** Only a till that the desk closed may be put back without the cloud: no other one has an excuse. */
const mayBeAlone = ({ restoredAlone, isRevoked }: TillEvidence): boolean =>
  restoredAlone && isRevoked;

/** Put back with the help of the cloud, so that it has again whatever was acknowledged. */
const byCommand = ({ faults }: WorldEvidence, till: TillEvidence): boolean =>
  !mayBeAlone(till) && faults.restores.some((one) => one.till === till.index && one.byCommand);

/**
 * What the cloud acknowledged is in the cloud, once, as it was sent, in a row without holes:
 * whatever the till lost.
 */
const acknowledgedIsThere: Oracle = ({ tills }) =>
  tills.flatMap(({ name, acknowledged, cloudEntries, cloudHeads }) => {
    const there = groupBy(cloudEntries, ({ epoch, seq }) => `${epoch}/${seq}`);
    const lost = acknowledged.flatMap(({ epoch, seq, hash }) => {
      const found = there.get(`${epoch}/${seq}`) ?? [];
      return found.length === 1 && found[0]?.hash === hash
        ? []
        : [`${name} ${epoch}/${seq} was acknowledged and is there ${found.length} times`];
    });
    const holes = cloudHeads.flatMap(({ epoch, headSeq }) => {
      const count = cloudEntries.filter((one) => one.epoch === epoch).length;
      return count === headSeq ? [] : [`${name} epoch ${epoch}: ${count} of ${headSeq} entries`];
    });
    return [...lost, ...holes];
  });

/**
 * Where a till has less than the cloud, or something else, people are told: at the desk, or on the
 * till itself where the owner restored it alone. That word is about what the backup did not have:
 * what was written after it has no excuse.
 */
const lostTailIsNamed: Oracle = ({ tills }) =>
  tills.flatMap((till) => {
    const { name, journal, cloudHeads, alarms, exceptions } = till;
    const saysAlone = exceptions.some((row) => row.includes('store-restored-alone'));
    const sinceRestore = journal.findLastIndex(({ entries }) => isRestored(entries[0]));
    return cloudHeads.flatMap(({ epoch, headSeq, headHash }) => {
      const place = journal.findIndex((one) => one.epoch === epoch);
      const here = journal[place]?.entries ?? [];
      const isWhole = here.find(({ seq }) => seq === headSeq)?.hash === headHash;
      const isNamed =
        alarms.includes('tail-lost') ||
        alarms.includes('fork') ||
        (mayBeAlone(till) && saysAlone && place < sinceRestore);
      return isWhole || isNamed
        ? []
        : [`${name} epoch ${epoch} has ${here.length} of ${headSeq}, and nobody was told`];
    });
  });

/** The first entry of an epoch that a restore began. */
const isRestored = (first: { readonly type: string; readonly body: string } | undefined): boolean =>
  first?.type === 'store.opened' && first.body.includes('"reason":"restored"');

/** The same code of a member pays for one sale at most, at however many tills it was shown. */
const codePaysOnce: Oracle = ({ tills }) => {
  const uses = tills.flatMap(({ journal, orders }) =>
    journal
      .flatMap(({ entries }) => entries)
      .filter(({ type }) => type === 'offline.accepted')
      .map(({ body }) => JSON.parse(body) as { readonly orderId: string; readonly code: string })
      .filter(({ orderId }) =>
        orders.some((order) => order.orderId === orderId && order.state === 'settled'),
      ),
  );
  return [...groupBy(uses, ({ code }) => code)]
    .filter(([, orders]) => new Set(orders.map(({ orderId }) => orderId)).size > 1)
    .map(([, orders]) => `one member code paid ${orders.map(({ orderId }) => orderId).join(', ')}`);
};

/** A counter of a member's phone is taken once at a till, and never after a later one. */
const countersGrow: Oracle = ({ tills }) =>
  tills
    .filter(({ restoredAtMs }) => restoredAtMs.length === 0)
    .flatMap(({ name, journal }) => {
      const last = new Map<string, number>();
      return journal
        .flatMap(({ entries }) => entries)
        .flatMap(({ type, body }) => {
          if (type !== 'offline.accepted') return [];
          const { code } = JSON.parse(body) as { readonly code: string };
          const read = decodeTwoLayerCode(code);
          if (!read.ok) return [];
          const { certificateId } = read.value.certificate.fields;
          const { counter } = read.value.moment;
          const before = last.get(certificateId) ?? 0;
          last.set(certificateId, Math.max(before, counter));
          return counter > before ? [] : [`${name} took counter ${counter} after ${before}`];
        });
    });

const secondIsRefused: Oracle = ({ tills }) =>
  tills.flatMap(({ name, intrusions }) => intrusions.map((what) => `${name}: ${what}`));

/** After a restore by command the till has again whatever the cloud ever acknowledged. */
const acknowledgedIsBack: Oracle = (world) =>
  world.tills
    .filter((till) => byCommand(world, till))
    .flatMap((till) =>
      till.cloudHeads.flatMap(({ epoch, headSeq, headHash }) => {
        const entries = till.journal.find((one) => one.epoch === epoch)?.entries ?? [];
        const back = entries.find(({ seq }) => seq === headSeq);
        return back?.hash === headHash
          ? []
          : [`${till.name} epoch ${epoch}: the cloud has ${headSeq}, the till ${entries.length}`];
      }),
    );

const tillOf = ({ tills }: WorldEvidence, sale: Sale): TillEvidence | undefined =>
  tills.find(({ name }) => name === sale.till);

/** Nothing hangs: everything is sent and definite, by itself, within two hours. */
const everythingEnds: Oracle = ({ isQuiet, tills, attempts }) =>
  isQuiet
    ? []
    : [
        ...tills.flatMap(({ orders }) =>
          orders.filter(({ state }) => isOpenHere(state)).map((o) => `${o.orderId} is ${o.state}`),
        ),
        ...attempts
          .filter(({ status }) => !finalStatuses.has(status))
          .map((one) => `attempt ${one.outTradeNo} is ${one.status}`),
        'not quiet after two hours',
      ];

const finalStatuses = new Set(['paid', 'failed', 'reversed', 'refunded', 'refunded-late']);

/** A sale that the cashier was told is taken stands in the till once, with its amount, and is taken. */
const toldIsKept: Oracle = (world) =>
  world.sales
    .filter(({ told }) => told === 'taken')
    .flatMap((sale) => {
      const till = tillOf(world, sale);
      if (!till || wasRestored(world, till)) return [];
      const kept = till.orders.filter(
        (order) => order.amountFen === sale.amountFen && isTaken(order.state),
      );
      return kept.length === 1
        ? []
        : [`${sale.till} ${sale.amountFen} fen was told taken, kept ${kept.length} times`];
    });

/** The customer's money moved once at most: channel, box and drawer together. */
const paidOnce: Oracle = (world) =>
  world.sales.flatMap((sale) => {
    const till = tillOf(world, sale);
    const channel = world.channelBooks.filter(
      (line) =>
        line.state === 'SUCCESS' &&
        line.amountFen === sale.amountFen &&
        !isNamedByBill(world, line),
    );
    const box = till?.boxBooks.filter(
      ({ kind, amountFen }) => kind === 'sale' && amountFen === sale.amountFen,
    );
    const cash = (sale.cash === 'told' ? 1 : 0) + (sale.promisedCash ? 1 : 0);
    const times = channel.length + (box?.length ?? 0) + cash;
    const isForgotten =
      till?.restoredAtMs.some((atMs) => sale.fromMs <= atMs && atMs <= sale.toMs) === true;
    // The till forgot the sale in the middle of it. The cashier could not know, but somebody must be told.
    const orders = new Set(channel.map(({ outTradeNo }) => outTradeNo.slice(0, -2)));
    const marks = new Set(box?.map(({ mark }) => mark));
    if (isForgotten && orders.size === channel.length && marks.size === (box?.length ?? 0))
      return channel
        .filter(({ outTradeNo }) => times > 1 && !isNamed(till, outTradeNo))
        .map(({ outTradeNo }) => `${outTradeNo} was forgotten on ${sale.till} and is not named`);
    return times > 1
      ? [
          `${sale.till} ${sale.amountFen} fen: channel ${channel.length}, box ${box?.length}, cash ${cash}`,
        ]
      : [];
  });

/** The payment stands among the exceptions of the till, or in an order of it. */
const isNamed = (till: TillEvidence, outTradeNo: string): boolean =>
  till.exceptions.some((row) => row.includes(outTradeNo.slice(0, -2))) ||
  till.orders.some(({ orderId }) => outTradeNo.startsWith(orderIdText(orderId)));

/** Money at the channel or in the box is in an order that says so, and an order that says paid has it there. */
const booksAgree: Oracle = (world) => {
  const paidAtChannel = world.channelBooks.filter(
    (line) => line.state === 'SUCCESS' && !isNamedByBill(world, line),
  );
  const known = new Set(
    world.attempts.filter(({ status }) => status === 'paid').map((one) => one.outTradeNo),
  );
  const booked = new Set(paidAtChannel.map((line) => line.outTradeNo));
  return [
    ...[...booked].filter((no) => !known.has(no)).map((no) => `${no}: paid at the channel only`),
    ...[...known].filter((no) => !booked.has(no)).map((no) => `${no}: paid in the cloud only`),
    ...world.tills.flatMap((till) => {
      if (isApart(world, till)) return [];
      const paid = till.orders.filter(({ state }) => state === 'paid' || state === 'settled');
      const orders = new Set(paid.map(({ orderId }) => orderIdText(orderId)));
      const atBox = till.boxBooks.map(({ mark }) => mark);
      const posPaid = till.orders.filter(({ state }) => state === 'pos-paid');
      return [
        ...paid
          .filter(({ orderId }) => ![...booked].some((no) => no.startsWith(orderIdText(orderId))))
          .map(({ orderId }) => `${orderId}: paid on ${till.name}, not at the channel`),
        ...posPaid
          .filter(({ orderId }) => !atBox.some((mark) => mark.startsWith(orderIdText(orderId))))
          .map(({ orderId }) => `${orderId}: paid by the box on ${till.name}, not in its books`),
        ...[...booked]
          .filter((no) => till.orders.some(({ orderId }) => no.startsWith(orderIdText(orderId))))
          .filter((no) => ![...orders].some((id) => no.startsWith(id)))
          .map((no) => `${no}: paid at the channel, not on ${till.name}`),
      ];
    }),
  ];
};

const orderIdText = (orderId: string): string => orderId.slice('ord_'.length);

/** Every entry that the till holds is in the cloud once, in one unbroken chain per epoch. */
const journalArrived: Oracle = (world) =>
  world.tills.flatMap((till) => {
    const heads = new Map(till.cloudHeads.map((head) => [head.epoch, head]));
    return till.journal.flatMap(({ epoch, entries }) => {
      const batch = { epoch, firstSeq: 1, prevHash: genesisHash, entries: [...entries] };
      const verified = verifyChain(batch, sha256);
      if (!verified.ok) return [`${till.name} epoch ${epoch}: ${JSON.stringify(verified.error)}`];
      const head = heads.get(epoch);
      const same = head?.headSeq === entries.length && head.headHash === verified.value.headHash;
      return same || (wasRestored(world, till) && !byCommand(world, till))
        ? []
        : [`${till.name} epoch ${epoch} has ${entries.length}, the cloud ${head?.headSeq}`];
    });
  });

const sha256: HashLink = ({ prevHash, text }) =>
  createHash('sha256').update(Buffer.from(prevHash, 'hex')).update(text).digest('hex');

/** Till and cloud have the same orders in the same states. */
const sameOrders: Oracle = (world) =>
  world.tills.flatMap((till) => {
    const cloud = groupBy(till.cloudOrders, ({ orderId }) => orderId);
    const here = new Set(till.orders.map(({ orderId }) => orderId));
    const differing = till.orders.flatMap(({ orderId, amountFen, state }) => {
      const found = cloud.get(orderId) ?? [];
      const same = found.length === 1 && found[0]?.amountFen === amountFen;
      return same && found[0]?.state === state
        ? []
        : [`${orderId} is ${amountFen} ${state} on ${till.name}, cloud: ${JSON.stringify(found)}`];
    });
    const foreign = till.cloudOrders.filter(({ orderId }) => !here.has(orderId));
    return isApart(world, till)
      ? []
      : [...differing, ...foreign.map(({ orderId }) => `${orderId} is in the cloud only`)];
  });

/** Each amount stands in the cloud as taken once at most, and never when the cashier was told otherwise. */
const takenOnce: Oracle = (world) =>
  world.sales.flatMap((sale) => {
    const till = tillOf(world, sale);
    const taken = till?.cloudOrders.filter(
      (order) => order.amountFen === sale.amountFen && isTaken(order.state),
    );
    return (taken?.length ?? 0) > 1
      ? [`${sale.till} ${sale.amountFen} fen is in the cloud ${taken?.length} times`]
      : [];
  });

const nothingSetAside: Oracle = (world) =>
  world.tills.flatMap((till) =>
    wasRestored(world, till)
      ? []
      : till.cloudSetAside
          .filter((text) => !(till.isRevoked && text.includes(' is parked: terminal-revoked')))
          .map((text) => `${till.name}: ${text}`),
  );

/** The cloud's tally is the shop's: the sum of its tills. */
const talliesAgree: Oracle = (world) => {
  if (world.tills.some((till) => isApart(world, till))) return [];
  const days = groupBy(
    world.tills.flatMap(({ tallies }) => tallies),
    ({ businessDate }) => businessDate,
  );
  return [...days].flatMap(([date, tallies]) => {
    const tillFen = tallies.reduce((sum, day) => sum + day.tillFen, 0);
    return tallies.every(({ cloudFen }) => cloudFen === tillFen)
      ? []
      : [
          `${date}: the tills ${tillFen} fen, the cloud ${tallies.map((day) => day.cloudFen).join(' and ')}`,
        ];
  });
};

/** No till accepted more offline than the caps of the cloud allow, told by its own journal. */
const capsHold: Oracle = (world) =>
  world.tills.flatMap((till) => {
    const amounts = new Map(till.orders.map((order) => [order.orderId, order.amountFen]));
    const open = new Map<string, number>();
    return till.journal
      .flatMap(({ entries }) => entries)
      .flatMap(({ type, body }) => {
        if (!type.startsWith('offline.') || type.startsWith('offline.promise')) return [];
        const { orderId, code } = JSON.parse(body) as { orderId: string; code?: string };
        const amountFen = amounts.get(orderId) ?? 0;
        if (type !== 'offline.accepted') {
          open.delete(orderId);
          return [];
        }
        open.set(orderId, amountFen);
        const sumFen = [...open.values()].reduce((sum, one) => sum + one, 0);
        const { shopUnsyncedCount = Number.POSITIVE_INFINITY, shopUnsyncedFen } = defaultCaps;
        const isBearer = code?.length !== twoLayerDigits;
        const caps = isBearer ? (defaultCaps.bearer ?? defaultCaps) : defaultCaps;
        const within =
          amountFen <= caps.perPaymentFen &&
          open.size <= Math.min(caps.perMemberCount, shopUnsyncedCount) &&
          sumFen <= Math.min(caps.perMemberFen, shopUnsyncedFen);
        return within ? [] : [`${till.name} ${orderId}: ${open.size} open, ${sumFen} fen`];
      });
  });

const lawsHold: Oracle = ({ brokenLaws }) => brokenLaws.map((law) => `${law} is broken`);

/** No order has two receipts that look like originals, and what is called printed is on paper. */
const oneOriginal: Oracle = (world) =>
  world.tills.flatMap((till) =>
    wasRestored(world, till)
      ? []
      : receiptsAreSingle({ paper: till.paper, tillOrders: till.orders } as Evidence),
  );

export const oracles = {
  'everything ends': everythingEnds,
  'what was told taken is kept': toldIsKept,
  'the customer paid once': paidOnce,
  'the books agree': booksAgree,
  'late money goes back': lateMoneyGoesBack,
  'the journal arrived once': journalArrived,
  'what was acknowledged is in the cloud once': acknowledgedIsThere,
  'a lost tail is named': lostTailIsNamed,
  'a member code pays once': codePaysOnce,
  'a counter is taken once': countersGrow,
  'a promise ends once': promiseEndsOnce,
  'kept promises agree': promisesAgree,
  'promises stay in their limits': promisesInLimits,
  'a second process is refused': secondIsRefused,
  'what was acknowledged is back': acknowledgedIsBack,
  'till and cloud have the same orders': sameOrders,
  'each sale is taken once': takenOnce,
  'nothing is set aside': nothingSetAside,
  'the tallies agree': talliesAgree,
  'no cap is exceeded': capsHold,
  'the laws of the books hold': lawsHold,
  'one original receipt': oneOriginal,
} as const satisfies Record<string, Oracle>;
export type OracleName = keyof typeof oracles;

export const judgeWorld = (world: WorldEvidence): readonly Violation[] =>
  (Object.keys(oracles) as OracleName[]).flatMap((oracle) =>
    oracles[oracle](world).map((detail) => ({ oracle, detail })),
  );
