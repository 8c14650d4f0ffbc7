import { setTimeout as pause } from 'node:timers/promises';
import { fen } from '#shared/money/fen.ts';
import { formatYuan } from '#shared/money/format-yuan.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { OrderRow } from '#terminal/ipc/views.ts';
import { freshWalletCode } from '../stage/wallet-codes.ts';
import type { Stage } from '../stage/stage.ts';
import type { PlannedSale, PromiseTender } from './kill-plan.ts';
import { isBoxReady, pullCable, tellCustomer } from './sell-at-box.ts';
import { approvePromise, givePromise, keepPromise } from './sell-on-trust.ts';
import type { SaleRecord } from './evidence.ts';
import { isOpen, isTaken } from './oracles.ts';
import type { TillDesk } from './till-desk.ts';

/** The kills of one sale, running beside it. */
export interface Strikes {
  /** The next that happens is the financial call: resolves when everything that will strike in it stands ready. */
  ready(): Promise<void>;
  /** The financial call has just left: now the delays count. */
  callSent(): void;
  /** Resolves when the till has been killed and started again; undefined when it is not struck. */
  readonly tillBack: Promise<void> | undefined;
}

export interface SellDeps {
  readonly stage: Stage;
  readonly desk: TillDesk;
}

const settleMsMax = 240_000;
const settlePauseMs = 60;

/**
 * Rings up one sale as a cashier would: amount, then cash, a code or the box. The financial call
 * leaves once; when its answer is lost with the till, the order list of the restarted till says
 * what became of it.
 */
export async function sell(
  deps: SellDeps,
  plan: PlannedSale,
  strikes: Strikes,
): Promise<SaleRecord> {
  const { amountFen, tender } = plan;
  if (tender.type === 'promise') return sellOnTrust(deps, { amountFen, tender }, strikes);
  const code = await codeOf(deps.stage, plan);
  const isOffline = tender.type === 'member-code' || (tender.type === 'box' && tender.isOffline);
  if (isOffline) await deps.stage.counter.turn({ name: 'network', on: false });
  if (tender.type === 'box') tellCustomer(deps.stage, tender);
  let cable: Promise<void> | undefined;
  try {
    if (isOffline) await untilOffline(deps.desk);
    if (tender.type === 'box') await untilBoxReady(deps.desk);
    await untilAmountStands(deps.desk, amountFen);
    const answer = await underFire(amountFen, strikes, () => {
      const answering = pay(deps.desk, plan, code);
      if (tender.type === 'box') cable = pullCable(deps.stage, tender);
      return answering;
    });
    const { row, shownOrderId } = await whatBecameOf(deps.desk, amountFen, strikes);
    const acknowledged =
      shownOrderId !== undefined ||
      (tender.type === 'cash' && answer?.ok === true) ||
      (row !== undefined && isTaken(row.state));
    return {
      amountFen,
      tender: tender.type,
      orderId: shownOrderId ?? row?.orderId,
      told: acknowledged ? 'taken' : row === undefined ? 'nothing' : 'not-paid',
      answerLost: answer === undefined,
      state: row?.state ?? (await reasonOf(deps.desk, answer)),
    };
  } finally {
    await cable;
    await deps.stage.counter.turn({ name: 'network', on: true });
  }
}

/** Makes the call that is struck. Undefined: its answer died with the till, which is back. */
async function underFire<A>(
  amountFen: number,
  strikes: Strikes,
  call: () => Promise<A | undefined>,
): Promise<A | undefined> {
  await strikes.ready();
  const answering = call();
  strikes.callSent();
  const answer = await answering;
  if (answer === undefined && strikes.tillBack === undefined)
    throw new Error(`the till lost the call of ${yuan(amountFen)}, and nobody had killed it`);
  if (answer === undefined) await strikes.tillBack;
  return answer;
}

/** Lets goods go on trust while the line is cut; with the line back the money comes, or does not. */
async function sellOnTrust(
  { stage, desk }: SellDeps,
  { amountFen, tender }: { readonly amountFen: number; readonly tender: PromiseTender },
  strikes: Strikes,
): Promise<SaleRecord> {
  const isStruckGiving = tender.struckIn === 'giving';
  await stage.counter.turn({ name: 'network', on: false });
  let given: Awaited<ReturnType<typeof givePromise>>;
  try {
    await untilOffline(desk);
    await untilAmountStands(desk, amountFen);
    const approvalId = await approvePromise(desk);
    const give = () => givePromise(desk, approvalId);
    given = await (isStruckGiving ? underFire(amountFen, strikes, give) : give());
    if (given?.ok === false || (!isStruckGiving && given === undefined))
      throw new Error(`no promise of ${yuan(amountFen)}: ${JSON.stringify(given)}`);
    // Killed with the line still cut: what the till wrote it has not sent.
    if (isStruckGiving) await strikes.tillBack;
  } finally {
    await stage.counter.turn({ name: 'network', on: true });
  }
  const { row } = await whatBecameOf(desk, amountFen, strikes);
  const sold = { amountFen, tender: tender.type, orderId: row?.orderId } as const;
  const answerLost = given === undefined;
  const state = row?.state ?? 'answer-lost';
  if (row === undefined)
    return { ...sold, told: given ? 'promised' : 'nothing', answerLost, state };
  if (tender.ending === 'left-open') return { ...sold, told: 'promised', answerLost, state };
  const keep = () => keepPromise(desk, row.orderId);
  const kept = await (isStruckGiving ? keep() : underFire(amountFen, strikes, keep));
  if (kept?.ok === false)
    throw new Error(`the promise of ${yuan(amountFen)} was not kept: ${JSON.stringify(kept)}`);
  const after = await whatBecameOf(desk, amountFen, strikes);
  const isKept = kept !== undefined || after.row?.state === 'promise-kept';
  return {
    ...sold,
    told: isKept ? 'kept' : 'promised',
    answerLost: answerLost || kept === undefined,
    state: after.row?.state ?? state,
  };
}

const yuan = (amountFen: number): string => formatYuan(fen(amountFen));

/** The one financial call of a sale. */
function pay(desk: TillDesk, { amountFen, tender }: PlannedSale, code: string) {
  if (tender.type === 'cash') return desk.sendOnce('till.payCash', { tenderedFen: amountFen });
  if (tender.type === 'box') return desk.sendOnce('till.payBox', {});
  return desk.sendOnce('till.scan', { text: code });
}

const untilBoxReady = (desk: TillDesk): Promise<true> =>
  waitFor('the box to be ready', async () => (await isBoxReady(desk)) || undefined);

/** A fresh code on the customer's phone. The phone asks again while the cloud is down: no money moves by it. */
async function codeOf(stage: Stage, { tender }: PlannedSale): Promise<string> {
  if (tender.type === 'wallet') return freshWalletCode(tender.wallet, tender.outcome);
  if (tender.type !== 'member-code') return '';
  const { members } = stage.shop;
  const phone = members[tender.memberIndex % members.length]?.phone ?? '';
  return waitFor('the cloud to show a code on a phone', () =>
    stage.memberCode(phone).catch(() => undefined),
  );
}

/** Shown offline; a till that was just started says so too. */
async function untilOffline(desk: TillDesk): Promise<void> {
  await waitFor('the till to miss the line', async () => {
    const status = getOrThrow(await desk.look('status.get', {}));
    return !status.online || undefined;
  });
}

/** Types the amount until it stands on the till: a kill may have wiped it, an open sale may be in the way. */
async function untilAmountStands(desk: TillDesk, amountFen: number): Promise<void> {
  await waitFor(`the till to take the amount ${yuan(amountFen)}`, async () => {
    const typed = await desk.look('till.setAmount', { amountFen });
    if (!typed.ok) return undefined;
    const { draft } = getOrThrow(await desk.look('till.state', {}));
    return draft.amountFen === amountFen || undefined;
  });
}

interface Outcome {
  /** The order with this amount; undefined when the till has none. */
  readonly row: OrderRow | undefined;
  /** The order that the screen called paid, while we looked: shown is acknowledged, whatever the list says later. */
  readonly shownOrderId: string | undefined;
}

/** Looks at screen and order list until the sale is no longer open. */
async function whatBecameOf(desk: TillDesk, amountFen: number, strikes: Strikes): Promise<Outcome> {
  let shownOrderId: string | undefined;
  const find = async (): Promise<OrderRow | undefined> => {
    const { screen } = getOrThrow(await desk.look('till.state', {}));
    const isShown =
      screen.type === 'paid' ||
      screen.type === 'box-paid' ||
      screen.type === 'cash' ||
      screen.type === 'offline-accepted';
    if (isShown && screen.amountFen === amountFen) shownOrderId = screen.orderId;
    const page = getOrThrow(await desk.look('orders.list', { search: yuan(amountFen), limit: 5 }));
    return page.rows.find((row) => row.amountFen === amountFen);
  };
  return waitFor(`a definite outcome of ${yuan(amountFen)}`, async () => {
    const row = await find();
    if (row !== undefined) return isOpen(row.state) ? undefined : { row, shownOrderId };
    // An order that is not there yet may still come, until the till that took the call is gone or has answered.
    await strikes.tillBack;
    const again = await find();
    return again === undefined || !isOpen(again.state) ? { row: again, shownOrderId } : undefined;
  });
}

/** Why the till made no order of it. */
async function reasonOf(desk: TillDesk, answer: unknown): Promise<string> {
  const { notice } = getOrThrow(await desk.look('till.state', {}));
  if (notice !== null) return notice.code;
  return answer === undefined ? 'answer-lost' : JSON.stringify(answer);
}

async function waitFor<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = performance.now() + settleMsMax;
  while (performance.now() < deadlineMs) {
    const found = await ask();
    if (found !== undefined) return found;
    await pause(settlePauseMs);
  }
  throw new Error(`waited ${settleMsMax} ms in vain for ${what}`);
}
