import type { ReactNode } from 'react';
import { dotsOfPaper, templateFault } from '#terminal/ipc/receipt-template-rules.ts';
import type {
  ReceiptTemplate,
  TemplateBlocks,
  TemplateLine,
} from '#terminal/ipc/receipt-template.ts';
import { useApp } from '../app/context.ts';
import { LineEditor } from './line-editor.tsx';
import { LogoField } from './logo-field.tsx';

const papers = [58, 80] as const;
const linesMax = { header: 6, footer: 8 } as const;
const blockNames: readonly (keyof TemplateBlocks)[] = [
  'shop',
  'phone',
  'tender',
  'voucher',
  'points',
  'claimQr',
  'orderNumber',
  'barcode',
  'channelNumber',
  'boxNumber',
  'cashier',
];

interface FormProps {
  readonly draft: ReceiptTemplate;
  readonly change: (change: Partial<ReceiptTemplate>) => void;
}

interface LookProps {
  /** The owner works at this end of the paper: show it. */
  readonly onLook: (part: 'header' | 'footer') => void;
}

/** Everything that may be changed, in the order of the paper from top to bottom. */
export function TemplateForm(
  props: FormProps & LookProps & { readonly printerPaperMm: 58 | 80 | null },
): ReactNode {
  const { words } = useApp();
  const { draft, change, printerPaperMm, onLook } = props;
  const otherPaper = printerPaperMm !== null && printerPaperMm !== draft.paperMm;
  return (
    <div className="receipt-fields">
      <div className="receipt-pair">
        <div className="receipt-row">
          <h3>{words.receiptSetup.paper}</h3>
          <div className="choices" role="group" aria-label={words.receiptSetup.paper}>
            {papers.map((paperMm) => (
              <button
                key={paperMm}
                type="button"
                className="choice"
                aria-pressed={draft.paperMm === paperMm}
                onClick={() => change(paperChange(draft, paperMm))}
              >
                {words.receiptSetup.millimetres(paperMm)}
              </button>
            ))}
          </div>
          {otherPaper && <p className="label">{words.receiptSetup.otherPaper(printerPaperMm)}</p>}
        </div>
        <div className="receipt-row">
          <h3>{words.receiptSetup.logo}</h3>
          <LogoField
            logo={draft.logo}
            paperDots={dotsOfPaper[draft.paperMm]}
            onChange={(logo) => change({ logo })}
          />
        </div>
      </div>
      <Lines part="header" draft={draft} change={change} onLook={onLook} />
      <div className="receipt-row">
        <h3>{words.receiptSetup.blocks}</h3>
        <p className="label">{words.receiptSetup.always}</p>
        <div className="switches">
          {blockNames.map((name) => (
            <button
              key={name}
              type="button"
              role="switch"
              className="switch"
              aria-checked={draft.blocks[name]}
              onClick={() => change({ blocks: { ...draft.blocks, [name]: !draft.blocks[name] } })}
            >
              <span>{words.receiptSetup.block[name]}</span>
              <i className="switch-knob" />
            </button>
          ))}
        </div>
      </div>
      <Lines part="footer" draft={draft} change={change} onLook={onLook} />
    </div>
  );
}

/** A logo that is too wide for the other paper goes: it is made anew from its picture. */
const paperChange = (draft: ReceiptTemplate, paperMm: 58 | 80): Partial<ReceiptTemplate> => ({
  paperMm,
  logo: draft.logo && draft.logo.widthDots > dotsOfPaper[paperMm] ? null : draft.logo,
});

function Lines({
  part,
  draft,
  change,
  onLook,
}: FormProps & LookProps & { readonly part: 'header' | 'footer' }): ReactNode {
  const { words } = useApp();
  const lines = draft[part];
  const fault = templateFault(draft);
  const refusedAt =
    fault?.code === 'receipt-words-refused' && fault.part === part ? fault.index : -1;
  const set = (next: readonly TemplateLine[]): void => change({ [part]: [...next] });
  return (
    <div className="receipt-row" onFocus={() => onLook(part)}>
      <h3>{words.receiptSetup[part]}</h3>
      {lines.map((line, index) => (
        <LineEditor
          // oxlint-disable-next-line react/no-array-index-key -- a line has no name but its place, and keeps no state
          key={index}
          line={line}
          label={words.receiptSetup.lineOf(words.receiptSetup[part], index + 1)}
          isRefused={index === refusedAt}
          onChange={(next) => set(lines.with(index, next))}
          onRemove={() => set(lines.toSpliced(index, 1))}
        />
      ))}
      <button
        type="button"
        className="button receipt-add"
        disabled={lines.length >= linesMax[part]}
        onClick={() => set([...lines, freshLine])}
      >
        {words.receiptSetup.addLine}
      </button>
    </div>
  );
}

const freshLine: TemplateLine = { text: '', align: 'center', size: 'normal', bold: false };
