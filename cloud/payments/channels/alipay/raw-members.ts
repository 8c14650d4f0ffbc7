/**
 * The members of a JSON object as the bytes they stand in: a signature covers bytes, so they are
 * cut out and never written anew. Undefined when the bytes are no object, a name stands there twice
 * or anything follows it.
 */
export function rawMembersOf(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> | undefined {
  const members = new Map<string, Uint8Array>();
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== openBrace) return undefined;
  at = skipSpace(bytes, at + 1);
  if (bytes[at] === closeBrace) return isEnd(bytes, at + 1) ? members : undefined;
  for (let count = 0; count < membersMax; count += 1) {
    const nameEnd = endOfString(bytes, at);
    const name = nameEnd === undefined ? undefined : textOf(bytes.subarray(at, nameEnd));
    if (nameEnd === undefined || name === undefined || members.has(name)) return undefined;
    at = skipSpace(bytes, nameEnd);
    if (bytes[at] !== colon) return undefined;
    at = skipSpace(bytes, at + 1);
    const valueEnd = endOfValue(bytes, at);
    if (valueEnd === undefined) return undefined;
    members.set(name, bytes.subarray(at, valueEnd));
    at = skipSpace(bytes, valueEnd);
    if (bytes[at] === closeBrace) return isEnd(bytes, at + 1) ? members : undefined;
    if (bytes[at] !== comma) return undefined;
    at = skipSpace(bytes, at + 1);
  }
  return undefined;
}

/** An answer of Alipay has three. */
const membersMax = 16;

const [quote, backslash, colon, comma] = [0x22, 0x5c, 0x3a, 0x2c];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
/** Space, tab, line feed, carriage return. */
const spaces: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (spaces.has(bytes[at])) at += 1;
  return at;
}

const isEnd = (bytes: Uint8Array, from: number): boolean => skipSpace(bytes, from) === bytes.length;

/** Behind the closing quote. A quote behind a backslash closes nothing. */
function endOfString(bytes: Uint8Array, from: number): number | undefined {
  if (bytes[from] !== quote) return undefined;
  for (let at = from + 1; at < bytes.length; at += 1) {
    if (bytes[at] === backslash) at += 1;
    else if (bytes[at] === quote) return at + 1;
  }
  return undefined;
}

/** Behind a string, an object or array with everything in it, or a word or number. */
function endOfValue(bytes: Uint8Array, from: number): number | undefined {
  if (bytes[from] === quote) return endOfString(bytes, from);
  let depth = 0;
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === quote) {
      const end = endOfString(bytes, at);
      if (end === undefined) return undefined;
      at = end;
      continue;
    }
    if (byte === openBrace || byte === openBracket) depth += 1;
    const closes = byte === closeBrace || byte === closeBracket;
    if (depth === 0 && (closes || byte === comma || spaces.has(byte)))
      return at > from ? at : undefined;
    if (closes) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    at += 1;
  }
  return undefined;
}

/** A JSON string's text; undefined when it is none. */
export function textOf(raw: Uint8Array): string | undefined {
  const value = jsonOf(raw);
  return typeof value === 'string' ? value : undefined;
}

/** Undefined when the bytes are no JSON in UTF-8. */
export function jsonOf(raw: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch {
    return undefined;
  }
}
