import { exhaustive } from '#shared/result/exhaustive.ts';
import type { Result } from '#shared/result/result.ts';
import type { OwnerAction, OwnerWish } from '#terminal/ipc/owner.ts';
import type {
  MethodInput,
  MethodName,
  MethodOutput,
  TerminalError,
} from '#terminal/ipc/terminal-api.ts';
import type { TerminalLink } from '../link/terminal-link.ts';
import type { OwnerGate } from './owner-gate.ts';

/** Methods that take an approval are named like the action that it is for. */
const approvable: ReadonlySet<string> = new Set<OwnerAction & MethodName>([
  'drawer.open',
  'orders.breakPromise',
  'orders.decideBox',
  'orders.refund',
  'owner.setRules',
  'till.payPromise',
]);

const isApprovable = (method: MethodName): method is OwnerAction & MethodName =>
  approvable.has(method);

/** What the approval is for: the order and the sum that the call is about, as the agent will look at them. */
function wishOf(action: OwnerAction, input: unknown): OwnerWish {
  switch (action) {
    case 'orders.refund': {
      const { orderId, amountFen } = input as MethodInput<'orders.refund'>;
      return { action, orderId, amountFen };
    }
    case 'orders.decideBox': {
      const { orderId, boxRef } = input as MethodInput<'orders.decideBox'>;
      return { action, orderId, boxRef };
    }
    case 'orders.breakPromise':
      return { action, orderId: (input as MethodInput<'orders.breakPromise'>).orderId };
    case 'drawer.open':
    case 'owner.setRules':
    case 'till.payPromise':
      return { action };
    default:
      return exhaustive(action);
  }
}

/** What the owner can lift: the sheet asks for the PIN and the same call is made again. */
const lifted = new Set(['owner-approval-missing', 'owner-approval-stale']);

/** A link whose calls ask the owner where the agent wants him. Without his PIN the agent's refusal stands. */
export function createOwnerLink(link: TerminalLink, gate: OwnerGate): TerminalLink {
  const call = async <M extends MethodName>(
    method: M,
    input: MethodInput<M>,
  ): Promise<Result<MethodOutput<M>, TerminalError>> => {
    const answer = await link.call(method, input);
    if (answer.ok) return answer;
    const { code } = answer.error;
    if (code === 'owner-locked') return (await gate.unlock()) ? link.call(method, input) : answer;
    if (!lifted.has(code) || !isApprovable(method)) return answer;
    const approvalId = await gate.approve(wishOf(method, input));
    if (approvalId === null) return answer;
    // The method is known to take one; its own type is not known here.
    const approved: MethodInput<M> = Object.assign({}, input, { approvalId });
    return link.call(method, approved);
  };
  return {
    call,
    subscribe: (listener) => link.subscribe(listener),
    watch: (listener) => link.watch(listener),
  };
}
