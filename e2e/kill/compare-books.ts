/** Who paid what. */
export type Paid = readonly (readonly [orderId: string, netFen: number | undefined])[];

/** What the left side has and the right side has not. */
export function difference(sides: { left: Paid; right: Paid; says: string }): readonly string[] {
  const right = new Set(sides.right.map((pair) => pair.join(' ')));
  return sides.left
    .map((pair) => pair.join(' '))
    .filter((text) => !right.has(text))
    .map((text) => `${text} fen: ${sides.says}`);
}

const ulidChars = 26;
/** The order of an attempt's number. */
export const orderIdOf = (outTradeNo: string): string => `ord_${outTradeNo.slice(0, ulidChars)}`;
