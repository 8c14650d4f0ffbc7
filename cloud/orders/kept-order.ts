import type { MerchantId, OperatorId, TerminalId } from '#shared/ids/ids.ts';
import type { Order } from '#shared/order/order.ts';

/** Whose journal an entry stands in. */
export interface Stream {
  readonly operatorId: OperatorId;
  readonly merchantId: MerchantId;
  readonly terminalId: TerminalId;
  readonly epoch: string;
}

/** An order as the cloud keeps it. */
export interface KeptOrder {
  readonly stream: Stream;
  readonly order: Order;
  readonly claimHash: string | undefined;
  readonly reservationId: string | undefined;
}
