import type { Fields } from '#cloud/payments/channels/unionpay/sign.ts';

/** Fields read at most. */
const fieldsMax = 100;

/**
 * The fields of an answer: `name=value` joined with `&`, nothing escaped. A value in braces keeps
 * its own `&`. Undefined when it is no such text or a name stands there twice. Jumps from mark to
 * mark, because the value of a file has millions of characters.
 */
export function rawFieldsOf(text: string): Fields | undefined {
  const fields = new Map<string, string>();
  let [startAt, depth] = [0, 0];
  const marks = /[&{}]|$/g;
  for (const { 0: mark, index: at } of text.matchAll(marks)) {
    if (mark === '{') depth += 1;
    if (mark === '}') depth -= 1;
    if (depth < 0) return undefined;
    if (mark !== '' && (mark !== '&' || depth > 0)) continue;
    const part = text.slice(startAt, at);
    const equalsAt = part.indexOf('=');
    const name = part.slice(0, equalsAt);
    if (equalsAt < 1 || fields.has(name) || fields.size >= fieldsMax) return undefined;
    fields.set(name, part.slice(equalsAt + 1));
    startAt = at + 1;
  }
  return depth === 0 ? Object.fromEntries(fields) : undefined;
}
