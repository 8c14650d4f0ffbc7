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

export interface SubsidyBooks {
  readonly create: (request: SubsidyRequest, nowMs: number) => BookedSubsidy | MoneyRefusal;
  readonly takeBack: (
    request: SubsidyRequest & { readonly outReturnNo: string },
  ) => BookedSubsidy | MoneyRefusal;
  readonly all: () => readonly BookedSubsidy[];
}

/** The platform's subsidies to merchants: once per order, before its first split. */
export function subsidyDesk(
  { books, refOf, drawer }: MoneyGround,
  splits: SplitBooks,
): SubsidyBooks {
  const subsidies = drawer<BookedSubsidy>('subsidy');
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
      const order = books.shelf.findByTransaction(request.transactionId);
      // As for splits: an order of which a part was refunded is a paid one.
      const isPaid = order?.state === 'SUCCESS' || order?.state === 'REFUND';
      if (!isPaid || order.merchantNo !== request.merchantNo)
        return refusedMoney('ORDER_NOT_FOUND');
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
    all: subsidies.all,
  };
}
