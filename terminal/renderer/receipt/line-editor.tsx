import type { ReactNode } from 'react';
import type { TemplateLine } from '#terminal/ipc/receipt-template.ts';
import { useApp } from '../app/context.ts';

const textCharsMax = 96;
const aligns = ['left', 'center', 'right'] as const;
const sizes = ['normal', 'tall', 'wide', 'double'] as const;

/** The one after `present`, from the start again after the last. */
const following = <T,>(all: readonly T[], present: T): T =>
  all[(all.indexOf(present) + 1) % all.length] ?? present;

/** One line of the shop's own: its text, and three buttons that each step to their next choice. */
export function LineEditor({
  line,
  label,
  isRefused,
  onChange,
  onRemove,
}: {
  readonly line: TemplateLine;
  readonly label: string;
  /** It holds a word that no receipt may carry. */
  readonly isRefused: boolean;
  readonly onChange: (line: TemplateLine) => void;
  readonly onRemove: () => void;
}): ReactNode {
  const { words } = useApp();
  const { align, size } = line;
  return (
    <div className="line-editor">
      <input
        className="field"
        value={line.text}
        maxLength={textCharsMax}
        aria-label={label}
        aria-invalid={isRefused}
        autoComplete="off"
        onChange={(event) => onChange({ ...line, text: event.target.value })}
      />
      <button
        type="button"
        className="choice"
        aria-label={`${label} ${words.receiptSetup.align[align]}`}
        onClick={() => onChange({ ...line, align: following(aligns, align) })}
      >
        {words.receiptSetup.align[align]}
      </button>
      <button
        type="button"
        className="choice"
        aria-label={`${label} ${words.receiptSetup.size[size]}`}
        onClick={() => onChange({ ...line, size: following(sizes, size) })}
      >
        {words.receiptSetup.size[size]}
      </button>
      <button
        type="button"
        className="choice"
        aria-label={`${label} ${words.receiptSetup.bold}`}
        aria-pressed={line.bold}
        onClick={() => onChange({ ...line, bold: !line.bold })}
      >
        {words.receiptSetup.bold}
      </button>
      <button
        type="button"
        className="choice"
        aria-label={`${label} ${words.receiptSetup.remove}`}
        onClick={onRemove}
      >
        {words.receiptSetup.remove}
      </button>
    </div>
  );
}
