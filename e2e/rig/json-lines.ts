/** A line longer than this is not ours; the peer is cut off rather than fed for ever. */
const lineCharsMax = 1_048_576;

/** Cuts a stream of text into lines of JSON; what is no JSON (a boot message) is dropped. */
export function createJsonLines(onMessage: (message: unknown) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > lineCharsMax) throw new Error('a line of JSON without an end');
    for (const line of lines) {
      const message = parseOrNull(line);
      if (message !== null) onMessage(message);
    }
  };
}

function parseOrNull(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
}
