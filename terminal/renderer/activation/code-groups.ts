/** Enough to see that something else than an activation code was typed or scanned. */
const typedCharsMax = 24;

/** The characters of a typed code, without what people write between them. More than a code has stays to be seen. */
export const charsOf = (typed: string): string =>
  typed
    .toUpperCase()
    .replaceAll(/[^0-9A-Z]/g, '')
    .slice(0, typedCharsMax);

/** As it is read aloud: "ABCD-EFGH-JKMN". */
export const groupsOf = (typed: string): string =>
  (charsOf(typed).match(/.{1,4}/g) ?? []).join('-');
