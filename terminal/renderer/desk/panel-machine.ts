import { promiseWhoCharsMax } from '#shared/wire/v1/entries.ts';
import type { TillState } from '#terminal/ipc/state.ts';
import { tenderedFenMax } from '#shared/tender/cash-limit.ts';
import { exhaustive } from '#shared/result/exhaustive.ts';
import {
  amountOfEntry,
  emptyAmount,
  eraseAmountKey,
  pressAmountKey,
  type AmountEntry,
} from '../input/amount-entry.ts';
import {
  call,
  drawerReasons,
  refundReasons,
  type Desk,
  type DeskAction,
  type DeskStep,
  type Panel,
} from './desk.ts';
import { dueOf, typedFenOf } from './due.ts';

export const phoneDigits = 11;
const phonePattern = /^1[3-9]\d{9}$/;

/** What an open panel does with an action; undefined when the action is not the panel's business. */
export function pressInPanel(
  desk: Desk,
  till: TillState,
  action: DeskAction,
): DeskStep | undefined {
  const { panel } = desk;
  switch (panel.type) {
    case 'cash':
      return pressInCash(desk, panel, till, action);
    case 'member':
      return pressInMember(desk, panel, till, action);
    case 'drawer':
      return pressInDrawer(desk, panel, action);
    case 'promise':
      return pressInPromise(desk, panel, till, action);
    case 'refund':
      return pressInRefund(desk, panel, action);
    case 'confirm-cancel':
    case 'none':
      return undefined;
    default:
      return exhaustive(panel);
  }
}

function pressInCash(
  desk: Desk,
  panel: Extract<Panel, { type: 'cash' }>,
  till: TillState,
  action: DeskAction,
): DeskStep | undefined {
  const withEntry = (entry: AmountEntry): DeskStep => ({
    desk: {
      ...desk,
      notice: entry.overLimit ? 'amount-over-limit' : null,
      panel: { ...panel, entry },
    },
    effects: [],
  });
  if (action.type === 'amount-key') return withEntry(pressAmountKey(panel.entry, action.key));
  if (action.type === 'backspace') return withEntry(eraseAmountKey(panel.entry));
  if (action.type === 'clear') return withEntry(emptyAmount);
  const typedFen = amountOfEntry(panel.entry);
  const dueFen = dueOf(till);
  if (action.type === 'enter' || (action.type === 'function' && action.key === 'F9'))
    return payCash(desk, panel, till, typedFen === 0 ? dueFen : typedFen);
  if (action.type === 'quick-cash') return payCash(desk, panel, till, action.tenderedFen);
  return undefined;
}

/** Sends the cash sale once. Too little money keeps the panel open, which says how much is missing. */
function payCash(
  desk: Desk,
  panel: Extract<Panel, { type: 'cash' }>,
  till: TillState,
  tenderedFen: number,
): DeskStep {
  const settled = amountOfEntry(desk.entry) === typedFenOf(till);
  // The typed digits stay, so that a second Enter of the same scanner is refused as well.
  if (panel.entry.overLimit || tenderedFen > tenderedFenMax(dueOf(till)))
    return { desk: { ...desk, notice: 'tendered-too-large' }, effects: [] };
  if (panel.sent || !settled || tenderedFen < dueOf(till)) return { desk, effects: [] };
  return {
    desk: { ...desk, panel: { ...panel, sent: true } },
    effects: [call('till.payCash', { tenderedFen })],
  };
}

function pressInMember(
  desk: Desk,
  panel: Extract<Panel, { type: 'member' }>,
  till: TillState,
  action: DeskAction,
): DeskStep | undefined {
  const withDigits = (digits: string): DeskStep => ({
    desk: {
      ...desk,
      panel: { type: 'member', digits: digits.slice(0, phoneDigits), asking: panel.asking },
    },
    effects: [],
  });
  if (panel.isNew && !panel.asking) {
    const shops = shopsOfConsent(action);
    if (shops !== undefined) return register(desk, panel, shops);
  }
  if (action.type === 'amount-key')
    return action.key === '.' ? withDigits(panel.digits) : withDigits(panel.digits + action.key);
  if (action.type === 'backspace') return withDigits(panel.digits.slice(0, -1));
  if (action.type === 'clear') return withDigits('');
  if (action.type !== 'enter') return undefined;
  if (panel.digits === '' && till.draft.member !== null)
    return { desk: { ...desk, panel: { type: 'none' } }, effects: [] };
  if (panel.asking || !isPhone(panel.digits)) return { desk, effects: [] };
  return {
    desk: { ...desk, panel: { ...panel, asking: true } },
    effects: [call('till.attachMember', { phone: panel.digits })],
  };
}

/** Enter is the consent to be registered, F2 also the wish to hear of shops. */
function shopsOfConsent(action: DeskAction): boolean | undefined {
  if (action.type === 'member-consent') return action.shops;
  if (action.type === 'enter') return false;
  return action.type === 'function' && action.key === 'F2' ? true : undefined;
}

const register = (
  desk: Desk,
  panel: Extract<Panel, { type: 'member' }>,
  shops: boolean,
): DeskStep => ({
  desk: { ...desk, panel: { ...panel, asking: true } },
  effects: [call('till.attachMember', { phone: panel.digits, consent: { shops } })],
});

function pressInDrawer(
  desk: Desk,
  panel: Extract<Panel, { type: 'drawer' }>,
  action: DeskAction,
): DeskStep | undefined {
  if (action.type === 'amount-key') {
    const chosen = /^[1-9]$/.test(action.key) ? Number(action.key) - 1 : panel.chosen;
    const known = chosen !== null && drawerReasons[chosen] !== undefined;
    return { desk: { ...desk, panel: { ...panel, chosen: known ? chosen : null } }, effects: [] };
  }
  if (action.type === 'backspace' || action.type === 'clear')
    return { desk: { ...desk, panel: { ...panel, chosen: null } }, effects: [] };
  if (action.type === 'enter') return openDrawer(desk, panel.chosen);
  if (action.type === 'drawer-reason') return openDrawer(desk, action.index);
  return undefined;
}

function openDrawer(desk: Desk, index: number | null): DeskStep {
  const reason = index === null ? undefined : drawerReasons[index];
  if (reason === undefined) return { desk, effects: [] };
  return {
    desk: { ...desk, panel: { type: 'none' } },
    effects: [call('drawer.open', { reason })],
  };
}

/** Goods on trust: who owes it is typed on any keys. */
function pressInPromise(
  desk: Desk,
  panel: Extract<Panel, { type: 'promise' }>,
  till: TillState,
  action: DeskAction,
): DeskStep | undefined {
  const withPanel = (change: Partial<typeof panel>): DeskStep => ({
    desk: { ...desk, panel: { ...panel, ...change } },
    effects: [],
  });
  const withWho = (who: string): DeskStep => withPanel({ who: who.slice(0, promiseWhoCharsMax) });
  if (action.type === 'promise-kind') return withPanel({ kind: action.kind });
  if (action.type === 'promise-who') return withWho(action.text);
  if (action.type === 'amount-key')
    return action.key === '.' ? withPanel({}) : withWho(panel.who + action.key);
  if (action.type === 'backspace') return withWho(panel.who.slice(0, -1));
  if (action.type === 'clear') return withWho('');
  if (action.type === 'function' && action.key === 'F1')
    return withPanel({ kind: panel.kind === 'iou' ? 'static-code' : 'iou' });
  return action.type === 'enter' ? askPromise(desk, panel, till) : undefined;
}

function askPromise(
  desk: Desk,
  panel: Extract<Panel, { type: 'promise' }>,
  till: TillState,
): DeskStep {
  const settled = amountOfEntry(desk.entry) === typedFenOf(till);
  if (panel.sent || !settled) return { desk, effects: [] };
  const { kind, who } = panel;
  return {
    desk: { ...desk, panel: { ...panel, sent: true } },
    effects: [call('till.payPromise', { kind, who: who.trim() })],
  };
}

/** All that is left goes back with one Enter; digits make it a part of it. */
function pressInRefund(
  desk: Desk,
  panel: Extract<Panel, { type: 'refund' }>,
  action: DeskAction,
): DeskStep | undefined {
  const withPanel = (change: Partial<typeof panel>): DeskStep => ({
    desk: { ...desk, panel: { ...panel, ...change } },
    effects: [],
  });
  if (action.type === 'refund-reason') return withPanel({ reason: action.index });
  if (action.type === 'amount-key')
    return withPanel({ entry: pressAmountKey(panel.entry, action.key) });
  if (action.type === 'backspace') return withPanel({ entry: eraseAmountKey(panel.entry) });
  if (action.type === 'clear') return withPanel({ entry: emptyAmount });
  return action.type === 'enter' ? askRefund(desk, panel) : undefined;
}

function askRefund(desk: Desk, panel: Extract<Panel, { type: 'refund' }>): DeskStep {
  const { orderId, leftFen, entry } = panel;
  const typedFen = amountOfEntry(entry);
  if (entry.overLimit || typedFen > leftFen)
    return { desk: { ...desk, notice: 'refund-too-large' }, effects: [] };
  if (panel.sent) return { desk, effects: [] };
  const amountFen = typedFen === 0 ? leftFen : typedFen;
  const reason = refundReasons[panel.reason] ?? '';
  return {
    desk: { ...desk, panel: { ...panel, sent: true } },
    effects: [call('orders.refund', { orderId, amountFen, reason })],
  };
}

/** A mainland mobile number, as PhoneSchema of the wire has it. */
export const isPhone = (digits: string): boolean => phonePattern.test(digits);
