/**
 * Somebody or something that can belong to somebody: `kind:reference`. Devices, payout accounts and
 * payers are hashes.
 */
export type PartyNode = `${PartyKind}:${string}`;
export type PartyKind = 'member' | 'merchant' | 'agent' | 'device' | 'payout' | 'payer';
export type Relation = 'owner' | 'staff' | 'device' | 'payout' | 'payer';

export interface PartyEdge {
  readonly from: PartyNode;
  readonly to: PartyNode;
  readonly relation: Relation;
}

/**
 * So many steps lie at most between two that belong together: a member and a shop whose owner he
 * shares a phone with are three apart. Farther than that everybody is somebody's acquaintance.
 */
export const relationHopsMax = 4;
/** Whoever has more than so many around him within those steps is looked at no further and counts as related. */
export const relationNodesMax = 500;

/**
 * `path` names the relations on the way, nearest first. `too-wide`: not found among the first
 * nodes, so nobody knows.
 */
export type Kinship =
  | { readonly type: 'apart' }
  | { readonly type: 'related'; readonly path: readonly Relation[] }
  | { readonly type: 'too-wide' };

export interface RelationGraph {
  /** The shortest way between two, breadth first. A node is not related to itself. */
  between(a: PartyNode, b: PartyNode): Kinship;
  /** Everything within the bound, nearest first, without the node itself. */
  around(
    node: PartyNode,
  ): readonly { readonly node: PartyNode; readonly path: readonly Relation[] }[];
}

/**
 * The graph of these edges, each walked both ways. `isPartial`: more edges existed than were read,
 * so nobody in it can be called apart. Every answer is the same whatever order the edges came in,
 * except the path between equally near ones.
 */
export function createRelationGraph(
  edges: readonly PartyEdge[],
  options: { readonly isPartial: boolean },
): RelationGraph {
  const neighbours = neighboursOf(edges);
  const seen = new Map<PartyNode, Surroundings>();
  const surroundings = (root: PartyNode): Surroundings => {
    const known = seen.get(root);
    if (known !== undefined) return known;
    const found = explore(root, neighbours);
    seen.set(root, found);
    return found;
  };
  return {
    between(a, b) {
      if (a === b) return { type: 'apart' };
      const { paths, isWide } = surroundings(a);
      const path = paths.get(b);
      if (path !== undefined) return { type: 'related', path };
      // Who has nobody around him is apart from everybody, however much of the graph was read.
      return isWide || (options.isPartial && paths.size > 1)
        ? { type: 'too-wide' }
        : { type: 'apart' };
    },
    around: (node) =>
      [...surroundings(node).paths].slice(1).map(([other, path]) => ({ node: other, path })),
  };
}

type Neighbours = ReadonlyMap<PartyNode, readonly PartyEdge[]>;

function neighboursOf(edges: readonly PartyEdge[]): Neighbours {
  const found = new Map<PartyNode, PartyEdge[]>();
  const add = (edge: PartyEdge): void => {
    const own = found.get(edge.from);
    if (own === undefined) found.set(edge.from, [edge]);
    else own.push(edge);
  };
  for (const edge of edges) {
    add(edge);
    add({ from: edge.to, to: edge.from, relation: edge.relation });
  }
  return found;
}

interface Surroundings {
  readonly paths: ReadonlyMap<PartyNode, readonly Relation[]>;
  readonly isWide: boolean;
}

function explore(root: PartyNode, neighbours: Neighbours): Surroundings {
  const paths = new Map<PartyNode, readonly Relation[]>([[root, []]]);
  let frontier: readonly PartyNode[] = [root];
  for (let hop = 0; hop < relationHopsMax && frontier.length > 0; hop += 1) {
    const next: PartyNode[] = [];
    for (const node of frontier)
      for (const { to, relation } of neighbours.get(node) ?? []) {
        if (paths.has(to)) continue;
        if (paths.size > relationNodesMax) return { paths, isWide: true };
        paths.set(to, [...(paths.get(node) ?? []), relation]);
        next.push(to);
      }
    frontier = next;
  }
  return { paths, isWide: false };
}
