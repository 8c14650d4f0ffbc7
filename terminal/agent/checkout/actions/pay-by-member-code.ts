import { fen } from '#shared/money/fen.ts';
import { err } from '#shared/result/result.ts';
import { isWaiting } from '#terminal/agent/checkout/checkout-machine.ts';
import type { Counter, Outcome } from '#terminal/agent/checkout/counter.ts';
import { judgeOffline } from '#terminal/agent/checkout/offline-room.ts';
import { setMember } from '#terminal/agent/checkout/actions/set-member.ts';

/**
 * A member code: names the member while the cloud can be asked, pays as 离线记账 while it cannot.
 * Errors: the cloud's refusal, those of the preparation, the judgement's, the disk's.
 */
export async function scanMemberCode(counter: Counter, code: string): Promise<Outcome> {
  const { screen } = counter;
  const till = screen.till();
  if (isWaiting(till)) return screen.step({ type: 'second-scan', atMs: counter.clock.nowMs() });
  if (counter.link.online() && till.screen.type !== 'held') {
    const member = await counter.desk.byCode(code);
    if (member.ok) return setMember(counter, member.value);
    if (member.error.sent === 'yes') return err(member.error.code);
  }
  return acceptOffline(counter, code);
}

async function acceptOffline(counter: Counter, code: string): Promise<Outcome> {
  const prepared = await counter.prepare(false);
  if (!prepared.ok) return prepared;
  const { orderId, dueFen, opening } = prepared.value;
  // Not said when only this computer's clock says it: the cloud allows that one more.
  const trustedAtMs = counter.cloud.trustedNowMs();
  const judged = judgeOffline(counter.room, { code, amountFen: fen(dueFen) });
  if (!judged.ok) return err(judged.error.type);
  const { memberId, certificateId } = judged.value;
  const capsVersion = counter.config()?.caps.version ?? 1;
  const kept = counter.append([
    ...opening,
    {
      type: 'offline.accepted',
      body: {
        orderId,
        memberId,
        certificateId,
        code,
        capsVersion,
        ...(trustedAtMs === undefined ? {} : { trustedAtMs }),
      },
    },
    ...counter.jobsFor(orderId, 'offline'),
  ]);
  if (!kept.ok) return kept;
  counter.held.forget();
  counter.vault.drop(orderId);
  counter.screen.show(orderId);
  return kept;
}
