import type { ReceiptTemplate } from '#terminal/ipc/receipt-template.ts';

/** What was changed and not saved yet: a sale in between must not cost the owner his work. Gone with the window. */
export interface DraftKeeper {
  get(): ReceiptTemplate | null;
  keep(draft: ReceiptTemplate | null): void;
}

export function createDraftKeeper(): DraftKeeper {
  let kept: ReceiptTemplate | null = null;
  return {
    get: () => kept,
    keep: (draft) => {
      kept = draft;
    },
  };
}
