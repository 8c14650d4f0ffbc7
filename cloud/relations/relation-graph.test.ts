import { array, assert, nat, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createRelationGraph,
  relationHopsMax,
  relationNodesMax,
  type PartyEdge,
  type PartyNode,
} from '#cloud/relations/relation-graph.ts';

const whole = { isPartial: false };
const node = (index: number): PartyNode => `member:${index}`;
const chain = (length: number): readonly PartyEdge[] =>
  Array.from({ length }, (_, index) => ({
    from: node(index),
    to: node(index + 1),
    relation: 'device' as const,
  }));

describe('who belongs together', () => {
  it('is found both ways, by the nearest way, with the relations on it', () => {
    const graph = createRelationGraph(
      [
        { from: 'member:a', to: 'payer:1', relation: 'payer' },
        { from: 'member:b', to: 'payer:1', relation: 'payer' },
        { from: 'member:b', to: 'merchant:s', relation: 'staff' },
        { from: 'member:a', to: 'device:1', relation: 'device' },
      ],
      whole,
    );
    const path = ['payer', 'payer', 'staff'];
    expect(graph.between('member:a', 'merchant:s')).toEqual({ type: 'related', path });
    const back = path.toReversed();
    expect(graph.between('merchant:s', 'member:a')).toEqual({ type: 'related', path: back });
    expect(graph.between('member:a', 'member:c')).toEqual({ type: 'apart' });
    expect(graph.between('member:a', 'member:a')).toEqual({ type: 'apart' });
  });

  it(`reaches ${relationHopsMax} steps and not one more`, () => {
    const graph = createRelationGraph(chain(relationHopsMax + 1), whole);
    expect(graph.between(node(0), node(relationHopsMax)).type).toBe('related');
    expect(graph.between(node(0), node(relationHopsMax + 1)).type).toBe('apart');
  });

  it('calls nobody apart who stands in a crowd too wide to look through, nor where edges are missing', () => {
    const star = Array.from({ length: relationNodesMax + 1 }, (_, index) => ({
      from: 'device:hub' as const,
      to: node(index),
      relation: 'device' as const,
    }));
    const wide = createRelationGraph(star, whole);
    expect(wide.between(node(0), 'merchant:far').type).toBe('too-wide');
    expect(wide.between('member:stranger', 'merchant:far').type).toBe('apart');
    const partial = createRelationGraph(star.slice(0, 3), { isPartial: true });
    expect(partial.between(node(0), 'merchant:far').type).toBe('too-wide');
  });

  it('equals distances by repeated relaxation on random graphs', () => {
    const edge = tuple(nat(11), nat(11)).filter(([a, b]) => a !== b);
    assert(
      property(array(edge, { maxLength: 18 }), (pairs) => {
        const edges = pairs.map(([a, b]) => ({
          from: node(a),
          to: node(b),
          relation: 'owner' as const,
        }));
        const graph = createRelationGraph(edges, whole);
        const far = distances(12, pairs);
        for (let a = 0; a < 12; a += 1)
          for (let b = 0; b < 12; b += 1) {
            if (a === b) continue;
            const kinship = graph.between(node(a), node(b));
            const hops = far[a]![b]!;
            expect(kinship.type).toBe(hops <= relationHopsMax ? 'related' : 'apart');
            if (kinship.type === 'related') expect(kinship.path).toHaveLength(hops);
          }
      }),
      { numRuns: 200 },
    );
  });
});

/** Floyd and Warshall: another way to the same numbers. */
function distances(size: number, pairs: readonly (readonly [number, number])[]): number[][] {
  const far = Array.from({ length: size }, (_, a) =>
    Array.from({ length: size }, (__, b) => (a === b ? 0 : Infinity)),
  );
  for (const [a, b] of pairs) {
    far[a]![b] = 1;
    far[b]![a] = 1;
  }
  for (let via = 0; via < size; via += 1)
    for (let a = 0; a < size; a += 1)
      for (let b = 0; b < size; b += 1)
        far[a]![b] = Math.min(far[a]![b]!, far[a]![via]! + far[via]![b]!);
  return far;
}
