import type { DeviceErrorCode } from '#shared/errors/device.ts';
import type { Fen } from '#shared/money/fen.ts';
import type { LinkState } from '#drivers/core/link-state.ts';

/**
 * A payment terminal of its own beside the till (盒子, ECR link), whatever protocol it speaks. The law of all of them:
 * the caller has written the intent down before the first byte; a sale that the box acknowledged is never sent again; a
 * lost answer is `unknown`, and unknown is left only by `query`.
 */
export interface BoxPos {
  readonly address: string;
  /** "ecr-hub", "transbank", "bcd2": for people and logs. */
  readonly protocol: string;
  /** Connects and keeps connected. */
  start(): void;
  stop(): Promise<void>;
  /** Takes a sale to the box. Refused with `not-sent` while an earlier intent on this box is unknown. */
  sale(intent: BoxSale): Promise<BoxOutcome>;
  /** What became of a sale. The only way out of `unknown`; safe to repeat. */
  query(intent: BoxSale): Promise<BoxOutcome>;
  /** Asks the box to give up a sale the customer has not paid yet. A request: the sale's own outcome decides. */
  close(intent: BoxSale): Promise<BoxRequest>;
  /** Takes back a whole approved sale of the same day: an intent of its own. */
  voidSale(intent: BoxReversal): Promise<BoxOutcome>;
  /** Gives back part or all of an approved sale: an intent of its own. */
  refund(intent: BoxReversal): Promise<BoxOutcome>;
  status(): BoxStatus;
  /** The last bytes in both directions, payment codes masked. */
  recentBytes(): readonly string[];
}

export interface BoxSale {
  /** Our number of this attempt (order id + attempt, at most 32 characters); the box finds the sale by it. */
  readonly merchantOrderNo: string;
  readonly amountFen: Fen;
}

export interface BoxReversal {
  /** Our number of this reversal. */
  readonly merchantOrderNo: string;
  /** Our number of the sale it takes back. */
  readonly originalOrderNo: string;
  readonly amountFen: Fen;
  /** What the box called the sale. */
  readonly originalBoxRef: string;
}

export type BoxOutcome =
  | { readonly type: 'approved'; readonly evidence: BoxEvidence }
  /** Definitely no money moved: declined, cancelled, expired, or the box never heard of it and is idle. */
  | { readonly type: 'declined'; readonly code: DeviceErrorCode; readonly detail: string }
  /** Not one byte of it reached the box. */
  | { readonly type: 'not-sent'; readonly code: DeviceErrorCode }
  /** Only a later `query` can tell. */
  | { readonly type: 'unknown'; readonly code: DeviceErrorCode };

export type BoxRequest =
  { readonly type: 'asked' } | { readonly type: 'not-sent'; readonly code: DeviceErrorCode };

export interface BoxEvidence {
  /** What the box calls the transaction: its own number, printed on its slip. 1..64 characters. */
  readonly boxRef: string;
  readonly method: BoxMethod;
  readonly amountFen: Fen;
  /** By the box's clock, wall milliseconds; null when it does not say. */
  readonly paidAtMs: number | null;
  /** e.g. "6222****1234"; never a whole number. Empty when the box does not say. */
  readonly payerMask: string;
}

/** The customer's code was scanned by the box, the box showed a code, a card was used, or it does not say. */
export type BoxMethod = 'scan' | 'show' | 'card' | 'other';

export interface BoxStatus {
  readonly link: LinkState;
  /** `busy`: a sale is at the box. `blocked`: an intent is unknown, and nothing new may be sent before a query. */
  readonly state: 'offline' | 'idle' | 'busy' | 'blocked';
  readonly code?: DeviceErrorCode;
  /** The intent at the box or in doubt. */
  readonly merchantOrderNo?: string;
  /** What the operator may be told of it: sent? acknowledged? answered? asked again how often? */
  readonly progress?: {
    readonly sent: boolean;
    readonly acknowledged: boolean;
    readonly answered: boolean;
    readonly queryCount: number;
  };
  /** Wall time in ms of the last byte from the box; null before the first. */
  readonly lastSeenMs: number | null;
}
