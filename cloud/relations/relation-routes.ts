import { createHmac, hkdfSync } from 'node:crypto';
import { sql } from 'drizzle-orm';
import Type, { type Static } from 'typebox';
import { createMemberLinks, memberLinkKeyPattern } from '#cloud/members/member-links.ts';
import { operatorOfMember } from '#cloud/members/members.ts';
import { loadMemberDataKey } from '#cloud/members/phone-vault.ts';
import {
  nobody,
  NoteSchema,
  PersonHeadersSchema,
  personOf,
  strict,
} from '#cloud/persons/person-door.ts';
import type { CloudApp } from '#cloud/platform/cloud-app.ts';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import { sendProblem, type ProblemInput } from '#cloud/platform/problem.ts';
import { retriedTransaction } from '#cloud/platform/retried-transaction.ts';
import { runScoped } from '#cloud/platform/tenancy/scope.ts';
import {
  listPayerLinks,
  payerLinksMax,
  rememberPayers,
  unlinkPayers,
} from '#cloud/relations/payer-links.ts';
import {
  relationNodesMax,
  type PartyEdge,
  type PartyNode,
  type Relation,
} from '#cloud/relations/relation-graph.ts';
import { endRelation, noteRelations, readRelations } from '#cloud/relations/relation-store.ts';
import { idPattern, type MemberId, type OperatorId } from '#shared/ids/ids.ts';
import { MemberIdSchema } from '#shared/wire/v1/common.ts';

type Deps = Pick<CloudDeps, 'clock' | 'config' | 'db' | 'keys' | 'operatorId'>;

const memberUnknown: ProblemInput = { status: 404, code: 'member-unknown' };

/**
 * Members, shops and agents are named by their id. A device or an account is told in plain words
 * and kept as a hash.
 */
const PartySchema = Type.Union([
  Type.Object({ member: MemberIdSchema }, strict),
  Type.Object({ merchant: Type.String({ pattern: idPattern('mch') }) }, strict),
  Type.Object({ agent: Type.String({ pattern: idPattern('agt') }) }, strict),
  Type.Object({ device: Type.String({ minLength: 8, maxLength: 200 }) }, strict),
  Type.Object({ payout: Type.String({ minLength: 4, maxLength: 64 }) }, strict),
]);
type Party = Static<typeof PartySchema>;

const RelationSchema = Type.Union([
  Type.Literal('owner'),
  Type.Literal('staff'),
  Type.Literal('device'),
  Type.Literal('payout'),
]);
const EdgeBody = Type.Object(
  { from: PartySchema, to: PartySchema, relation: RelationSchema, note: NoteSchema },
  strict,
);

/** What is not an id is kept as this hash alone, so that a dump names no account and no device. */
export function relationHash(keys: Deps['keys'], kind: 'device' | 'payout', text: string): string {
  const key = hkdfSync(
    'sha256',
    keys.seal.privateKey.export({ format: 'der', type: 'pkcs8' }),
    '',
    'greentill/relations/1',
    32,
  );
  return createHmac('sha256', new Uint8Array(key)).update(`${kind} ${text}`).digest('hex');
}

function nodeOf(keys: Deps['keys'], party: Party): PartyNode {
  if ('member' in party) return `member:${party.member}`;
  if ('merchant' in party) return `merchant:${party.merchant}`;
  if ('agent' in party) return `agent:${party.agent}`;
  if ('device' in party) return `device:${relationHash(keys, 'device', party.device)}`;
  return `payout:${relationHash(keys, 'payout', party.payout)}`;
}

/**
 * POST /admin/v1/relations            says that two belong together, by a person with a reason
 * POST /admin/v1/relations/end        takes it back; both stay readable
 * POST /admin/v1/relations/look       what is known of one: its edges, past ones too, and everybody within the bound
 * POST /v1/member-pages/payers        the member: his wallets, and whether new ones are remembered
 * POST /v1/member-pages/payers/unlink the member: forgets one wallet, or all
 * GET, POST /admin/v1/members/{memberId}/payers[/unlink]   the same for whoever serves him
 */
export function registerRelationRoutes(app: CloudApp, deps: Deps): void {
  registerEdges(app, deps);
  registerLook(app, deps);
  registerOwnPayers(app, deps);
  registerServedPayers(app, deps);
}

function registerEdges(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  const edgeOf = (body: Static<typeof EdgeBody>): PartyEdge => ({
    from: nodeOf(deps.keys, body.from),
    to: nodeOf(deps.keys, body.to),
    relation: body.relation,
  });
  const add = {
    summary: 'Say that two belong together',
    headers: PersonHeadersSchema,
    body: EdgeBody,
    response: { 200: Type.Object({ added: Type.Integer() }) },
  };
  app.post('/admin/v1/relations', { schema: add }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const edge = edgeOf(request.body);
    if (edge.from === edge.to)
      return sendProblem(reply, { status: 400, code: 'request-invalid', detail: 'one, not two' });
    const noted = { operatorId, edges: [edge], source: 'operator' as const };
    const by = { by: person.personId, note: request.body.note, nowMs: clock.nowMs() };
    return reply.send(await retriedTransaction(db, (tx) => noteRelations(tx, { ...noted, ...by })));
  });
  const end = {
    summary: 'Take back that two belong together',
    headers: PersonHeadersSchema,
    body: EdgeBody,
    response: { 200: Type.Object({ ended: Type.Literal(true) }) },
  };
  app.post('/admin/v1/relations/end', { schema: end }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const by = { by: person.personId, note: request.body.note, nowMs: clock.nowMs() };
    const edge = edgeOf(request.body);
    const ended = await retriedTransaction(db, (tx) =>
      endRelation(tx, { operatorId, edge, ...by }),
    );
    return ended
      ? reply.send({ ended })
      : sendProblem(reply, { status: 404, code: 'not-found', detail: 'no such relation holds' });
  });
}

/** Edges of one node that are shown; a node with more is a crowd. */
const edgesShownMax = 200;

interface EdgeRow extends Record<string, unknown> {
  to: string;
  relation: Relation;
  source: string;
  by: string;
  note: string;
  notedAtMs: number;
  endedAtMs: number;
}

function registerLook(app: CloudApp, deps: Deps): void {
  const { db, operatorId } = deps;
  const Edge = Type.Object({
    to: Type.String(),
    relation: Type.String(),
    source: Type.String(),
    by: Type.String(),
    note: Type.String(),
    notedAtMs: Type.Integer(),
    /** 0: it holds. */
    endedAtMs: Type.Integer(),
  });
  const Near = Type.Object({
    node: Type.String(),
    path: Type.Array(Type.String(), { maxItems: 8 }),
  });
  const schema = {
    summary: 'Who belongs to somebody',
    body: Type.Object({ of: PartySchema }, strict),
    response: {
      200: Type.Object({
        edges: Type.Array(Edge, { maxItems: edgesShownMax }),
        around: Type.Array(Near, { maxItems: relationNodesMax + 1 }),
      }),
    },
  };
  app.post('/admin/v1/relations/look', { schema }, async (request) => {
    const node = nodeOf(deps.keys, request.body.of);
    const graph = await readRelations(db, { operatorId, around: [node] });
    const { rows } = await db.execute<EdgeRow>(sql`
      select to_node as "to", relation, source, coalesce(noted_by, '') as by,
             coalesce(note, '') as note, noted_at_ms as "notedAtMs",
             coalesce(ended_at_ms, 0) as "endedAtMs"
        from party_edge where operator_id = ${operatorId} and from_node = ${node}
       order by noted_at_ms desc, to_node limit ${edgesShownMax}`);
    const around = graph.around(node).map((near) => ({ node: near.node, path: [...near.path] }));
    return { edges: rows, around };
  });
}

const PayersSchema = Type.Object({
  payers: Type.Array(
    Type.Object({
      payer: Type.String(),
      channel: Type.String(),
      source: Type.String(),
      linkedAtMs: Type.Integer(),
    }),
    { maxItems: payerLinksMax },
  ),
});
const PayerSchema = Type.Optional(Type.String({ pattern: '^[0-9a-f]{8}$' }));
const UnlinkedSchema = Type.Object({ unlinked: Type.Integer() });

function registerOwnPayers(app: CloudApp, deps: Deps): void {
  const { db, clock } = deps;
  const links = createMemberLinks(loadMemberDataKey(deps.config));
  const perMinuteMax = 30;
  const config = {
    access: 'public' as const,
    rateLimit: { max: perMinuteMax, timeWindow: 60_000 },
  };
  const owner = {
    memberId: MemberIdSchema,
    key: Type.String({ pattern: memberLinkKeyPattern }),
  };
  /** Does `work` for the member whose page this is; undefined when the key is not his. */
  const asOwner = async <T>(
    who: { readonly memberId: string; readonly key: string },
    work: (member: { operatorId: OperatorId; memberId: MemberId }) => Promise<T>,
  ): Promise<T | undefined> => {
    const memberId = who.memberId as MemberId;
    if (!links.isKey(memberId, who.key)) return undefined;
    const operatorId = await operatorOfMember(db, memberId);
    if (operatorId === undefined) return undefined;
    return await runScoped({ type: 'operator', operatorId }, () => work({ operatorId, memberId }));
  };
  const list = {
    summary: "A member's wallets, and whether new ones are remembered",
    body: Type.Object({ ...owner, remembers: Type.Optional(Type.Boolean()) }, strict),
    response: { 200: PayersSchema },
  };
  app.post('/v1/member-pages/payers', { schema: list, config }, async (request, reply) => {
    const { remembers } = request.body;
    const payers = await asOwner(request.body, async (member) => {
      if (remembers !== undefined) await rememberPayers(db, { ...member, remembers });
      return [...(await listPayerLinks(db, member))];
    });
    return payers === undefined ? sendProblem(reply, memberUnknown) : reply.send({ payers });
  });
  const unlink = {
    summary: 'Forget a wallet of mine, or all',
    body: Type.Object({ ...owner, payer: PayerSchema }, strict),
    response: { 200: UnlinkedSchema },
  };
  app.post('/v1/member-pages/payers/unlink', { schema: unlink, config }, async (request, reply) => {
    const { payer } = request.body;
    const done = await asOwner(request.body, (member) =>
      db.transaction((tx) =>
        unlinkPayers(tx, { ...member, payer, by: 'member', nowMs: clock.nowMs() }),
      ),
    );
    return done === undefined ? sendProblem(reply, memberUnknown) : reply.send(done);
  });
}

function registerServedPayers(app: CloudApp, deps: Deps): void {
  const { db, clock, operatorId } = deps;
  const params = Type.Object({ memberId: MemberIdSchema }, strict);
  const path = '/admin/v1/members/:memberId/payers';
  const list = { summary: "A member's wallets", params, response: { 200: PayersSchema } };
  app.get(path, { schema: list }, async (request) => {
    const memberId = request.params.memberId as MemberId;
    return { payers: [...(await listPayerLinks(db, { operatorId, memberId }))] };
  });
  const unlink = {
    summary: "Forget a member's wallet, or all",
    params,
    headers: PersonHeadersSchema,
    body: Type.Object({ payer: PayerSchema }, strict),
    response: { 200: UnlinkedSchema },
  };
  app.post(`${path}/unlink`, { schema: unlink }, async (request, reply) => {
    const person = await personOf(deps, request.headers);
    if (person === undefined) return sendProblem(reply, nobody);
    const memberId = request.params.memberId as MemberId;
    const by = { payer: request.body.payer, by: person.personId, nowMs: clock.nowMs() };
    return reply.send(
      await db.transaction((tx) => unlinkPayers(tx, { operatorId, memberId, ...by })),
    );
  });
}
