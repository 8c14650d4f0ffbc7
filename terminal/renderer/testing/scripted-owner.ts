import type { OwnerState, ownerMethods } from '#terminal/ipc/owner.ts';
import type { MethodInput, MethodOutput } from '#terminal/ipc/terminal-api.ts';

type Methods = keyof typeof ownerMethods;

/** The owner of a scripted till. Every PIN is right; a test refuses the next call to make one wrong. */
export interface ScriptedOwner {
  readonly handlers: { readonly [M in Methods]: (input: MethodInput<M>) => MethodOutput<M> };
  readonly set: (change: Partial<OwnerState>) => void;
}

export const approvalId = 'approval-0000000000000';

export function scriptedOwner(options: {
  readonly nowMs: () => number;
  readonly changed: (isPinSet: boolean) => void;
}): ScriptedOwner {
  let state: OwnerState = {
    isPinSet: false,
    triesLeft: 5,
    lockedUntilMs: null,
    unlockedUntilMs: null,
    guardsDrawer: true,
    pinSetAtMs: null,
  };
  const set = (change: Partial<OwnerState>): void => {
    state = { ...state, ...change };
    options.changed(state.isPinSet);
  };
  return {
    set,
    handlers: {
      'owner.state': () => state,
      'owner.setPin': () => (set({ isPinSet: true, pinSetAtMs: options.nowMs() }), {}),
      'owner.approve': () => ({ approvalId, untilMs: options.nowMs() + 60_000 }),
      'owner.unlock': () => {
        const untilMs = options.nowMs() + 300_000;
        set({ unlockedUntilMs: untilMs });
        return { untilMs };
      },
      'owner.lock': () => (set({ unlockedUntilMs: null }), {}),
      'owner.setRules': ({ guardsDrawer }) => (set({ guardsDrawer }), {}),
    },
  };
}
