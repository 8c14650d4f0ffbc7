import type { JobEvent, JobPlan, JobState, JobStep } from '#drivers/printer/job/job-states.ts';
import { done, stay } from '#drivers/printer/job/job-steps.ts';
import { proved, stepLive } from '#drivers/printer/job/live-path.ts';
import { stepLost } from '#drivers/printer/job/lost-path.ts';

/**
 * What one receipt goes through, as a pure machine; job-runner.ts carries out its effects. The law: a receipt is sent
 * at most once, and the outcome never says more than was proved. live-path.ts is the way while the connection holds,
 * lost-path.ts the way after it broke; nothing leads back from the second to the first.
 */
export function stepJob(state: JobState, event: JobEvent, plan: JobPlan): JobStep {
  // The printer's own word that the receipt is printed counts whenever it comes.
  if (event.type === 'process-id') return onProcessId(state, event.processId, plan);
  switch (state.type) {
    case 'checking':
    case 'preparing':
    case 'recording':
    case 'writing':
    case 'awaiting':
    case 'counting-after':
    case 'counting-in-doubt':
      return stepLive(state, event, plan);
    case 'away':
    case 'listening':
    case 'clearing':
    case 'flushing':
    case 'counting-abandoned':
      return stepLost(state, event, plan);
    case 'done':
      return stay(state);
  }
}

export const jobStart: JobState = { type: 'checking' };

/** Whether the printer's condition matters now, so that the shell keeps asking for it. */
export const wantsCondition = (state: JobState): boolean =>
  state.type === 'awaiting' || state.type === 'listening';

function onProcessId(state: JobState, processId: number, plan: JobPlan): JobStep {
  if (processId !== plan.processId || !('cutBefore' in state)) return stay(state);
  // Before the first byte nothing of this job can have been printed: the id is a former one's.
  if (state.type === 'recording' || state.type === 'counting-after') return stay(state);
  const linked = state.type !== 'away';
  return linked ? proved(state.cutBefore, 3) : done({ type: 'confirmed', level: 3 });
}
