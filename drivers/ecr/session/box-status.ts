import type { LinkState } from '#drivers/core/link-state.ts';
import type { BoxStatus } from '#drivers/ecr/box-pos.ts';
import type { SessionState } from '#drivers/ecr/session/session-state.ts';

/** What the operator is shown. Doubt is shown even while the box is away: it outlives the connection. */
export function statusOf(known: {
  readonly session: SessionState;
  readonly link: LinkState;
  /** The box shook hands on this connection. */
  readonly ready: boolean;
  readonly lastSeenMs: number | null;
}): BoxStatus {
  const { link, lastSeenMs } = known;
  const { phase, progress } = known.session;
  const base = { link, lastSeenMs };
  if (phase.type === 'free') {
    if (link.type === 'offline') return { ...base, state: 'offline', code: link.code };
    return known.ready
      ? { ...base, state: 'idle' }
      : { ...base, state: 'offline', code: 'box-silent' };
  }
  const { merchantOrderNo } = phase.intent.order;
  if (phase.type === 'sending' || phase.type === 'waiting') {
    return { ...base, state: 'busy', merchantOrderNo, progress };
  }
  return { ...base, state: 'blocked', code: phase.code, merchantOrderNo, progress };
}
