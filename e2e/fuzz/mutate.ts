import type { Random } from '#shared/time/random.ts';

/** The longest input, in bytes. */
export const inputBytesMax = 256;
/** Bytes that steer parsers: frame marks, escapes, lengths at their edges. */
const telling = Uint8Array.from(
  Buffer.from('00010203060a0d101113151b1c1d3037555d5f7f80aaccfeff', 'hex'),
);
const mutationsMax = 4;

/** Makes inputs for ever, the same ones for the same random source: good ones bent a little, and plain noise. */
export function createMutator(seeds: readonly Uint8Array[], random: Random): () => Uint8Array {
  const below = (limit: number): number => (random.unit() * limit) | 0;
  const anyByte = (): number => below(256);
  const pick = <T>(list: ArrayLike<T>): T => list[below(list.length)]!;

  const mutations: readonly ((bytes: number[]) => void)[] = [
    (bytes) => void (bytes[below(bytes.length)] = anyByte()),
    (bytes) => void (bytes[below(bytes.length)] = pick(telling)),
    (bytes) => void (bytes[below(bytes.length)]! ^= 1 << below(8)),
    (bytes) => void bytes.splice(below(bytes.length), 1 + below(4)),
    (bytes) => void bytes.splice(below(bytes.length + 1), 0, anyByte(), pick(telling)),
    (bytes) => void bytes.splice(below(bytes.length)),
    (bytes) => void bytes.push(...pick(seeds)),
    (bytes) => void bytes.unshift(...bytes.slice(below(bytes.length))),
  ];

  const noise = (): Uint8Array => {
    const bytes = new Uint8Array(1 + below(48));
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = anyByte();
    return bytes;
  };

  return () => {
    if (below(8) === 0) return noise();
    const bytes = [...pick(seeds)];
    const count = below(mutationsMax + 1);
    for (let done = 0; done < count && bytes.length > 0; done += 1) pick(mutations)(bytes);
    return Uint8Array.from(bytes.slice(0, inputBytesMax));
  };
}
