import { getOrThrow } from '#shared/result/result.ts';
import type { TillDesk } from './till-desk.ts';

/** The owner's PIN at the till of a run. */
const pin = '730291';

/** Before the first sale: no goods go on trust without a PIN. */
export async function setOwnerPin(desk: TillDesk): Promise<void> {
  const set = await desk.look('owner.setPin', { newPin: pin });
  // Its answer may have been lost, and the call was made again.
  if (!set.ok && set.error.code !== 'owner-pin-missing') throw new Error(set.error.code);
}

/** The owner stands beside the cashier and approves the sale on screen. */
export async function approvePromise(desk: TillDesk): Promise<string> {
  const wish = { pin, action: 'till.payPromise' } as const;
  return getOrThrow(await desk.look('owner.approve', wish)).approvalId;
}

/** Undefined: no answer came. */
export const givePromise = (desk: TillDesk, approvalId: string) =>
  desk.sendOnce('till.payPromise', { kind: 'iou', who: '王阿姨', approvalId });

export const keepPromise = (desk: TillDesk, orderId: string) =>
  desk.sendOnce('orders.keepPromise', { orderId, how: 'cash' });
