import { code128Bars } from '#drivers/printer/encode/barcode/bars.ts';
import { code128Modules, encodeCode128 } from '#drivers/printer/encode/barcode/code128.ts';
import { eanDigits } from '#drivers/printer/encode/barcode/ean.ts';
import { eanBars, eanModules } from '#drivers/printer/encode/barcode/bars.ts';
import type { PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';
import type { BarcodeCommand } from '#drivers/printer/receipt/receipt.ts';

/** A bar code that fits the paper. */
export interface BarcodePlan {
  /** Data of GS k. */
  readonly bytes: readonly number[];
  /** Dots of the narrowest bar, 2..6. */
  readonly moduleDots: number;
  /** What is written under it. */
  readonly text: string;
  /** Modules from the left, `1` black. */
  readonly bars: () => string;
}

const moduleDotsMin = 2;
const moduleDotsMax = 6;
const moduleDotsDefault = 2;
const heightDotsMax = 255;
export const barcodeHeightDotsDefault = 80;

/** The plan, or a sentence with what makes it unprintable. */
export function planBarcode(
  command: BarcodeCommand,
  profile: PrinterProfile,
): BarcodePlan | { readonly fault: string } {
  const asked = command.moduleDots ?? moduleDotsDefault;
  if (!isWhole(asked, moduleDotsMin, moduleDotsMax))
    return { fault: 'barcode module out of range' };
  if (!isWhole(command.heightDots ?? barcodeHeightDotsDefault, 1, heightDotsMax)) {
    return { fault: 'barcode height out of range' };
  }
  const code = codeOf(command);
  if ('fault' in code) return code;
  const moduleDots = Math.min(asked, (profile.dots / code.modules) | 0);
  if (moduleDots < moduleDotsMin) return { fault: 'barcode wider than the paper' };
  return { bytes: code.bytes, text: code.text, bars: code.bars, moduleDots };
}

type Code = Omit<BarcodePlan, 'moduleDots'> & { readonly modules: number };

function codeOf({ symbology, text }: BarcodeCommand): Code | { readonly fault: string } {
  if (symbology === 'code128') {
    const code = encodeCode128(text);
    if (code === null) return { fault: 'Code 128 takes 1 to 80 characters of ASCII' };
    return {
      bytes: code.bytes,
      text,
      modules: code128Modules(code),
      bars: () => code128Bars(code.symbols),
    };
  }
  const ean = eanDigits(symbology, text);
  if ('fault' in ean) return ean;
  return {
    bytes: [...Buffer.from(ean.digits, 'ascii')],
    text: ean.digits,
    modules: eanModules[symbology],
    bars: () => eanBars(symbology, ean.digits),
  };
}

const isWhole = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max;
