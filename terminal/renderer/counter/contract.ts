/**
 * The demo host's contract with the virtual counter page: the far ends of the devices, operated by hand.
 * The page knows nothing of the till; it only turns paper, switches and codes into requests.
 *
 * | request                | body or answer                                                             |
 * |------------------------|----------------------------------------------------------------------------|
 * | GET /counter/state     | {@link CounterState}                                                       |
 * | GET /counter/paper.svg | the simulated printer's paper, newest line at the bottom                   |
 * | POST /counter/scan     | {@link ScanRequest}; 204 when the simulated scanner has typed it           |
 * | POST /counter/switch   | {@link SwitchRequest}; 204                                                 |
 * | POST /counter/box      | {@link BoxRequest}; 204, also when nothing waits at the box                |
 *
 * The page asks for the state every {@link pollMs}. Anything but 2xx is shown as "the demo host is gone".
 */
export const pollMs = 250;

export interface CounterState {
  /** Grows with every change of the paper. */
  readonly paperVersion: number;
  readonly switches: Readonly<Record<SwitchName, boolean>>;
  /** How often the drawer was kicked open since the start. */
  readonly drawerKicks: number;
  readonly box: BoxFace;
  readonly display: DisplayFace;
  /** The demo's members; at most {@link membersMax}. */
  readonly members: readonly CounterMember[];
  /** The till to show beside the counter, token included. */
  readonly tillUrl: string;
}

/** True is how it should be: the line up, the cable in, the power on, the cover and the drawer closed, paper in. */
export const switchNames = [
  'network',
  'mobile',
  'printer-cable',
  'scanner-cable',
  'box-cable',
  'display-cable',
  'printer-power',
  'cover',
  'paper',
  'drawer',
] as const;
export type SwitchName = (typeof switchNames)[number];

/** What the box POS shows its customer. */
export interface BoxFace {
  readonly screen:
    | { readonly type: 'idle' }
    /** `mark`: the till's number of the sale. */
    | { readonly type: 'waiting'; readonly amountFen: number; readonly mark: string }
    | { readonly type: 'dead' };
  /** The last payment in its books; null: none yet. */
  readonly last: {
    readonly amountFen: number;
    readonly ref: string;
    readonly method: 'scan' | 'show' | 'card' | 'other';
  } | null;
}

/** Eight digits as lit segments out of "abcdefg", and the lamps that are on. */
export interface DisplayFace {
  readonly text: string;
  readonly cells: readonly { readonly segments: string; readonly point: boolean }[];
  readonly lamps: readonly DisplayLamp[];
}
export const displayLamps = ['price', 'total', 'collect', 'change'] as const;
export type DisplayLamp = (typeof displayLamps)[number];

export const membersMax = 8;

export interface CounterMember {
  readonly phone: string;
  readonly memberId: string;
}

/** How the payment channel simulator will answer the code that is scanned. */
export const outcomes = [
  'paid',
  'password-then-paid',
  'never-pays',
  'unknown-paid',
  'unknown-not-paid',
  'expired',
  'answer-dropped',
  'slow',
] as const;
export type Outcome = (typeof outcomes)[number];

export type ScanRequest =
  | { readonly kind: 'wechat' | 'alipay' | 'unionpay'; readonly outcome: Outcome }
  /** `text` is the member's phone: the host makes a fresh signed member code of his. */
  | { readonly kind: 'member'; readonly text: string }
  /** Typed as it stands, at most 1024 characters. */
  | { readonly kind: 'text'; readonly text: string };

export interface SwitchRequest {
  readonly name: SwitchName;
  readonly on: boolean;
}

/**
 * What happens at the box: the customer pays in one of three ways, gives up, or his bank refuses;
 * or it is paid, and the box says so after {@link boxLateMs}, never, or dies. `power` switches it
 * off and on.
 */
export const boxActs = [
  'pay-scan',
  'pay-show',
  'pay-card',
  'cancel',
  'decline',
  'late',
  'mute',
  'die',
  'power',
] as const;
export type BoxAct = (typeof boxActs)[number];
export const boxLateMs = 8_000;

export interface BoxRequest {
  readonly act: BoxAct;
}
