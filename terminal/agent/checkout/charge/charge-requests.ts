import type { OrderId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';
import type { Result } from '#shared/result/result.ts';
import { ChargeSchema, type Charge, type ChargeRequest } from '#shared/wire/v1/charges.ts';
import type { StoredOrder } from '#terminal/agent/journal/order-rows.ts';
import type { CloudClient, CloudFailure } from '#terminal/agent/uplink/cloud-client.ts';

/**
 * The three requests about an attempt (docs/wire.md, Charges). Each is sent once; what follows is
 * decided elsewhere.
 */
export type ChargeAnswer = Result<Charge, CloudFailure>;

/** The cloud answers a charge within 12 s; the rest is for the way. */
export const chargeTimeoutMs = 14_000;
const askTimeoutMs = 10_000;

export const submitCharge = (
  cloud: CloudClient,
  stored: StoredOrder,
  authCode: string,
): Promise<ChargeAnswer> =>
  cloud.call({
    method: 'POST',
    path: '/v1/charges',
    body: chargeRequest(stored, authCode),
    answer: ChargeSchema,
    timeoutMs: chargeTimeoutMs,
  });

export const queryCharge = (cloud: CloudClient, attempt: AttemptKey): Promise<ChargeAnswer> =>
  cloud.call({
    method: 'GET',
    path: pathOf(attempt),
    answer: ChargeSchema,
    timeoutMs: askTimeoutMs,
  });

export const cancelCharge = (cloud: CloudClient, attempt: AttemptKey): Promise<ChargeAnswer> =>
  cloud.call({
    method: 'POST',
    path: `${pathOf(attempt)}/cancel`,
    answer: ChargeSchema,
    timeoutMs: askTimeoutMs,
  });

interface AttemptKey {
  readonly orderId: OrderId;
  readonly attempt: number;
}

const pathOf = ({ orderId, attempt }: AttemptKey): string => `/v1/charges/${orderId}/${attempt}`;

function chargeRequest(stored: StoredOrder, authCode: string): ChargeRequest {
  const { order, reservationId } = stored;
  assert(order.tender?.type === 'wallet', () => `order ${order.orderId} has no wallet tender`);
  return {
    orderId: order.orderId,
    attempt: order.attempt,
    amountFen: order.amountFen,
    voucherFen: order.voucherFen,
    concessionBp: order.concessionBp,
    businessDate: order.businessDate,
    cashier: order.cashier,
    wallet: order.tender.wallet,
    authCode,
    openedAtMs: order.openedAtMs,
    ...(reservationId === undefined ? {} : { reservationId }),
    ...(order.memberId === undefined ? {} : { memberId: order.memberId }),
  };
}
