import type { FoundPort } from '#drivers/discovery/found-port.ts';
import { makerOf, usbProducts } from '#drivers/discovery/usb-products.ts';

/** Why a role is suggested. Best reason first; the first that applies is given. */
export type SuggestionReason =
  'usage-page' | 'printer-class' | 'known-product' | 'known-vendor' | 'description';

export interface RoleSuggestion {
  readonly role: 'scanner' | 'printer' | 'box-pos' | 'display';
  readonly reason: SuggestionReason;
  /** `likely`: the device says so of itself. `possible`: its numbers or words point there. Never a certainty. */
  readonly certainty: 'likely' | 'possible';
}

/** HID usage page of bar code scanners (USB-IF, HID Point of Sale Usage Tables 1.02). */
export const scannerUsagePage = 0x8c;

/** What a port might be for; null when nothing points anywhere, as with every bare USB-serial bridge. */
export function suggestRole(port: FoundPort): RoleSuggestion | null {
  if (port.usage?.page === scannerUsagePage)
    return { role: 'scanner', reason: 'usage-page', certainty: 'likely' };
  if (port.printerClass) return { role: 'printer', reason: 'printer-class', certainty: 'likely' };
  const { usb } = port;
  const product = usbProducts.find(
    (row) => row.vendorId === usb?.vendorId && row.productId === usb.productId,
  );
  if (product) return { role: product.role, reason: 'known-product', certainty: 'likely' };
  const makes = usb === null ? undefined : makerOf(usb.vendorId)?.makes;
  if (makes === 'scanner' || makes === 'printer')
    return { role: makes, reason: 'known-vendor', certainty: 'possible' };
  const described = descriptions.find(({ words }) => words.test(port.label));
  return described === undefined
    ? null
    : { role: described.role, reason: 'description', certainty: 'possible' };
}

/** Words that devices use of themselves. The order decides where two rows fit: "POS printer" is a printer. */
const descriptions: readonly { readonly words: RegExp; readonly role: RoleSuggestion['role'] }[] = [
  { words: /printer|打印|pos-?(58|80)|\bxp-|\bzj-?\d/i, role: 'printer' },
  { words: /scan|bar ?code|imager|扫码|扫描/i, role: 'scanner' },
  { words: /customer display|客显/i, role: 'display' },
  { words: /ecr|payment terminal|cashbox|pos terminal|收银盒/i, role: 'box-pos' },
];
