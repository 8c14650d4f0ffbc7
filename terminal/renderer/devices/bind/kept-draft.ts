import type { BindDraft } from './bind-draft.ts';

/** The device that is being added: a sale in between must not cost the owner what he typed. Gone with the window. */
export interface BindKeeper {
  get(): BindDraft | null;
  keep(draft: BindDraft | null): void;
}

function createBindKeeper(): BindKeeper {
  let kept: BindDraft | null = null;
  return {
    get: () => kept,
    keep: (draft) => {
      kept = draft;
    },
  };
}

export const bindKeeper = createBindKeeper();
