import { setTimeout as pause } from 'node:timers/promises';
import type { BoxBehaviour } from '#drivers/simulator/box/box-behaviour.ts';
import type { BoxBookEntry } from '#drivers/simulator/box/box-books.ts';
import { getOrThrow } from '#shared/result/result.ts';
import type { Stage } from '../stage/stage.ts';
import type { BoxTender } from './kill-plan.ts';
import type { BoxLine } from './evidence.ts';
import type { TillDesk } from './till-desk.ts';

/** Is the box ready for a sale? After a start of the till it has to shake hands. */
export async function isBoxReady(desk: TillDesk): Promise<boolean> {
  const { devices } = getOrThrow(await desk.look('status.get', {}));
  return devices.some(({ role, state }) => role === 'box-pos' && state === 'online');
}

/** What the customer at the box will do. */
export function tellCustomer({ bench }: Stage, { ending, delayMs }: BoxTender): void {
  const behaviour: BoxBehaviour =
    ending === 'declined' ? { type: 'decline', delayMs } : { type: 'approve', delayMs };
  bench.box.setHabit(behaviour);
}

/** How long the cable stays out after the customer has paid. */
const cableOutMs = 150;

/** Pulls the cable before the customer has paid, and puts it back afterwards. */
export async function pullCable({ bench }: Stage, { ending, delayMs }: BoxTender): Promise<void> {
  if (ending !== 'cable-out') return;
  await pause(delayMs / 2);
  await bench.setCable('box', false);
  await pause(delayMs / 2 + cableOutMs);
  await bench.setCable('box', true);
}

/** What the box itself has in its books: the truth about money. */
export const boxLines = ({ bench }: Stage): readonly BoxLine[] =>
  bench.box
    .books()
    .filter((entry: BoxBookEntry) => entry.kind === 'sale')
    .map(({ mark, amountFen, ref }) => ({ merchantOrderNo: mark, amountFen, boxRef: ref }));
