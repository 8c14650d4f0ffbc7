import { exhaustive } from '#shared/result/exhaustive.ts';
import { isChannelAway } from '#terminal/ipc/channel-away.ts';
import type { Screen, TillState } from '#terminal/ipc/state.ts';
import {
  amountOfEntry,
  emptyAmount,
  entryOfAmount,
  eraseAmountKey,
  pressAmountKey,
  type AmountEntry,
} from '../input/amount-entry.ts';
import {
  call,
  pageAbove,
  type Desk,
  type DeskAction,
  type DeskEffect,
  type DeskStep,
} from './desk.ts';
import { totalFenOf, typedFenOf } from './due.ts';
import { phoneDigits, pressInPanel } from './panel-machine.ts';

/**
 * Decides what a key, a touch or a scan does. Pure: the same desk, till and action always give the same step.
 *
 * | screen of the agent        | keys that count                                                    |
 * |----------------------------|--------------------------------------------------------------------|
 * | ready                      | all                                                                |
 * | held                       | Esc (nothing was sent, so it needs no second question), F6, scan   |
 * | waiting, box-waiting       | F5, Esc (asks once more; while cancelling: next sale), scan        |
 * | paid, cash, offline, failed| F12; F4 (not after failed): give it back; Enter and Esc leave; a digit leaves and starts the next sale  |
 * | failed for want of channels| F1 too: on trust                                                   |
 */
export function act(desk: Desk, till: TillState, action: DeskAction): DeskStep {
  if (action.type === 'scan') {
    // Typed text never enters the step: the code goes to the agent and is kept nowhere here.
    const page = desk.isTryingScanner ? desk.page : 'till';
    // Goods may join what is there, and digits after them are no new sale.
    const isStale = desk.isStale && till.draft.goods === undefined;
    const next: Desk = { ...closed(desk), page, notice: null, isStale };
    return { desk: next, effects: [call('till.scan', { text: action.text })] };
  }
  if (action.type === 'slow-scan') return slowScan(desk, till, action.text);
  if (action.type === 'unreadable-scan') {
    const eaten = action.because === 'input-method';
    return still({ ...desk, notice: eaten ? 'scan-through-input-method' : 'scan-unreadable' });
  }
  if (action.type === 'take-back') return takeBack(desk);
  if (action.type === 'try-scanner') return still({ ...desk, isTryingScanner: action.isTrying });
  const undo =
    action.type === 'amount-key'
      ? { entry: desk.entry, panel: desk.panel, isStale: desk.isStale }
      : null;
  const heard: Desk = { ...desk, notice: null, undo };
  const screen = shownScreen(desk, till);
  switch (screen.type) {
    case 'ready':
      return actWhenReady(heard, till, action);
    case 'held':
      if (action.type === 'function' && action.key === 'F6')
        return step(heard, call('till.payBox', {}));
      return action.type === 'escape' ? step(heard, call('till.cancel', {})) : still(heard);
    case 'waiting':
    case 'box-waiting':
      return actWhileWaiting(heard, screen.phase, action);
    case 'paid':
    case 'box-paid':
    case 'cash':
    case 'offline-accepted':
    case 'promised':
    case 'not-paid':
      return actOnResult(heard, screen, action);
    default:
      return exhaustive(screen);
  }
}

/** The agent's screen, except that a result the cashier has left is not shown again while the agent catches up. */
export function shownScreen(desk: Pick<Desk, 'leaving'>, till: TillState): Screen {
  return desk.leaving !== null && desk.leaving === screenKey(till.screen)
    ? { type: 'ready' }
    : till.screen;
}

/** Names one showing of one result. */
export function screenKey(screen: Screen): string {
  return 'atMs' in screen ? `${screen.type} ${screen.orderId ?? ''} ${screen.atMs}` : screen.type;
}

/**
 * Takes over what the agent says. While amounts are on their way (`settled` false) the typed entry stands;
 * afterwards the agent's amount wins, so that the screen never shows an amount that would not be charged.
 */
export function adopt(desk: Desk, till: TillState, settled: boolean): Desk {
  const leaving = desk.leaving === screenKey(till.screen) ? desk.leaving : null;
  const typedFen = typedFenOf(till);
  const agrees = amountOfEntry(desk.entry) === typedFen;
  const entry = settled && !agrees ? entryOfAmount(typedFen) : desk.entry;
  const isStale = desk.isStale || ('atMs' in till.screen && leaving === null);
  return { ...desk, leaving, entry, isStale, panel: panelFor(desk, till) };
}

function panelFor(desk: Desk, till: TillState): Desk['panel'] {
  const { panel } = desk;
  const ready = shownScreen(desk, till).type === 'ready';
  if (panel.type === 'confirm-cancel') {
    return 'phase' in till.screen && till.screen.phase !== 'cancelling' ? panel : { type: 'none' };
  }
  if (panel.type === 'member' && panel.asking && till.draft.member !== null) {
    return { type: 'member', digits: '', asking: false };
  }
  return ready ? panel : { type: 'none' };
}

function actWhenReady(desk: Desk, till: TillState, action: DeskAction): DeskStep {
  if (desk.panel.type !== 'none') {
    const inPanel = pressInPanel(desk, till, action);
    if (inPanel) return inPanel;
  }
  switch (action.type) {
    case 'amount-key':
      return desk.page === 'till'
        ? typed(desk, pressAmountKey(desk.isStale ? emptyAmount : desk.entry, action.key))
        : still(desk);
    case 'backspace':
      return desk.page === 'till' ? typed(desk, eraseAmountKey(desk.entry)) : still(desk);
    case 'clear':
      return clearSale(desk, till);
    case 'enter':
      return openCash(desk, till);
    case 'escape':
      return escapeFrom(desk, till);
    case 'function':
      return pressFunction(desk, till, action.key);
    case 'quick-cash':
    case 'drawer-reason':
    case 'refund-reason':
    case 'promise-kind':
    case 'promise-who':
      return still(desk);
    // Only what the panel of a new customer takes.
    case 'member-consent':
      return still(desk);
    case 'detach-member':
      return step(closed(desk), call('till.detachMember', {}));
    case 'drop-coupon':
      return step(desk, call('till.dropCoupon', {}));
    case 'drop-line':
      return step(desk, call('till.dropLines', { no: action.no }));
    case 'go':
      return still({ ...closed(desk), page: action.page });
    case 'open-order':
      return still({ ...closed(desk), page: 'orders', openOrderId: action.orderId });
    case 'refund-order':
      return still(openRefund(desk, action));
    case 'open-device':
      return still({ ...closed(desk), page: 'devices', openDevice: action.role });
    case 'show-device':
      return still({ ...closed(desk), page: 'device', openDevice: action.role });
    case 'take-back':
    case 'try-scanner':
    case 'scan':
    case 'slow-scan':
    case 'unreadable-scan':
      return still(desk);
    default:
      return exhaustive(action);
  }
}

function typed(desk: Desk, entry: AmountEntry): DeskStep {
  if (entry.overLimit) return still({ ...desk, entry, notice: 'amount-over-limit' });
  const changed = amountOfEntry(entry) !== amountOfEntry(desk.entry);
  const effects = changed ? [call('till.setAmount', { amountFen: amountOfEntry(entry) })] : [];
  return { desk: { ...desk, entry, isStale: false }, effects };
}

/** What was typed goes first; where nothing is, the goods go. */
function clearSale(desk: Desk, till: TillState): DeskStep {
  const hasGoods = till.draft.goods !== undefined && desk.page === 'till';
  return hasGoods && desk.entry.text === ''
    ? step({ ...desk, isStale: false }, call('till.dropLines', {}))
    : typed(desk, emptyAmount);
}

function openCash(desk: Desk, till: TillState): DeskStep {
  if (desk.page !== 'till') return still(desk);
  if (totalFenOf(desk.entry, till) === 0) return still({ ...desk, notice: 'amount-not-positive' });
  return still({ ...desk, panel: { type: 'cash', entry: emptyAmount, sent: false } });
}

function escapeFrom(desk: Desk, till: TillState): DeskStep {
  if (desk.panel.type !== 'none') return still(closed(desk));
  if (desk.page === 'orders' && desk.openOrderId !== null)
    return still({ ...desk, openOrderId: null });
  if (desk.page !== 'till') return still({ ...desk, page: pageAbove(desk.page) });
  return clearSale(desk, till);
}

function pressFunction(
  desk: Desk,
  till: TillState,
  key: Extract<DeskAction, { type: 'function' }>['key'],
): DeskStep {
  const atTill: Desk = { ...closed(desk), page: 'till' };
  switch (key) {
    case 'F1':
      return totalFenOf(desk.entry, till) === 0
        ? still({ ...atTill, notice: 'amount-not-positive' })
        : still({ ...atTill, panel: freshPromise });
    case 'F2':
      return still({ ...atTill, panel: { type: 'member', digits: '', asking: false } });
    case 'F3':
      return till.draft.member === null
        ? still({ ...atTill, panel: { type: 'member', digits: '', asking: false } })
        : step(desk, call('till.useVoucher', { use: !till.draft.useVoucher }));
    case 'F4':
      return step(closed(desk), { type: 'refund-last' });
    case 'F5':
      return step(closed(desk), { type: 'open-last' });
    case 'F6':
      return totalFenOf(desk.entry, till) === 0
        ? still({ ...atTill, notice: 'amount-not-positive' })
        : step(atTill, call('till.payBox', {}));
    case 'F7':
      return still({ ...atTill, panel: { type: 'drawer', chosen: null } });
    case 'F9':
      return openCash(atTill, till);
    case 'F10':
      return still({ ...closed(desk), page: 'today' });
    case 'F12':
      return step(desk, { type: 'reprint-last' });
    default:
      return exhaustive(key);
  }
}

function actWhileWaiting(
  desk: Desk,
  phase: Extract<Screen, { phase: string }>['phase'],
  action: DeskAction,
): DeskStep {
  const asking = desk.panel.type === 'confirm-cancel';
  if (action.type === 'function' && action.key === 'F5')
    return step(desk, call('till.queryNow', {}));
  if (action.type === 'escape') {
    if (asking) return still(closed(desk));
    // Offline no answer can come, and the agent lets a sale go whose cancelling is in the journal; online it refuses.
    return phase === 'cancelling'
      ? step(desk, call('till.dismiss', {}))
      : still({ ...desk, panel: { type: 'confirm-cancel' } });
  }
  if (action.type === 'enter' && asking) return step(closed(desk), call('till.cancel', {}));
  return still(desk);
}

function actOnResult(desk: Desk, screen: Screen, action: DeskAction): DeskStep {
  const left: Desk = { ...freshSale(desk), leaving: screenKey(screen), isStale: true };
  const dismiss = call('till.dismiss', {});
  if (action.type === 'function' && action.key === 'F12')
    return step(desk, { type: 'reprint-last' });
  if (action.type === 'function' && action.key === 'F4' && screen.type !== 'not-paid')
    return step(left, dismiss, { type: 'refund-last' });
  // No channel could be asked: the way on that is left besides cash and the box.
  if (action.type === 'function' && action.key === 'F1' && isPromiseOffered(screen))
    return step({ ...left, panel: freshPromise }, dismiss);
  if (action.type === 'enter' || action.type === 'escape') return step(left, dismiss);
  if (action.type === 'amount-key') {
    // The amount of the sale that is over must not come back when this digit turns out to be a scanner's.
    const undo = { entry: emptyAmount, panel: left.panel, isStale: false };
    const next = typed(
      { ...left, entry: emptyAmount, undo },
      pressAmountKey(emptyAmount, action.key),
    );
    return { desk: next.desk, effects: [dismiss, ...next.effects] };
  }
  return still(desk);
}

/** Shows an order with all that is left of it ready to go back. */
export const openRefund = (
  desk: Desk,
  { orderId, leftFen }: { readonly orderId: string; readonly leftFen: number },
): Desk => ({
  ...desk,
  page: 'orders',
  openOrderId: orderId,
  panel: { type: 'refund', orderId, leftFen, entry: emptyAmount, reason: 0, sent: false },
});

const freshPromise: Desk['panel'] = { type: 'promise', kind: 'iou', who: '', sent: false };

/** May this sale, which was not paid, go on trust although the line is up? The agent decides; this offers it. */
export const isPromiseOffered = (screen: Screen): boolean =>
  screen.type === 'not-paid' && isChannelAway(screen.code);

/**
 * A slow scanner's digits went where they were typed. A phone number is let through; where the digits are gone with
 * their panel, the code is scanned; an amount that they were written into cannot be told from them any more: it goes.
 */
function slowScan(desk: Desk, till: TillState, text: string): DeskStep {
  const { panel } = desk;
  if (panel.type === 'member' && text.length === phoneDigits)
    return act(desk, till, { type: 'enter' });
  const isInAmount =
    panel.type === 'none' && desk.page === 'till' && shownScreen(desk, till).type === 'ready';
  if (!isInAmount) return act(desk, till, { type: 'scan', text });
  const cleared = typed(desk, emptyAmount);
  return { ...cleared, desk: { ...cleared.desk, notice: 'scan-unreadable', undo: null } };
}

function takeBack(desk: Desk): DeskStep {
  if (desk.undo === null) return still(desk);
  const { entry, panel, isStale } = desk.undo;
  const back = typed({ ...desk, panel, undo: null, notice: null }, { ...entry, overLimit: false });
  return { ...back, desk: { ...back.desk, isStale } };
}

const freshSale = (desk: Desk): Desk => ({ ...closed(desk), page: 'till' });

const closed = (desk: Desk): Desk => ({ ...desk, panel: { type: 'none' } });

const still = (desk: Desk): DeskStep => ({ desk, effects: [] });

const step = (desk: Desk, ...effects: readonly DeskEffect[]): DeskStep => ({ desk, effects });
