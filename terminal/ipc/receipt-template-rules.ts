import { findPromissoryWord } from '#shared/points/words/promissory-words.ts';
import type { ReceiptTemplate } from '#terminal/ipc/receipt-template.ts';

/** The receipt as it is when nobody has changed it. */
export const defaultReceiptTemplate: ReceiptTemplate = {
  version: 1,
  paperMm: 80,
  logo: null,
  header: [],
  blocks: {
    shop: true,
    voucher: true,
    tender: true,
    channelNumber: false,
    boxNumber: true,
    orderNumber: true,
    barcode: false,
    cashier: true,
    points: true,
    claimQr: true,
    phone: true,
  },
  footer: [],
};

/** Dots across the paper. */
export const dotsOfPaper = { 58: 384, 80: 576 } as const;

export type TemplateFault =
  /** The bytes are not as many as the size says, or the logo is wider than its paper. */
  | { readonly code: 'receipt-template-invalid' }
  /** `word` stands in line `index` of the part. */
  | {
      readonly code: 'receipt-words-refused';
      readonly part: 'header' | 'footer';
      readonly index: number;
      readonly word: string;
    };

/**
 * What a schema cannot say of a template: the same judgement in the window and in the agent. The
 * first fault, or null.
 */
export function templateFault(template: ReceiptTemplate): TemplateFault | null {
  const { logo } = template;
  if (logo) {
    const byteCount = (logo.widthDots >> 3) * logo.heightDots;
    const fits = logo.base64.length === Math.ceil(byteCount / 3) * 4;
    if (!fits || logo.widthDots > dotsOfPaper[template.paperMm])
      return { code: 'receipt-template-invalid' };
  }
  for (const part of ['header', 'footer'] as const) {
    for (const [index, { text }] of template[part].entries()) {
      const word = findPromissoryWord(text);
      if (word !== undefined) return { code: 'receipt-words-refused', part, index, word };
    }
    // A word may not be taken apart over two lines either.
    const whole = findPromissoryWord(template[part].map(({ text }) => text).join(''));
    if (whole !== undefined) return { code: 'receipt-words-refused', part, index: 0, word: whole };
  }
  return null;
}
