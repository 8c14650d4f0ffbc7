/**
 * The demo host's contract with the virtual counter page: the far ends of the devices, operated by hand.
 * The page knows nothing of the till; it only turns paper, switches and codes into requests.
 *
 * | request                | body or answer                                                             |
 * |------------------------|----------------------------------------------------------------------------|
 * | GET /counter/state     | {@link CounterState}; `version` grows with every change, paper included    |
 * | GET /counter/paper.svg | the simulated printer's paper, newest line at the bottom                   |
 * | POST /counter/scan     | {@link ScanRequest}; 204 when the simulated scanner has typed it           |
 * | POST /counter/switch   | {@link SwitchRequest}; 204                                                 |
 *
 * The page asks for the state every {@link pollMs}. Anything but 2xx is shown as "the demo host is gone".
 */
export const pollMs = 500;

export interface CounterState {
  readonly version: number;
  readonly network: boolean;
  readonly cable: boolean;
  readonly paper: boolean;
  /** How often the drawer was kicked open since the start. */
  readonly drawerKicks: number;
  /** The demo's members; at most {@link membersMax}. */
  readonly members: readonly CounterMember[];
  /** The till to show beside the counter, token included. */
  readonly tillUrl: string;
}

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
  readonly name: 'network' | 'cable' | 'paper';
  readonly on: boolean;
}
