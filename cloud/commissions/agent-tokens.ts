import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { CloudDeps } from '#cloud/platform/deps.ts';
import type { Db, Tx } from '#cloud/platform/db.ts';
import type { AgentId, OperatorId } from '#shared/ids/ids.ts';
import { err, ok, type Result } from '#shared/result/result.ts';

/** 256 random bits: its SHA-256 can be stored without salt, nobody can try them out. */
const tokenBytes = 32;
const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * Makes a token by which an agent sees his own figures and nothing else; it is told once. An older one of his ends.
 * Errors: agent-unknown.
 */
export async function makeAgentToken(
  tx: Tx,
  agent: { readonly operatorId: OperatorId; readonly agentId: AgentId },
  deps: Pick<CloudDeps, 'clock' | 'random'>,
): Promise<Result<string, { readonly type: 'agent-unknown' }>> {
  const { operatorId, agentId } = agent;
  const known = await tx.execute(sql`
    select 1 from agent where operator_id = ${operatorId} and agent_id = ${agentId} for update`);
  if (known.rows.length === 0) return err({ type: 'agent-unknown' });
  await revokeAgentTokens(tx, { ...agent, nowMs: deps.clock.nowMs() });
  const token = `agt_${Buffer.from(deps.random.bytes(tokenBytes)).toString('base64url')}`;
  await tx.execute(sql`
    insert into agent_token (operator_id, token_hash, agent_id, made_at_ms)
    values (${operatorId}, ${hashOf(token)}, ${agentId}, ${deps.clock.nowMs()})`);
  return ok(token);
}

export async function revokeAgentTokens(
  db: Db | Tx,
  agent: { readonly operatorId: OperatorId; readonly agentId: AgentId; readonly nowMs: number },
): Promise<void> {
  await db.execute(sql`
    update agent_token set revoked_at_ms = ${agent.nowMs}
     where operator_id = ${agent.operatorId} and agent_id = ${agent.agentId}
       and revoked_at_ms is null`);
}

/** Whose token stands in this Authorization header; undefined when nobody's. */
export async function agentOfToken(
  db: Db,
  asked: { readonly operatorId: OperatorId; readonly header: string | undefined },
): Promise<AgentId | undefined> {
  const token = /^Bearer (agt_[\w-]{43})$/.exec(asked.header ?? '')?.[1];
  if (token === undefined) return undefined;
  const { rows } = await db.execute<{ agent_id: AgentId }>(sql`
    select agent_id from agent_token
     where operator_id = ${asked.operatorId} and token_hash = ${hashOf(token)}
       and revoked_at_ms is null`);
  return rows[0]?.agent_id;
}
