import { activationCodeChars } from '#terminal/ipc/identity.ts';

/** The characters of a typed code, without what people write between them. */
export const charsOf = (typed: string): string =>
  typed
    .toUpperCase()
    .replaceAll(/[^0-9A-Z]/g, '')
    .slice(0, activationCodeChars + 1);

/** As it is read aloud: "ABCD-EFGH-JKMN". More than a code has is cut off. */
export const groupsOf = (typed: string): string =>
  (
    charsOf(typed)
      .slice(0, activationCodeChars)
      .match(/.{1,4}/g) ?? []
  ).join('-');
