import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '#shared/time/clock.ts';
import type { BookedOrder } from '#cloud/channel-simulator/books/booked-order.ts';
import type { BillDesk } from '#cloud/channel-simulator/books/bill-lines.ts';
import type { ChannelBooks } from '#cloud/channel-simulator/books/channel-books.ts';
import type { Exchange } from '#cloud/channel-simulator/line.ts';
import type { MoneyBooks } from '#cloud/channel-simulator/books/money-books.ts';

/**
 * One dialect of the simulator. It verifies requests, translates between its words and the shared books, and signs
 * answers. It keeps no books and plays no faults of its own.
 */
export interface SimulatorFace {
  readonly name: string;
  /** Adds its routes. Bodies arrive as Buffer, whatever their content type. */
  mount(app: FastifyInstance, house: FaceHouse): void;
}

/** What all faces share. */
export interface FaceHouse {
  readonly clock: Clock;
  readonly seed: string;
  readonly baseUrl: () => string;
  readonly books: ChannelBooks;
  readonly money: MoneyBooks;
  readonly bills: BillDesk;
  /** Carries an exchange over the line with its faults. */
  serve(request: FastifyRequest, answer: FastifyReply, exchange: Exchange): Promise<void>;
  /**
   * To be called after a reversal: a payer whose order it closed may confirm later (payment-scripts.ts, 16 and 17).
   * `tell` is called then, where the channel tells of it.
   */
  awaitPayer(
    order: Pick<BookedOrder, 'merchantNo' | 'outTradeNo'>,
    tell: (paid: BookedOrder) => void,
  ): void;
  /** Is the notify that is made now to bear a signature that must not hold, where the dialect sends such? */
  readonly isProbing: () => boolean;
  /** Posts a notify after the answer; a far end that is not there is no error. */
  notify(call: {
    readonly url: string;
    /** Signs it; asked for anew each time it is posted. */
    readonly make: () => {
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };
    /** So often the whole is done: 2 is a notify that comes again though it was accepted. */
    readonly times: number;
    /** How late the first one comes. */
    readonly afterMs?: number;
    readonly manners: NotifyManners;
  }): void;
}

/** How a channel posts its notifies. */
export interface NotifyManners {
  /** Waits between postings that were not accepted; after the last one it gives up. */
  readonly pausesMs: readonly number[];
  readonly accepts: (answer: { readonly status: number; readonly body: string }) => boolean;
}

export const bodyOf = (request: FastifyRequest): string =>
  Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '';
