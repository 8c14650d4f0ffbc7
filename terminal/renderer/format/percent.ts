/** Basis points as a percentage, by shifting digits: 1000 is "10%", 850 is "8.5%". */
export function percentText(basisPoints: number): string {
  const digits = String(basisPoints).padStart(3, '0');
  const decimals = digits.slice(-2).replace(/0+$/, '');
  return `${digits.slice(0, -2)}${decimals === '' ? '' : `.${decimals}`}%`;
}
