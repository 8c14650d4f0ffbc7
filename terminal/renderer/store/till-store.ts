import type { ErrorCode } from '#shared/errors/catalogue.ts';
import type { Status, TillState } from '#terminal/ipc/state.ts';
import type { TerminalEvent } from '#terminal/ipc/terminal-api.ts';
import {
  freshDesk,
  type Desk,
  type DeskAction,
  type DeskCall,
  type DeskEffect,
} from '../desk/desk.ts';
import { act, adopt, openRefund } from '../desk/desk-machine.ts';
import { hear, isNoticeNew } from '../desk/hear-machine.ts';
import type { TerminalLink } from '../link/terminal-link.ts';

/** All that the screens draw from. Replaced as a whole on every change. */
export interface TillSnapshot {
  readonly till: TillState | null;
  readonly status: Status | null;
  readonly desk: Desk;
  readonly linkUp: boolean;
  /** Why the link is down, when waiting does not bring it back. */
  readonly linkCode: ErrorCode | null;
  /** Grows whenever an order may have changed: lists and tallies ask again. */
  readonly ordersVersion: number;
  /** What the agent accepted last and the cashier should be told (a drawer opened, a slip sent). */
  readonly done: DoneNote | null;
}

export interface DoneNote {
  readonly what:
    | 'reprint'
    | 'drawer'
    | 'slip'
    | 'test'
    | 'boxDecided'
    | 'exceptionDone'
    | 'ownerPin'
    | 'promiseEnded'
    | 'refundAsked';
  /** Grows with every note, so that the same one shown twice is seen twice. */
  readonly number: number;
}

export interface TillStore {
  readonly getSnapshot: () => TillSnapshot;
  readonly subscribe: (listener: () => void) => () => void;
  readonly act: (action: DeskAction) => void;
  /** A call outside the desk (reprint an order, test a device); its refusal becomes the notice. */
  readonly request: (call: DeskCall, done?: DoneNote['what']) => void;
  /** Says that something was done outside of the desk. */
  readonly note: (what: DoneNote['what']) => void;
  readonly link: TerminalLink;
}

const freshSnapshot: TillSnapshot = {
  till: null,
  status: null,
  desk: freshDesk,
  linkUp: true,
  linkCode: null,
  ordersVersion: 0,
  done: null,
};

export function createTillStore(link: TerminalLink): TillStore {
  let snapshot = freshSnapshot;
  const listeners = new Set<() => void>();
  const calls = createCallQueue(link);

  const set = (change: Partial<TillSnapshot>): void => {
    snapshot = { ...snapshot, ...change };
    listeners.forEach((listener) => listener());
  };
  const setDesk = (desk: Desk): void => set({ desk });

  const receive = (event: TerminalEvent): void => {
    if (event.name === 'order.changed') return set({ ordersVersion: snapshot.ordersVersion + 1 });
    if (event.name === 'status.changed') {
      return isOlder(event.payload, snapshot.status) ? undefined : set({ status: event.payload });
    }
    if (isOlder(event.payload, snapshot.till)) return undefined;
    const before = snapshot.till;
    const now = event.payload;
    const desk = hear(snapshot.desk, { before, now, settled: calls.areOver() });
    // What the agent refuses now is newer than what was done before.
    return set({ till: now, desk, done: isNoticeNew(before, now) ? null : snapshot.done });
  };

  let noteCount = 0;
  /** A refusal from before is over with it. */
  const note = (what: DoneNote['what']): void => {
    noteCount += 1;
    set({ done: { what, number: noteCount }, desk: { ...snapshot.desk, notice: null } });
  };
  const finish = (outcome: Outcome, done: DoneNote['what'] | undefined): void => {
    if (outcome.refused) setDesk(refusedDesk(snapshot.desk, outcome.refused));
    else if (outcome.refund) setDesk(openRefund(snapshot.desk, outcome.refund));
    else if (outcome.openOrderId !== undefined)
      setDesk({ ...snapshot.desk, page: 'orders', openOrderId: outcome.openOrderId });
    if (!outcome.refused && done === 'refundAsked')
      setDesk({ ...snapshot.desk, panel: { type: 'none' } });
    if (!outcome.refused && done) note(done);
    if (snapshot.till) setDesk(adopt(snapshot.desk, snapshot.till, calls.areOver()));
  };
  const run = (effect: DeskEffect, done = doneBy(effect)): void =>
    calls.add(effect, (outcome) => finish(outcome, done));

  link.subscribe(receive);
  link.watch((linkUp, code) => {
    if (!linkUp && snapshot.linkUp) forgetVersions();
    // Once it is known that waiting is in vain, a later "no answer" does not take that back.
    const linkCode = linkUp ? null : (code ?? snapshot.linkCode);
    if (linkUp !== snapshot.linkUp || linkCode !== snapshot.linkCode)
      set({ linkUp, linkCode, ordersVersion: snapshot.ordersVersion + 1 });
  });
  void start(link, receive);

  /** A restarted agent counts its versions from zero again. */
  function forgetVersions(): void {
    const { till, status } = snapshot;
    set({ till: till && { ...till, version: -1 }, status: status && { ...status, version: -1 } });
  }

  return {
    link,
    getSnapshot: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    act(action) {
      if (!snapshot.till) return;
      const { desk, effects } = act(snapshot.desk, snapshot.till, action);
      setDesk(desk);
      effects.forEach((effect) => run(effect));
    },
    request: (effect, done) => run(effect, done),
    note,
  };
}

const isOlder = (next: { version: number }, last: { version: number } | null): boolean =>
  last !== null && next.version < last.version;

function doneBy(effect: DeskEffect): DoneNote['what'] | undefined {
  if (effect.type === 'reprint-last') return 'reprint';
  if (effect.type !== 'call') return undefined;
  if (effect.method === 'orders.refund') return 'refundAsked';
  return effect.method === 'drawer.open' ? 'drawer' : undefined;
}

/** The desk after the agent refused what it asked for: the cashier may try again. */
function refusedDesk(desk: Desk, code: ErrorCode): Desk {
  const { panel } = desk;
  const free: Desk = { ...desk, notice: code, leaving: null };
  if (panel.type === 'member' && code === 'member-consent-missing')
    return { ...free, notice: null, panel: { ...panel, asking: false, isNew: true } };
  if (panel.type === 'member') return { ...free, panel: { ...panel, asking: false } };
  if (panel.type === 'cash' || panel.type === 'promise' || panel.type === 'refund')
    return { ...free, panel: { ...panel, sent: false } };
  return free;
}

/** Calls leave one after the other: an amount never overtakes the scan that follows it. */
function createCallQueue(link: TerminalLink): {
  readonly add: (effect: DeskEffect, tell: (outcome: Outcome) => void) => void;
  readonly areOver: () => boolean;
} {
  let last: Promise<void> = Promise.resolve();
  let inFlight = 0;
  const follow = async (
    before: Promise<void>,
    effect: DeskEffect,
    tell: (outcome: Outcome) => void,
  ): Promise<void> => {
    await before;
    const outcome = await perform(link, effect);
    inFlight -= 1;
    tell(outcome);
  };
  return {
    add: (effect, tell) => {
      inFlight += 1;
      last = follow(last, effect, tell);
    },
    areOver: () => inFlight === 0,
  };
}

interface Outcome {
  readonly refused?: ErrorCode;
  readonly openOrderId?: string;
  /** Of it so much can go back. */
  readonly refund?: { readonly orderId: string; readonly leftFen: number };
}

/** So far back the last sale with money is looked for. */
const lastOrdersMax = 50;

async function perform(link: TerminalLink, effect: DeskEffect): Promise<Outcome> {
  if (effect.type === 'call') {
    const answer = await link.call(effect.method, effect.input);
    return answer.ok ? {} : { refused: answer.error.code };
  }
  if (effect.type === 'refund-last') return await findLastSale(link);
  const page = await link.call('orders.list', { limit: 1 });
  if (!page.ok) return { refused: page.error.code };
  const last = page.value.rows[0];
  if (!last) return { refused: 'order-not-found' };
  if (effect.type === 'open-last') return { openOrderId: last.orderId };
  const answer = await link.call('orders.reprint', { orderId: last.orderId });
  return answer.ok ? {} : { refused: answer.error.code };
}

/** The last sale that money was taken for; one that went back already, or is at it, is only shown. */
async function findLastSale(link: TerminalLink): Promise<Outcome> {
  const page = await link.call('orders.list', { limit: lastOrdersMax });
  if (!page.ok) return { refused: page.error.code };
  const last = page.value.rows.find(({ refundWay }) => refundWay !== null);
  if (!last) return { refused: 'refund-not-possible' };
  const { orderId, refundableFen: leftFen } = last;
  return leftFen > 0 ? { refund: { orderId, leftFen } } : { openOrderId: orderId };
}

/** The loopback link refreshes itself on connection; the bridge has to be asked once. */
async function start(link: TerminalLink, receive: (event: TerminalEvent) => void): Promise<void> {
  const [till, status] = await Promise.all([
    link.call('till.state', {}),
    link.call('status.get', {}),
  ]);
  if (till.ok) receive({ name: 'till.changed', payload: till.value });
  if (status.ok) receive({ name: 'status.changed', payload: status.value });
}
