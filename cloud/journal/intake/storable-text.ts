/** PostgreSQL's text holds neither NUL nor half a surrogate pair. */
export const isStorable = (text: string & { isWellFormed?(): boolean }): boolean =>
  !text.includes('\0') && text.isWellFormed?.() !== false;

/** The text with what cannot be stored shown as U+FFFD. The exact text stands in the batch, as it was packed. */
export const toStorable = (text: string & { toWellFormed?(): string }): string =>
  isStorable(text) ? text : (text.toWellFormed?.() ?? text).replaceAll('\0', '\uFFFD');
