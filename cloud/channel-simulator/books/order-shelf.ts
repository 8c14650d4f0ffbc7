import { createHmac } from 'node:crypto';
import type { BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import type { LatePayment } from '#cloud/channel-simulator/payment-scripts.ts';
import type { OrderRequest, TradeState } from '#cloud/channel-simulator/protocol.ts';

/** One change of the books, as it is kept. */
export type BookRecord =
  | { readonly type: 'order'; readonly order: BookedOrder }
  | { readonly type: 'code'; readonly hash: string; readonly owner: string }
  | { readonly type: 'money'; readonly key: string; readonly value: unknown };

/** Where books are kept over a restart of the channel. */
export interface BooksStore {
  readonly records: readonly BookRecord[];
  append(record: BookRecord): void;
}

/** Where the books keep orders and used payment codes, and write down every change. */
export interface OrderShelf {
  readonly find: (request: OrderRequest) => BookedOrder | undefined;
  readonly isFull: () => boolean;
  /** Enters an order that was not there. */
  readonly book: (request: NewOrder, as: NewOrderState) => BookedOrder;
  /** Writes down what changed. */
  readonly keep: (order: BookedOrder) => BookedOrder;
  /** Whether an order was booked for exactly this content. */
  readonly isSameContent: (order: BookedOrder, request: OrderRequest) => boolean;
  /** False when the code was used for another order. */
  readonly useCode: (authCode: string, request: OrderRequest) => boolean;
  readonly orders: () => readonly BookedOrder[];
  readonly findByTransaction: (transactionId: string) => BookedOrder | undefined;
}

export type NewOrder = Pick<BookedOrder, 'face' | 'merchantNo' | 'outTradeNo' | 'amountFen'>;

export interface NewOrderState {
  readonly state: TradeState;
  readonly paysAfterPolls: boolean;
  readonly isFrozen?: boolean;
  readonly subsidyMarkFen?: number | undefined;
  readonly payerId?: string | undefined;
  readonly paysOnceClosed?: LatePayment | undefined;
  readonly nowMs: number;
}

/** The most orders one simulator keeps; above it new charges are refused with SYSTEM_ERROR. */
export const bookedOrdersMax = 1_000_000;

export function createOrderShelf(seed: string, store: BooksStore | undefined): OrderShelf {
  const orders = new Map<string, BookedOrder>();
  const keyOfTransaction = new Map<string, string>();
  const shelve = (order: BookedOrder): void => {
    orders.set(keyOf(order), order);
    keyOfTransaction.set(order.transactionId, keyOf(order));
  };
  const codeOwners = new Map<string, string>();
  for (const record of store?.records ?? []) {
    if (record.type === 'order') shelve(record.order);
    else if (record.type === 'code') codeOwners.set(record.hash, record.owner);
  }
  const keyed = (text: string): string =>
    createHmac('sha256', `greentill/channel-simulator/${seed}`).update(text).digest('hex');

  const keep = (order: BookedOrder): BookedOrder => {
    shelve(order);
    store?.append({ type: 'order', order });
    return order;
  };

  return {
    keep,
    find: (request) => orders.get(keyOf(request)),
    isFull: () => orders.size >= bookedOrdersMax,
    isSameContent: (order, request) => order.requestHash === keyed(JSON.stringify(request)),
    orders: () => [...orders.values()],
    findByTransaction: (transactionId) => {
      const key = keyOfTransaction.get(transactionId);
      return key === undefined ? undefined : orders.get(key);
    },
    book: (request, as) => {
      const { state, paysAfterPolls, isFrozen = false, nowMs } = as;
      const { subsidyMarkFen, payerId, paysOnceClosed } = as;
      return keep({
        face: request.face,
        merchantNo: request.merchantNo,
        outTradeNo: request.outTradeNo,
        amountFen: request.amountFen,
        transactionId: transactionIdOf(keyed(keyOf(request))),
        bookedAtMs: nowMs,
        requestHash: keyed(JSON.stringify(request)),
        paysAfterPolls,
        state,
        polls: 0,
        paidAtMs: state === 'SUCCESS' ? nowMs : undefined,
        refunds: {},
        isFrozen,
        ...(subsidyMarkFen === undefined ? {} : { subsidyMarkFen }),
        ...(payerId === undefined ? {} : { payerId }),
        ...(paysOnceClosed === undefined ? {} : { paysOnceClosed }),
      });
    },
    useCode: (authCode, request) => {
      const hash = keyed(authCode);
      const owner = keyOf(request);
      if ((codeOwners.get(hash) ?? owner) !== owner) return false;
      codeOwners.set(hash, owner);
      store?.append({ type: 'code', hash, owner });
      return true;
    },
  };
}

const keyOf = (request: OrderRequest): string => `${request.merchantNo}/${request.outTradeNo}`;

/** 28 digits beginning 42, like the numbers payers see in their bills; the same seed gives the same number. */
const transactionIdOf = (hash: string): string =>
  `42${BigInt(`0x${hash.slice(0, 32)}`)
    .toString()
    .padStart(26, '0')
    .slice(-26)}`;
