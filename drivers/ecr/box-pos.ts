import type { BoxErrorCode } from '#shared/errors/box.ts';
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
  /**
   * What became of a sale or a reversal. The only way out of `unknown`; safe to repeat. Asks again after 1, 2, 5, 10
   * and 30 s by itself, then answers `unknown` and leaves the box blocked. After a restart of the program this is the
   * first call for every intent of the earlier run whose outcome is not known.
   */
  query(intent: BoxSale | BoxReversal): Promise<BoxOutcome>;
  /** Asks the box to give up a sale the customer has not paid yet. A request: the sale's own outcome decides. */
  close(intent: BoxSale): Promise<BoxRequest>;
  /** Takes back a whole approved sale of the same day: an intent of its own. */
  voidSale(intent: BoxReversal): Promise<BoxOutcome>;
  /** Gives back part or all of an approved sale: an intent of its own. */
  refund(intent: BoxReversal): Promise<BoxOutcome>;
  /**
   * A person looked at the slips of the box and decided: the intent that no query could clear up no longer blocks it.
   * What the box may still say of it is told by `onLateOutcome`.
   */
  release(merchantOrderNo: string): void;
  status(): BoxStatus;
  /** The last bytes in both directions, payment codes masked. */
  recentBytes(): readonly string[];
}

export interface BoxSale {
  /** Our number of this attempt (order id + attempt, at most 32 characters); the box finds the sale by it. */
  readonly merchantOrderNo: string;
  readonly amountFen: Fen;
  /**
   * Wall time in ms when the intent was written down; default: when it is handed over. Boxes that only tell their last
   * sale need it in a query after a restart, to know an older sale from ours.
   */
  readonly startedAtMs?: number;
}

export interface BoxReversal {
  /** Our number of this reversal. */
  readonly merchantOrderNo: string;
  /** Our number of the sale it takes back. */
  readonly originalOrderNo: string;
  readonly amountFen: Fen;
  /** What the box called the sale. */
  readonly originalBoxRef: string;
  /** What the sale was; boxes that only take back whole sales need it to refund. */
  readonly originalAmountFen?: Fen;
  /** As in {@link BoxSale}. */
  readonly startedAtMs?: number;
}

/** A code of the box itself or of its connection. */
export type BoxFailure = BoxErrorCode | DeviceErrorCode;

/** News of an intent that was answered `unknown`, or otherwise, before. */
export interface BoxLateOutcome {
  /**
   * May be an intent of an earlier run of the program. null: the box named one that we do not know, by less than its
   * whole number; the evidence says what the box calls it.
   */
  readonly merchantOrderNo: string | null;
  readonly outcome: BoxOutcome;
}

export type BoxOutcome =
  | { readonly type: 'approved'; readonly evidence: BoxEvidence }
  /** Definitely no money moved: declined, cancelled, expired, or the box never heard of it and is idle. */
  | { readonly type: 'declined'; readonly code: BoxFailure; readonly detail: string }
  /** Not one byte of it reached the box. */
  | { readonly type: 'not-sent'; readonly code: BoxFailure }
  /** Only a later `query` can tell. */
  | { readonly type: 'unknown'; readonly code: BoxFailure };

export type BoxRequest =
  { readonly type: 'asked' } | { readonly type: 'not-sent'; readonly code: BoxFailure };

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
  readonly code?: BoxFailure;
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
