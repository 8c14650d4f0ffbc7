import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { entryHash, type HashLink } from '#shared/wire/v1/chain.ts';
import { genesisHash, type WireEntry } from '#shared/wire/v1/journal.ts';
import type { OrderRow } from '#terminal/ipc/views.ts';
import type { Evidence } from './evidence.ts';
import { judge, oracles, type OracleName } from './oracles.ts';

const epoch = '00112233aabbccdd';
const hashLink: HashLink = ({ prevHash, text }) =>
  createHash('sha256').update(Buffer.from(prevHash, 'hex')).update(text).digest('hex');

const idOf = (index: number): string =>
  `ord_01M80FST8000000000000000${String(index).padStart(2, '0')}`;
const [cashId, walletId, memberId, failedId, boxId, owedId] = [1, 2, 3, 4, 6, 7].map(idOf) as [
  string,
  string,
  string,
  string,
  string,
  string,
];

function row(orderId: string, amountFen: number, state: string): OrderRow {
  return {
    orderId,
    state,
    bucket: 'none',
    amountFen,
    voucherFen: 0,
    tender: null,
    openedAtMs: 0,
    cashier: '王姐',
    reason: null,
    refundedFen: 0,
    refundableFen: 0,
    refundWay: null,
    synced: true,
    receiptCopies: 1,
    receipt: state === 'failed' ? 'off' : 'printed',
  };
}

/** The last entry says that the box was paid. */
function chain(length: number): WireEntry[] {
  const entries: WireEntry[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const [type, body] = seq === length ? ['pos.paid', posPaid] : before(length - seq);
    const entry = { seq, hlc: '000000000000-0000', wallMs: seq, type, body };
    const prevHash = entries.at(-1)?.hash ?? genesisHash;
    entries.push({ ...entry, hash: entryHash({ epoch, prevHash, entry }, hashLink) });
  }
  return entries;
}

/** Before that a promise was given and kept. */
const before = (fromEnd: number): readonly [type: string, body: string] => {
  if (fromEnd > 2) return ['caps.applied', '{}'];
  const type = fromEnd === 2 ? 'offline.promised' : 'offline.promise-kept';
  return [type, JSON.stringify({ orderId: owedId })];
};

const posPaid = JSON.stringify({ orderId: boxId, attempt: 1, boxRef: '000001', amountFen: 105 });
const boxLine = (orderId: string, amountFen: number, attempt = '01') => ({
  merchantOrderNo: orderId.slice(4) + attempt,
  amountFen,
  boxRef: '000001',
});

const book = (orderId: string, amountFen: number, attempt = '01') => ({
  face: 'wechat' as const,
  merchantNo: '1900000001',
  outTradeNo: orderId.slice(4) + attempt,
  amountFen,
  state: 'SUCCESS' as const,
  transactionId: '42',
  refundedFen: 0,
});

const owed = {
  amountFen: 106,
  tender: 'promise',
  orderId: owedId,
  told: 'kept',
  answerLost: false,
  state: '',
} as const;
const sale = (orderId: string, amountFen: number, told: 'taken' | 'not-paid') =>
  ({ amountFen, tender: 'cash', orderId, told, answerLost: false, state: '' }) as const;

const orders = [
  row(cashId, 101, 'cash-recorded'),
  row(walletId, 102, 'paid'),
  row(memberId, 103, 'settled'),
  row(failedId, 104, 'failed'),
  row(boxId, 105, 'pos-paid'),
  row(owedId, 106, 'promise-kept'),
];
const entries = chain(4);

/** A shop where everything is as it should be. */
const sound: Evidence = {
  sales: [
    sale(cashId, 101, 'taken'),
    sale(walletId, 102, 'taken'),
    sale(memberId, 103, 'taken'),
    sale(failedId, 104, 'not-paid'),
    sale(boxId, 105, 'taken'),
    owed,
  ],
  tillOrders: orders,
  cloudOrders: orders,
  cloudPaid: [
    { orderId: walletId, netFen: 102 },
    { orderId: memberId, netFen: 103 },
  ],
  cloudSetAside: [],
  channelBooks: [
    book(walletId, 102),
    book(memberId, 103),
    { ...book(failedId, 104), state: 'CLOSED' },
  ],
  boxBooks: [boxLine(boxId, 105)],
  journal: [{ epoch, entries }],
  cloudHeads: [{ epoch, headSeq: 4, headHash: entries[3]?.hash ?? '' }],
  tallies: [{ businessDate: '2026-11-22', tillFen: 411, cloudFen: 411 }],
  brokenLaws: [],
  paper: [[cashId], [`单号 ${walletId}`], [memberId], [boxId], [owedId], ['补打 第1次', cashId]],
};

const without = <T extends { readonly orderId: string | undefined }>(
  items: readonly T[],
  orderId: string,
): readonly T[] => items.filter((item) => item.orderId !== orderId);
const turned = (orderId: string, state: string): readonly OrderRow[] =>
  orders.map((order) => (order.orderId === orderId ? { ...order, state } : order));

type Planted = readonly [oracle: OracleName, what: string, change: Partial<Evidence>];

const planted: readonly Planted[] = [
  ['acknowledged is kept', 'an order is gone', { tillOrders: without(orders, cashId) }],
  [
    'acknowledged is kept',
    'a paid order turned failed',
    { tillOrders: turned(walletId, 'failed') },
  ],
  [
    'acknowledged is kept',
    'an order has another amount',
    { tillOrders: [...without(orders, cashId), row(cashId, 1_010, 'cash-recorded')] },
  ],
  [
    'acknowledged is kept',
    'an order stands twice',
    { tillOrders: [...orders, row(cashId, 101, 'cash-recorded')] },
  ],
  [
    'nothing is doubled',
    'an amount is taken under two numbers',
    { tillOrders: [...orders, row(idOf(5), 101, 'cash-recorded')] },
  ],
  [
    'nothing is doubled',
    'what was told not paid is paid',
    { tillOrders: turned(failedId, 'paid') },
  ],
  [
    'nothing is doubled',
    'an amount that nobody rang up',
    { tillOrders: [...orders, row(idOf(5), 999, 'cash-recorded')] },
  ],
  ['nothing is left open', 'open on the till', { tillOrders: turned(failedId, 'unknown') }],
  ['nothing is left open', 'open in the cloud', { cloudOrders: turned(walletId, 'submitting') }],
  [
    'nothing is left open',
    'an offline sale was never settled',
    { tillOrders: turned(memberId, 'offline-accepted') },
  ],
  ['nothing is left open', 'people must decide', { tillOrders: turned(walletId, 'manual') }],
  [
    'the cloud has the same orders',
    'an order never arrived',
    { cloudOrders: without(orders, cashId) },
  ],
  [
    'the cloud has the same orders',
    'an order arrived twice',
    { cloudOrders: [...orders, row(cashId, 101, 'cash-recorded')] },
  ],
  [
    'the cloud has the same orders',
    'an amount arrived under two numbers',
    { cloudOrders: [...orders, row(idOf(5), 101, 'cash-recorded')] },
  ],
  [
    'the cloud has the same orders',
    'the states differ',
    { cloudOrders: turned(walletId, 'reversed') },
  ],
  [
    'the cloud has the same orders',
    'the amounts differ',
    { cloudOrders: [...without(orders, cashId), row(cashId, 100, 'cash-recorded')] },
  ],
  ['nothing is set aside', 'an entry is parked', { cloudSetAside: ['entry 7 is parked'] }],
  [
    'the channel’s books agree',
    'one order was charged twice',
    { channelBooks: [...sound.channelBooks, book(walletId, 102, '02')] },
  ],
  [
    'the channel’s books agree',
    'money was taken for a failed order',
    { channelBooks: [...sound.channelBooks, book(failedId, 104, '02')] },
  ],
  [
    'the channel’s books agree',
    'a paid order was never charged',
    { channelBooks: [book(memberId, 103)] },
  ],
  [
    'the channel’s books agree',
    'another amount was charged',
    { channelBooks: [book(memberId, 103), book(walletId, 1_020)] },
  ],
  [
    'the channel’s books agree',
    'the cloud missed a payment',
    { cloudPaid: sound.cloudPaid.slice(1) },
  ],
  [
    'the channel’s books agree',
    'the cloud invented a payment',
    { cloudPaid: [...sound.cloudPaid, { orderId: failedId, netFen: 104 }] },
  ],
  [
    'the box’s books agree',
    'the box was charged twice',
    { boxBooks: [boxLine(boxId, 105), boxLine(boxId, 105, '02')] },
  ],
  [
    'the box’s books agree',
    'the box took money for a failed order',
    { boxBooks: [boxLine(boxId, 105), boxLine(failedId, 104)] },
  ],
  ['the box’s books agree', 'the box has another sum', { boxBooks: [boxLine(boxId, 1_050)] }],
  ['the box’s books agree', 'the box knows nothing of it', { boxBooks: [] }],
  ['the box’s books agree', 'the till lost it', { tillOrders: turned(boxId, 'pos-failed') }],
  ['the box’s books agree', 'the cloud lost it', { cloudOrders: without(orders, boxId) }],
  [
    'the box’s books agree',
    'the journal does not say paid',
    { journal: [{ epoch, entries: entries.slice(0, 3) }] },
  ],
  [
    'the box’s books agree',
    'the journal says paid twice',
    { journal: [{ epoch, entries: [...entries, entries[3]!] }] },
  ],
  [
    'promises are no payments',
    'the till calls it paid',
    { tillOrders: turned(owedId, 'cash-recorded') },
  ],
  ['promises are no payments', 'the till lost it', { tillOrders: without(orders, owedId) }],
  ['promises are no payments', 'the cloud lost it', { cloudOrders: without(orders, owedId) }],
  [
    'promises are no payments',
    'the cloud has it twice',
    { cloudOrders: [...orders, row(idOf(9), 106, 'promised')] },
  ],
  [
    'promises are no payments',
    'the cashier was told that it was kept',
    { tillOrders: turned(owedId, 'promised') },
  ],
  [
    'promises are no payments',
    'it was never begun as far as the cashier knows',
    { sales: [{ ...owed, told: 'nothing' }] },
  ],
  [
    'promises are no payments',
    'it was kept twice',
    { journal: [{ epoch, entries: [...entries, entries[2]!] }] },
  ],
  [
    'promises are no payments',
    'its paper says that it was paid',
    { paper: [[owedId, '收款成功']] },
  ],
  ['nothing is left open', 'in doubt at the box', { tillOrders: turned(boxId, 'pos-unknown') }],
  [
    'the chain holds',
    'an entry is missing',
    { journal: [{ epoch, entries: entries.toSpliced(1, 1) }] },
  ],
  [
    'the chain holds',
    'an entry was changed',
    { journal: [{ epoch, entries: entries.with(1, { ...entries[1]!, body: '{"a":1}' }) }] },
  ],
  ['the chain holds', 'the cloud is behind', { cloudHeads: [{ epoch, headSeq: 2, headHash: '' }] }],
  [
    'the chain holds',
    'the cloud has another head',
    { cloudHeads: [{ epoch, headSeq: 4, headHash: 'f'.repeat(64) }] },
  ],
  ['the chain holds', 'an epoch never arrived', { cloudHeads: [] }],
  [
    'the chain holds',
    'an epoch vanished from the disk',
    { cloudHeads: [...sound.cloudHeads, { epoch: 'f'.repeat(16), headSeq: 1, headHash: '' }] },
  ],
  ['the chain holds', 'the journal is empty', { journal: [], cloudHeads: [] }],
  [
    'the tallies agree',
    'the cloud counts less',
    { tallies: [{ businessDate: '2026-11-22', tillFen: 411, cloudFen: 204 }] },
  ],
  [
    'the tallies agree',
    'the cloud does not answer',
    { tallies: [{ businessDate: '2026-11-22', tillFen: 411, cloudFen: undefined }] },
  ],
  [
    'the tallies agree',
    'both count the same, and wrong',
    { tallies: [{ businessDate: '2026-11-22', tillFen: 300, cloudFen: 300 }] },
  ],
  ['the laws of the books hold', 'a law is broken', { brokenLaws: ['journals-sum-to-zero'] }],
  ['one original receipt', 'two unmarked receipts', { paper: [...sound.paper, [cashId]] }],
  [
    'one original receipt',
    'two unmarked receipts on one piece',
    { paper: [[cashId, cashId], [walletId], [memberId], [boxId]] },
  ],
  ['one original receipt', 'printed, and on no paper', { paper: sound.paper.slice(1, 4) }],
  [
    'no receipt is forgotten',
    'a sale has no receipt job',
    { tillOrders: orders.map((order) => ({ ...order, receipt: 'off' })) },
  ],
  [
    'no receipt is forgotten',
    'a receipt never came out of the queue',
    { tillOrders: orders.map((order) => ({ ...order, receipt: 'queued' })) },
  ],
];

describe('the oracles of the kill runs', () => {
  it('find nothing in a sound shop', () => {
    expect(judge(sound)).toEqual([]);
  });

  it.each(planted)('%s: finds that %s', (oracle, _what, change) => {
    expect(oracles[oracle]({ ...sound, ...change })).not.toEqual([]);
  });

  it('have a planted violation each', () => {
    expect(new Set(planted.map(([oracle]) => oracle))).toEqual(new Set(Object.keys(oracles)));
  });
});
