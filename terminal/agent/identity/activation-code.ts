/** Crockford base 32 without check digit: https://www.crockford.com/base32.html */
const activationCode = /^[0-9A-HJKMNP-TV-Z]{12}$/;

/** The code as the cloud has it: people type hyphens and small letters, and take 0 for O and 1 for I or L. */
export const activationCodeOf = (typed: string): string =>
  typed.trim().toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');

export const isActivationCode = (typed: string): boolean =>
  activationCode.test(activationCodeOf(typed));
