import { Compile } from 'typebox/compile';
import type { ErrorCode } from '#shared/errors/catalogue.ts';
import { err, ok, type Result } from '#shared/result/result.ts';
import { appendErrorCode, type Journal } from '#terminal/agent/journal/journal.ts';
import { getMeta, setMeta } from '#terminal/agent/journal/meta.ts';
import type { Troubles } from '#terminal/agent/troubles.ts';
import { defaultReceiptTemplate, templateFault } from '#terminal/ipc/receipt-template-rules.ts';
import { ReceiptTemplateSchema, type ReceiptTemplate } from '#terminal/ipc/receipt-template.ts';

/** The template of this till's receipts, kept beside the journal. There is always one that can be printed. */
export interface ReceiptTemplates {
  readonly current: () => ReceiptTemplate;
  /** Nobody has set one, or the one that was set cannot be read. */
  readonly isDefault: () => boolean;
  /** Durable when it answers. Errors: `receipt-template-invalid`, `receipt-words-refused`, those of the disk. */
  readonly set: (template: ReceiptTemplate) => Result<void, ErrorCode>;
}

const validator = Compile(ReceiptTemplateSchema);

/**
 * What is kept and cannot be read (a newer version's, or damaged) is left where it is, so that the program that wrote
 * it finds it again; it is told in the exceptions list until a template is set.
 */
export function createReceiptTemplates(deps: {
  readonly journal: Pick<Journal, 'read' | 'append'>;
  readonly troubles: Pick<Troubles, 'note'>;
}): ReceiptTemplates {
  const { journal, troubles } = deps;
  const kept = getMeta(journal.read, 'receipt-template');
  let own = kept === undefined ? undefined : parseTemplate(kept);
  if (kept !== undefined && !own) troubles.note('receipt-template', 'receipt-template-lost');
  return {
    current: () => own ?? defaultReceiptTemplate,
    isDefault: () => own === undefined,
    set: (template) => {
      const fault = templateFault(template);
      if (fault) return err(fault.code);
      const written = journal.append([], (tx) =>
        setMeta(tx, 'receipt-template', JSON.stringify(template)),
      );
      if (!written.ok) return err(appendErrorCode(written.error));
      own = template;
      troubles.note('receipt-template', undefined);
      return ok(undefined);
    },
  };
}

/** Data from our own disk is an edge, too: it is believed as little as a window's. */
function parseTemplate(text: string): ReceiptTemplate | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return validator.Check(value) && templateFault(value) === null ? value : undefined;
  } catch {
    return undefined;
  }
}
