import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#cloud/platform/db.ts';
import {
  createRelationGraph,
  relationHopsMax,
  type PartyEdge,
  type PartyNode,
  type Relation,
  type RelationGraph,
} from '#cloud/relations/relation-graph.ts';
import type { MemberId, OperatorId } from '#shared/ids/ids.ts';
import { assert } from '#shared/result/assert.ts';

/** Edges that one look at the graph reads; whoever stands in a larger cluster counts as related. */
export const relationEdgesMax = 20_000;
/** Edges that one call of {@link noteRelations} writes. */
export const notedEdgesMax = 1_000;
/** Bonds between friends that one change of the graph judges anew. */
const bondsMax = 10_000;

export const memberNode = (memberId: MemberId): PartyNode => `member:${memberId}`;
export const merchantNode = (merchantId: string): PartyNode => `merchant:${merchantId}`;
export const agentNode = (agentId: string): PartyNode => `agent:${agentId}`;

export type RelationSource = 'operator' | 'charge' | 'claim' | 'payee';

/** The part of the graph that lies around these nodes, level by level; no more than the bound on either side. */
export async function readRelations(
  db: Db | Tx,
  query: { readonly operatorId: OperatorId; readonly around: readonly PartyNode[] },
): Promise<RelationGraph> {
  const edges = new Map<string, PartyEdge>();
  const visited = new Set<PartyNode>(query.around);
  let frontier: readonly PartyNode[] = [...visited];
  let isPartial = false;
  for (let hop = 0; hop < relationHopsMax && frontier.length > 0 && !isPartial; hop += 1) {
    const { rows } = await db.execute<{ from: PartyNode; to: PartyNode; relation: Relation }>(sql`
      select from_node as "from", to_node as "to", relation from party_edge
       where operator_id = ${query.operatorId} and ended_at_ms is null
         and from_node = any(${sql.param(frontier)}::text[])
       order by from_node, to_node, relation limit ${relationEdgesMax - edges.size + 1}`);
    const next: PartyNode[] = [];
    for (const edge of rows) {
      edges.set(`${edge.from} ${edge.to} ${edge.relation}`, edge);
      if (visited.has(edge.to)) continue;
      visited.add(edge.to);
      next.push(edge.to);
    }
    isPartial = edges.size > relationEdgesMax;
    frontier = next;
  }
  return createRelationGraph([...edges.values()], { isPartial });
}

/**
 * Writes down who belongs together, each edge once while it holds, and judges the bonds between friends around it anew.
 * Answers how many were new.
 */
export async function noteRelations(
  tx: Tx,
  noted: {
    readonly operatorId: OperatorId;
    readonly edges: readonly PartyEdge[];
    readonly source: RelationSource;
    /** Who said so and why, where it was a person. */
    readonly by?: string;
    readonly note?: string;
    readonly nowMs: number;
  },
): Promise<{ readonly added: number }> {
  const { operatorId, edges } = noted;
  assert(edges.length <= notedEdgesMax, () => `${edges.length} edges at once`);
  const both = edges.flatMap(({ from, to, relation }) => [
    { from_node: from, to_node: to, relation },
    { from_node: to, to_node: from, relation },
  ]);
  // In one order, so that two who note the same pair wait for each other and never in a circle.
  const { rows } = await tx.execute<{ from_node: PartyNode }>(sql`
    insert into party_edge (operator_id, from_node, to_node, relation, source, noted_by, note, noted_at_ms)
    select ${operatorId}, from_node, to_node, relation, ${noted.source}, ${noted.by ?? null},
           ${noted.note ?? null}, ${noted.nowMs}::bigint
      from jsonb_to_recordset(${JSON.stringify(both)}::jsonb)
        as e(from_node text, to_node text, relation text)
     order by from_node, to_node, relation
    on conflict do nothing returning from_node`);
  if (rows.length > 0)
    await judgeBonds(tx, { operatorId, around: rows.map((row) => row.from_node) });
  return { added: rows.length / 2 };
}

/** Ends an edge, with name and reason; what it stood for stays readable. False when it does not hold. */
export async function endRelation(
  tx: Tx,
  ended: {
    readonly operatorId: OperatorId;
    readonly edge: PartyEdge;
    readonly by: string;
    readonly note: string;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { operatorId, edge } = ended;
  const around = [edge.from, edge.to];
  const { rows } = await tx.execute(sql`
    update party_edge set ended_at_ms = ${ended.nowMs}, ended_by = ${ended.by},
           ended_note = ${ended.note}
     where operator_id = ${operatorId} and relation = ${edge.relation} and ended_at_ms is null
       and from_node = any(${sql.param(around)}::text[]) and to_node = any(${sql.param(around)}::text[])
    returning 1`);
  if (rows.length === 0) return false;
  await judgeBonds(tx, { operatorId, around });
  return true;
}

/** Bonds that have an end near these nodes: related while the graph says so, and not one moment longer. */
async function judgeBonds(
  tx: Tx,
  change: { readonly operatorId: OperatorId; readonly around: readonly PartyNode[] },
): Promise<void> {
  const { operatorId, around } = change;
  const near = await readRelations(tx, { operatorId, around });
  const nodes = new Set([
    ...around,
    ...around.flatMap((node) => near.around(node).map((one) => one.node)),
  ]);
  const members = [...nodes]
    .filter((node) => node.startsWith('member:'))
    .map((node) => node.slice(7));
  if (members.length === 0) return;
  const { rows: bonds } = await tx.execute<{ member_id: MemberId; referrer_id: MemberId }>(sql`
    select member_id, referrer_id from points_referral_bond
     where operator_id = ${operatorId} and related_path is distinct from '{given}'
       and member_id = any(${sql.param(members)}::text[])
       and (related or referrer_id = any(${sql.param(members)}::text[]))
     order by member_id limit ${bondsMax}`);
  if (bonds.length === 0) return;
  const graph = await readRelations(tx, {
    operatorId,
    around: bonds.map((bond) => memberNode(bond.member_id)),
  });
  const judged = bonds.map((bond) => ({
    member_id: bond.member_id,
    path: pathBetween(graph, memberNode(bond.member_id), memberNode(bond.referrer_id)) ?? null,
  }));
  await tx.execute(sql`
    update points_referral_bond b set related = j.path is not null, related_path = j.path
      from jsonb_to_recordset(${JSON.stringify(judged)}::jsonb) as j(member_id text, path text[])
     where b.operator_id = ${operatorId} and b.member_id = j.member_id
       and b.related_path is distinct from j.path`);
}

/** The way between two as it is stored: the relations, or the one word too-wide; undefined when they are apart. */
export function pathBetween(
  graph: RelationGraph,
  a: PartyNode,
  b: PartyNode,
): readonly string[] | undefined {
  const kinship = graph.between(a, b);
  if (kinship.type === 'apart') return undefined;
  return kinship.type === 'related' ? kinship.path : ['too-wide'];
}

/** How two members belong together; undefined when they are apart. */
export async function pathOfMembers(
  db: Db | Tx,
  pair: { readonly operatorId: OperatorId; readonly a: MemberId; readonly b: MemberId },
): Promise<readonly string[] | undefined> {
  const a = memberNode(pair.a);
  const graph = await readRelations(db, { operatorId: pair.operatorId, around: [a] });
  return pathBetween(graph, a, memberNode(pair.b));
}
