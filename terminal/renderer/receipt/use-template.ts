import { useEffect, useState } from 'react';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { templateFault } from '#terminal/ipc/receipt-template-rules.ts';
import type {
  ReceiptPreview,
  ReceiptSample,
  ReceiptTemplate,
} from '#terminal/ipc/receipt-template.ts';
import { useApp, useTill } from '../app/context.ts';
import { createDraftKeeper } from './kept-draft.ts';

const keeper = createDraftKeeper();

export interface TemplateDraft {
  /** null until the agent has answered. */
  readonly draft: ReceiptTemplate | null;
  readonly change: (change: Partial<ReceiptTemplate>) => void;
  readonly isChanged: boolean;
  readonly printerPaperMm: 58 | 80 | null;
  /** What became of the last save. */
  readonly saved: 'no' | 'saving' | 'yes' | ErrorCode;
  readonly save: () => void;
  /** Back to what is kept. */
  readonly revert: () => void;
}

/** The template under the owner's hands, and the one that the till keeps. */
export function useTemplate(): TemplateDraft {
  const { store } = useApp();
  const { linkUp } = useTill();
  const [kept, setKept] = useState<ReceiptTemplate | null>(null);
  const [draft, setDraft] = useState(() => keeper.get());
  const [printerPaperMm, setPrinterPaperMm] = useState<58 | 80 | null>(null);
  const [saved, setSaved] = useState<TemplateDraft['saved']>('no');
  useEffect(() => {
    if (!linkUp) return undefined;
    let wanted = true;
    const ask = async (): Promise<void> => {
      const answer = await store.link.call('receipt.template.get', {});
      if (!wanted || !answer.ok) return;
      const { template, isDefault, printerPaperMm: paperMm } = answer.value;
      setPrinterPaperMm(paperMm);
      // Nobody has chosen a paper yet: the one in the printer is the one that is meant.
      const meant = isDefault && paperMm !== null ? { ...template, paperMm } : template;
      setKept(meant);
      setDraft((last) => last ?? meant);
    };
    void ask();
    return () => {
      wanted = false;
    };
  }, [store, linkUp]);

  const set = (next: ReceiptTemplate): void => {
    setDraft(next);
    keeper.keep(next);
    setSaved('no');
  };
  const save = async (template: ReceiptTemplate): Promise<void> => {
    setSaved('saving');
    const answer = await store.link.call('receipt.template.set', { template });
    if (!answer.ok) return setSaved(answer.error.code);
    setKept(template);
    keeper.keep(null);
    setSaved('yes');
  };
  return {
    draft,
    printerPaperMm,
    saved,
    isChanged: draft !== null && kept !== null && JSON.stringify(draft) !== JSON.stringify(kept),
    change: (change) => {
      if (draft) set({ ...draft, ...change });
    },
    save: () => {
      if (draft) void save(draft);
    },
    revert: () => {
      if (kept) set(kept);
      keeper.keep(null);
    },
  };
}

/** Typing is faster than a preview has to be. */
const previewDelayMs = 120;

/** What is drawn: a made-up sale, or the last one of this till. */
export type PreviewOf = { readonly sample: ReceiptSample } | { readonly orderId: string };

/** The paper of the draft; the last one stays while the next is drawn, or cannot be. */
export function usePreview(draft: ReceiptTemplate | null, of: PreviewOf): ReceiptPreview | null {
  const { store } = useApp();
  const { linkUp } = useTill();
  const [preview, setPreview] = useState<ReceiptPreview | null>(null);
  const question = draft && templateFault(draft) === null ? { template: draft, ...of } : null;
  const text = question && JSON.stringify(question);
  useEffect(() => {
    if (text === null || !linkUp) return undefined;
    let wanted = true;
    const ask = async (): Promise<void> => {
      const input = JSON.parse(text) as NonNullable<typeof question>;
      const answer = await store.link.call('receipt.preview', input);
      if (wanted && answer.ok) setPreview(answer.value);
    };
    const timer = setTimeout(() => void ask(), previewDelayMs);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [store, text, linkUp]);
  return preview;
}
