/** The last four characters of an order's id: enough to find it, short enough to say. */
export const orderTail = (orderId: string): string => orderId.slice(-4);
