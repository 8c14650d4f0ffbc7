/**
 * Days after an order became final during which its points may be claimed with the receipt; then they lapse
 * (docs/adr/0008). As long as a voucher may be spent by the published rules.
 */
export const claimDays = 90;
