/** Fields read at most. */
const fieldsMax = 200;

const plainPattern = /^[\x21-\x7e]*$/;
const escapePattern = /%(?![0-9A-F]{2})/;

/**
 * The fields of a form (application/x-www-form-urlencoded) in UTF-8, or undefined. Stricter than
 * browsers are: every name once, escapes in capitals as the channels write them, nothing raw but
 * visible ASCII. So one meaning has one spelling as far as a signature over decoded values leaves
 * that open.
 */
export function strictFormOf(body: Uint8Array): Readonly<Record<string, string>> | undefined {
  const text = Buffer.from(body).toString('latin1');
  if (!plainPattern.test(text) || escapePattern.test(text)) return undefined;
  const parts = text.split('&');
  if (parts.length > fieldsMax) return undefined;
  const fields = new Map<string, string>();
  for (const part of parts) {
    const at = part.indexOf('=');
    const name = decoded(part.slice(0, at));
    const value = decoded(part.slice(at + 1));
    if (at < 1 || name === undefined || value === undefined || fields.has(name)) return undefined;
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
