import { useRef, useState, type ReactNode } from 'react';
import { templateFault } from '#terminal/ipc/receipt-template-rules.ts';
import { useAnswer, useApp } from '../app/context.ts';
import { call } from '../desk/desk.ts';
import { errorWords, isErrorCode } from '../i18n/language.ts';
import { PaperView } from './paper-view.tsx';
import { TemplateForm } from './template-form.tsx';
import { usePreview, useTemplate, type PreviewOf, type TemplateDraft } from './use-template.ts';

const samples = ['wallet', 'cash', 'offline', 'copy', 'last'] as const;
type Shown = (typeof samples)[number];

/** Further down than any paper reaches. */
const paperEndDots = 1_000_000;

/** How receipts look: the shop's texts and choices on the left, the paper itself on the right. */
export function ReceiptScreen(): ReactNode {
  const { words, store } = useApp();
  const template = useTemplate();
  const [shown, setShown] = useState<Shown>('wallet');
  const roll = useRef<HTMLDivElement>(null);
  const last = useAnswer('orders.list', { limit: 1 });
  const lastOrderId = last?.ok ? last.value.rows[0]?.orderId : undefined;
  const preview = usePreview(template.draft, previewOf(shown, lastOrderId));
  return (
    <div className="receipt">
      <section className="card receipt-form">
        <header className="receipt-head">
          <button
            type="button"
            className="button"
            onClick={() => store.act({ type: 'go', page: 'devices' })}
          >
            {words.receiptSetup.back}
          </button>
          <h2>{words.receiptSetup.title}</h2>
        </header>
        {template.draft && (
          <TemplateForm
            draft={template.draft}
            change={template.change}
            printerPaperMm={template.printerPaperMm}
            onLook={(part) => roll.current?.scrollTo({ top: part === 'header' ? 0 : paperEndDots })}
          />
        )}
        <SaveBar template={template} />
      </section>
      <section className="card receipt-side" aria-label={words.receiptSetup.preview}>
        <div className="choices" role="group" aria-label={words.receiptSetup.preview}>
          {samples.map((name) => (
            <button
              key={name}
              type="button"
              className="choice"
              aria-pressed={shown === name}
              disabled={name === 'last' && lastOrderId === undefined}
              onClick={() => setShown(name)}
            >
              {words.receiptSetup.samples[name]}
            </button>
          ))}
        </div>
        <div className="receipt-roll" ref={roll}>
          {preview && <PaperView preview={preview} label={words.receiptSetup.preview} />}
        </div>
      </section>
    </div>
  );
}

const previewOf = (shown: Shown, lastOrderId: string | undefined): PreviewOf => {
  if (shown !== 'last') return { sample: shown };
  return lastOrderId === undefined ? { sample: 'wallet' } : { orderId: lastOrderId };
};

function SaveBar({ template }: { readonly template: TemplateDraft }): ReactNode {
  const { words, store } = useApp();
  const { draft, isChanged, saved } = template;
  const fault = draft && templateFault(draft);
  return (
    <footer className="receipt-save">
      <p role="status" className={saved === 'yes' && !isChanged ? 'tone-good' : 'tone-amber'}>
        <SavedWords template={template} />
      </p>
      <button
        type="button"
        className="button"
        disabled={isChanged}
        onClick={() => store.request(call('receipt.printSample', {}), 'test')}
      >
        {words.receiptSetup.print}
      </button>
      <button type="button" className="button" disabled={!isChanged} onClick={template.revert}>
        {words.receiptSetup.revert}
      </button>
      <button
        type="button"
        className="button button-solid"
        disabled={!isChanged || fault !== null || saved === 'saving'}
        onClick={template.save}
      >
        {words.receiptSetup.save}
      </button>
    </footer>
  );
}

function SavedWords({ template }: { readonly template: TemplateDraft }): ReactNode {
  const { words, language } = useApp();
  const { draft, isChanged, saved } = template;
  const fault = draft && templateFault(draft);
  if (fault?.code === 'receipt-words-refused') return words.receiptSetup.refusedWord(fault.word);
  if (fault) return errorWords(fault.code, language);
  if (isErrorCode(saved)) return errorWords(saved, language);
  if (isChanged) return words.receiptSetup.unsaved;
  return saved === 'yes' ? words.receiptSetup.saved : '';
}
