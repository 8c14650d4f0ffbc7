import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { PromiseKind } from '#shared/order/order.ts';
import type { DeviceView } from '#terminal/ipc/state.ts';
import type { MethodInput, MethodName } from '#terminal/ipc/terminal-api.ts';
import { emptyAmount, type AmountEntry, type AmountKey } from '../input/amount-entry.ts';

/** What the window itself knows: which page and panel is open, and what is being typed. The agent knows the rest. */
export interface Desk {
  readonly page: Page;
  readonly panel: Panel;
  readonly entry: AmountEntry;
  /** A refusal worth saying; gone with the next key, another sale or screen, or what was done since. */
  readonly notice: ErrorCode | null;
  /** The result screen the cashier has left already, while the agent is still being told. */
  readonly leaving: string | null;
  /** What the last digit changed, kept until the next key: a scanner's first digit is taken back with it. */
  readonly undo: Pick<Desk, 'entry' | 'panel' | 'isStale'> | null;
  /** The entry belongs to a sale whose result was shown: the next digit starts a new amount. */
  readonly isStale: boolean;
  readonly openOrderId: string | null;
  readonly openDevice: AskedCard | null;
  /** A scanner is being tried on the devices screen: its scan does not lead to the till. */
  readonly isTryingScanner: boolean;
}

/** `device`, `bind` 添加设备 and `receipt` 小票样式 lie behind the devices and have no tab of their own. */
export type Page =
  'till' | 'orders' | 'today' | 'devices' | 'device' | 'bind' | 'receipt' | 'promotion';

/** The page to which Esc leads, and under whose tab a page lies. */
export const pageAbove = (page: Page): 'till' | 'devices' =>
  page === 'device' || page === 'bind' || page === 'receipt' || page === 'promotion'
    ? 'devices'
    : 'till';

export type Panel =
  | { readonly type: 'none' }
  | { readonly type: 'cash'; readonly entry: AmountEntry; readonly sent: boolean }
  | {
      readonly type: 'member';
      readonly digits: string;
      readonly asking: boolean;
      /** Nobody has this number: the customer is asked whether he wants to be registered. */
      readonly isNew?: true;
    }
  /** Digits only choose and Enter confirms: the first digit of a scan must not open a drawer. */
  | { readonly type: 'drawer'; readonly chosen: number | null }
  /** Goods on trust. The agent is asked first; the owner's PIN only when nothing but his word is missing. */
  | {
      readonly type: 'promise';
      readonly kind: PromiseKind;
      readonly who: string;
      readonly sent: boolean;
    }
  /** Money back of an order that is open beside it; an empty entry stands for all that is left. */
  | {
      readonly type: 'refund';
      readonly orderId: string;
      readonly leftFen: number;
      readonly entry: AmountEntry;
      readonly reason: number;
      readonly sent: boolean;
    }
  /** Money may have moved: Esc asks once more. */
  | { readonly type: 'confirm-cancel' };

/** What the devices screen brings into sight: a device, or the settings below them all. */
export type AskedCard = DeviceView['role'] | 'settings';

export type FunctionKey = 'F1' | 'F2' | 'F3' | 'F4' | 'F5' | 'F6' | 'F7' | 'F9' | 'F10' | 'F12';

export type DeskAction =
  | { readonly type: 'amount-key'; readonly key: AmountKey }
  /** The digit before belonged to a scanner's burst. */
  | { readonly type: 'take-back' }
  | { readonly type: 'backspace' }
  | { readonly type: 'clear' }
  | { readonly type: 'enter' }
  | { readonly type: 'escape' }
  | { readonly type: 'function'; readonly key: FunctionKey }
  | { readonly type: 'quick-cash'; readonly tenderedFen: number }
  | { readonly type: 'drawer-reason'; readonly index: number }
  | { readonly type: 'refund-order'; readonly orderId: string; readonly leftFen: number }
  | { readonly type: 'refund-reason'; readonly index: number }
  | { readonly type: 'promise-kind'; readonly kind: PromiseKind }
  | { readonly type: 'promise-who'; readonly text: string }
  | { readonly type: 'detach-member' }
  | { readonly type: 'drop-coupon' }
  /** Goods leave the sale with all their pieces. */
  | { readonly type: 'drop-line'; readonly no: number }
  /** The new customer agreed; `shops`: he also wants to hear of shops. */
  | { readonly type: 'member-consent'; readonly shops: boolean }
  | { readonly type: 'go'; readonly page: Page }
  | { readonly type: 'open-order'; readonly orderId: string | null }
  | { readonly type: 'open-device'; readonly role: AskedCard }
  /** All of one device: its log, its settings. */
  | { readonly type: 'show-device'; readonly role: DeviceView['role'] }
  | { readonly type: 'try-scanner'; readonly isTrying: boolean }
  | { readonly type: 'scan'; readonly text: string }
  /** Digits that were typed as keys turned out at their Enter to be a slow scanner's. */
  | { readonly type: 'slow-scan'; readonly text: string }
  | {
      readonly type: 'unreadable-scan';
      /** Too short or too long for a code, or an input method kept its keys to itself. */
      readonly because: 'length' | 'input-method';
    };

export type DeskCall = {
  readonly [M in MethodName]: {
    readonly type: 'call';
    readonly method: M;
    readonly input: MethodInput<M>;
  };
}[MethodName];

export type DeskEffect =
  | DeskCall
  /** Needs the last order's id, which only the agent knows. */
  | { readonly type: 'reprint-last' }
  | { readonly type: 'open-last' }
  /** The last sale of which money was taken. */
  | { readonly type: 'refund-last' };

export interface DeskStep {
  readonly desk: Desk;
  readonly effects: readonly DeskEffect[];
}

/** Why a drawer is opened without a sale. Written into the journal as they stand: the shop's own language. */
export const drawerReasons = ['换零钱', '放备用金', '取出现金', '清点检查'] as const;

/** Why money goes back; written into the journal as they stand, as the reasons above. */
export const refundReasons = ['退货', '多收了', '没有货', '其他'] as const;

export const freshDesk: Desk = {
  page: 'till',
  panel: { type: 'none' },
  entry: emptyAmount,
  notice: null,
  leaving: null,
  undo: null,
  isStale: false,
  openOrderId: null,
  openDevice: null,
  isTryingScanner: false,
};

export const call = <M extends MethodName>(method: M, input: MethodInput<M>): DeskCall =>
  ({ type: 'call', method, input }) as DeskCall;
