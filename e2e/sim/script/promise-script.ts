import type { PromiseKeptHow } from '#shared/order/order.ts';
import type { PromiseLimits } from '#shared/wire/v1/terminals.ts';
import type { Random } from '#shared/time/random.ts';
import type { OwnerWish } from '#terminal/ipc/owner.ts';
import type { SimTill } from '../till/till.ts';

/** What the owner of the simulated shop allows: little, so that a till meets every limit. */
export const simPromiseLimits: Omit<PromiseLimits, 'version'> = {
  perPromiseFen: 5_000,
  openFen: 2_300,
  openCount: 2,
  windowMs: 24 * 3_600_000,
};

/** What becomes of a promise, decided before the shop opens. */
export interface PlannedEnd {
  readonly end: PromiseKeptHow | 'broken' | 'left-open';
  readonly afterMs: number;
}

const ends = ['cash', 'cash', 'transfer', 'static-code-seen', 'broken', 'left-open'] as const;
const afterMsMax = 60_000;

export const planEnd = (random: Random): PlannedEnd => ({
  end: ends[Math.floor(random.unit() * ends.length)] ?? 'cash',
  afterMs: 1_000 + Math.floor(random.unit() * afterMsMax),
});

const pin = '270518';

/** The owner types his PIN, and sets it where this till has none. Undefined: the till did not answer, or refused. */
async function approve(till: SimTill, wish: OwnerWish): Promise<string | undefined> {
  const first = await till.call('owner.approve', { pin, ...wish });
  if (first?.ok) return first.value.approvalId;
  if (first?.error.code !== 'owner-pin-not-set') return undefined;
  await till.call('owner.setPin', { newPin: pin });
  const again = await till.call('owner.approve', { pin, ...wish });
  return again?.ok ? again.value.approvalId : undefined;
}

/** Lets the sale on screen go on a promise. Returns the till's refusal, undefined when there is none. */
export async function askForPromise(till: SimTill): Promise<string | undefined> {
  const approvalId = await approve(till, { action: 'till.payPromise' });
  const answer = await till.call('till.payPromise', {
    kind: 'iou',
    who: '王阿姨',
    ...(approvalId === undefined ? {} : { approvalId }),
  });
  return answer?.ok === false ? answer.error.code : undefined;
}

export type PromiseTold = 'kept' | 'broken' | 'refused' | 'no-till';

/** Says how a promise ended, twice at once, as an impatient finger does. */
export async function endPromise(
  till: SimTill,
  { orderId, end }: { readonly orderId: string; readonly end: PromiseKeptHow | 'broken' },
): Promise<PromiseTold> {
  if (end === 'broken') {
    const approvalId = await approve(till, { action: 'orders.breakPromise', orderId });
    if (approvalId === undefined) return 'no-till';
    const answer = await till.call('orders.breakPromise', { orderId, note: '不来了', approvalId });
    return answer === undefined ? 'no-till' : answer.ok ? 'broken' : 'refused';
  }
  const answers = await Promise.all([
    till.call('orders.keepPromise', { orderId, how: end }),
    till.call('orders.keepPromise', { orderId, how: end }),
  ]);
  if (answers.some((answer) => answer?.ok)) return 'kept';
  return answers.includes(undefined) ? 'no-till' : 'refused';
}
