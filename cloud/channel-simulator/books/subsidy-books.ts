import { refundedFen, type BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import {
  refusedMoney,
  type MoneyGround,
  type MoneyRefusal,
} from '#cloud/channel-simulator/books/money-ground.ts';
import type { SplitBooks } from '#cloud/channel-simulator/books/split-books.ts';

export interface SubsidyRequest {
  readonly merchantNo: string;
  readonly transactionId: string;
  readonly outSubsidyNo: string;
  readonly amountFen: number;
}

export interface BookedSubsidy extends SubsidyRequest {
  readonly ref: string;
  readonly atMs: number;
  /** Fen given back by return number. */
  readonly returns: Record<string, number>;
}

interface CancelledSubsidy {
  readonly merchantNo: string;
  readonly transactionId: string;
  readonly atMs: number;
}

export interface SubsidyBooks {
  readonly create: (request: SubsidyRequest, nowMs: number) => BookedSubsidy | MoneyRefusal;
  readonly takeBack: (
    request: SubsidyRequest & { readonly outReturnNo: string },
  ) => BookedSubsidy | MoneyRefusal;
  /** Nothing will be subsidised of an order that was marked for it. */
  readonly cancel: (
    request: Pick<SubsidyRequest, 'merchantNo' | 'transactionId'>,
    nowMs: number,
  ) => CancelledSubsidy | MoneyRefusal;
  readonly cancelled: () => readonly CancelledSubsidy[];
  /** Is it marked, and neither subsidised nor its mark cancelled? */
  readonly isOwed: (order: BookedOrder) => boolean;
  readonly all: () => readonly BookedSubsidy[];
}

/**
 * The platform's subsidies to merchants: once per order, before its first split, as much as its charge was marked with, or
 * less behind a refund. One that was marked gets neither a split nor another subsidy before it was subsidised or the mark
 * was cancelled; and a mark is cancelled only behind a refund.
 */
export function subsidyDesk(
  { books, refOf, drawer }: MoneyGround,
  splits: SplitBooks,
): SubsidyBooks {
  const subsidies = drawer<BookedSubsidy>('subsidy');
  const cancels = drawer<CancelledSubsidy>('subsidy-cancel');
  const findOf = (transactionId: string): BookedSubsidy | undefined =>
    subsidies.all().find((one) => one.transactionId === transactionId);
  return {
    create: (request, nowMs) => {
      const known = findOf(request.transactionId);
      if (known !== undefined) {
        const isSame =
          known.outSubsidyNo === request.outSubsidyNo &&
          known.merchantNo === request.merchantNo &&
          known.amountFen === request.amountFen;
        return isSame ? known : refusedMoney('ONCE_ONLY');
      }
      const order = paidOrderOf(books, request);
      if (order === undefined) return refusedMoney('ORDER_NOT_FOUND');
      if (cancels.get(request.transactionId) !== undefined) return refusedMoney('ENDED');
      const markFen = order.subsidyMarkFen ?? 0;
      const isLess = request.amountFen < markFen && refundedFen(order) > 0;
      if (request.amountFen !== markFen && !isLess) return refusedMoney('NOT_MARKED');
      if (splits.ofOrder(request.transactionId).length > 0) return refusedMoney('AFTER_SPLIT');
      const key = `${request.merchantNo}/${request.outSubsidyNo}`;
      if (subsidies.get(key) !== undefined) return refusedMoney('NUMBER_USED');
      const ref = refOf(`subsidy/${key}`);
      return subsidies.put(key, { ...request, ref, atMs: nowMs, returns: {} });
    },
    takeBack: (request) => {
      const known = findOf(request.transactionId);
      if (known === undefined || known.merchantNo !== request.merchantNo)
        return refusedMoney('NOT_FOUND');
      const before = known.returns[request.outReturnNo];
      if (before !== undefined)
        return before === request.amountFen ? known : refusedMoney('NUMBER_USED');
      const given = Object.values(known.returns).reduce((sum, back) => sum + back, 0);
      if (given + request.amountFen > known.amountFen) return refusedMoney('NOT_ENOUGH');
      known.returns[request.outReturnNo] = request.amountFen;
      return subsidies.put(`${known.merchantNo}/${known.outSubsidyNo}`, known);
    },
    cancel: (request, nowMs) => {
      const order = paidOrderOf(books, request);
      if (order === undefined) return refusedMoney('ORDER_NOT_FOUND');
      const known = cancels.get(request.transactionId);
      if (known !== undefined) return known;
      if (order.subsidyMarkFen === undefined) return refusedMoney('NOT_MARKED');
      if (findOf(request.transactionId) !== undefined) return refusedMoney('ONCE_ONLY');
      if (refundedFen(order) === 0) return refusedMoney('NOT_REFUNDED');
      if (splits.ofOrder(request.transactionId).length > 0) return refusedMoney('AFTER_SPLIT');
      const { merchantNo, transactionId } = request;
      return cancels.put(transactionId, { merchantNo, transactionId, atMs: nowMs });
    },
    cancelled: cancels.all,
    isOwed: ({ subsidyMarkFen, transactionId }) =>
      subsidyMarkFen !== undefined &&
      findOf(transactionId) === undefined &&
      cancels.get(transactionId) === undefined,
    all: subsidies.all,
  };
}

/** As for splits: an order of which a part was refunded is a paid one. */
function paidOrderOf(
  books: MoneyGround['books'],
  request: Pick<SubsidyRequest, 'merchantNo' | 'transactionId'>,
): BookedOrder | undefined {
  const order = books.shelf.findByTransaction(request.transactionId);
  const isPaid = order?.state === 'SUCCESS' || order?.state === 'REFUND';
  return isPaid && order.merchantNo === request.merchantNo ? order : undefined;
}
