import type { BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import type { ChannelBooks } from '#cloud/channel-simulator/books/channel-books.ts';

/** UnionPay's numbers have 21 digits, those of the shared books 28. */
export const queryIdOf = (transactionId: string): string => transactionId.slice(-21);

/** The order that a void or a refund names. */
export const orderOfQuery = (books: ChannelBooks, queryId: string): BookedOrder | undefined =>
  books.shelf
    .orders()
    .find(({ face, transactionId }) => face === 'unionpay' && queryIdOf(transactionId) === queryId);
