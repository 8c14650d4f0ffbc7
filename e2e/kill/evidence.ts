import type { BookLine } from '#cloud/channel-simulator/protocol.ts';
import type { WireEntry } from '#shared/wire/v1/journal.ts';
import type { OrderRow } from '#terminal/ipc/views.ts';

/** What every book says once everything is at rest again; gather-evidence.ts reads it, oracles.ts judges it. */
export interface Evidence {
  /** What the cashier was told, sale by sale. */
  readonly sales: readonly SaleRecord[];
  /** The till's whole order list. */
  readonly tillOrders: readonly OrderRow[];
  readonly cloudOrders: readonly CloudOrder[];
  /** Attempts that the cloud holds for paid, with what the channel was asked for. */
  readonly cloudPaid: readonly PaidAttempt[];
  /** Entries that the cloud set aside for people, and batches that contradict what it has. */
  readonly cloudSetAside: readonly string[];
  readonly channelBooks: readonly BookLine[];
  /** Sales in the books of the box POS. */
  readonly boxBooks: readonly BoxLine[];
  /** The till's file, epoch by epoch, as read from the disk. */
  readonly journal: readonly JournalEpoch[];
  readonly cloudHeads: readonly JournalHead[];
  readonly tallies: readonly DayTally[];
  readonly brokenLaws: readonly string[];
  /** The paper cut by cut, as lines. */
  readonly paper: readonly (readonly string[])[];
}

export interface SaleRecord {
  readonly amountFen: number;
  readonly tender: 'cash' | 'wallet' | 'member-code' | 'box' | 'promise';
  readonly orderId: string | undefined;
  /**
   * What the till said last: taken is acknowledged; `nothing` means that no such order was there. Of goods on trust:
   * `promised`, and `kept` when it said that the money came.
   */
  readonly told: 'taken' | 'not-paid' | 'nothing' | 'promised' | 'kept';
  /** The financial call died with the till. */
  readonly answerLost: boolean;
  /** State of the order, or why there is none. */
  readonly state: string;
}

export interface BoxLine {
  /** Our number of the attempt. */
  readonly merchantOrderNo: string;
  readonly amountFen: number;
  readonly boxRef: string;
}

export type CloudOrder = Pick<OrderRow, 'orderId' | 'state' | 'amountFen'>;

export interface PaidAttempt {
  readonly orderId: string;
  /** Less vouchers. */
  readonly netFen: number;
}

export interface JournalEpoch {
  readonly epoch: string;
  readonly entries: readonly WireEntry[];
}

export interface JournalHead {
  readonly epoch: string;
  readonly headSeq: number;
  readonly headHash: string;
}

export interface DayTally {
  readonly businessDate: string;
  readonly tillFen: number;
  /** Undefined when the cloud did not answer. */
  readonly cloudFen: number | undefined;
}
