type Field = HTMLInputElement | HTMLTextAreaElement;

/**
 * The field that keys go to, as it was before the present run of keys. A code that a scanner wrote into a search box
 * does not stay there; what a person typed does, because nothing is held back from a field.
 */
export interface TypedField {
  readonly note: (
    element: Field,
    key: { readonly isNewRun: boolean; readonly event: KeyboardEvent },
  ) => void;
  readonly forget: () => void;
  /** Puts the field back to what it held before the run. */
  readonly restore: () => void;
}

/** What browsers report instead of a key that an input method has taken. */
const takenKeyCode = 229;

export function createTypedField(): TypedField {
  let noted: { readonly element: Field; readonly value: string } | undefined;
  let composing = false;
  return {
    note: (element, { isNewRun, event }) => {
      if (isNewRun || noted?.element !== element) noted = { element, value: element.value };
      composing = event.isComposing || event.keyCode === takenKeyCode;
    },
    forget: () => {
      noted = undefined;
    },
    restore: () => {
      if (noted === undefined) return;
      const { element, value } = noted;
      noted = undefined;
      // An unfinished composition would write itself into the field after it was put back.
      if (composing) element.blur();
      setValue(element, value);
      if (composing) element.focus();
    },
  };
}

/** Sets a value so that React hears of it. */
function setValue(element: Field, value: string): void {
  const prototype =
    element instanceof HTMLTextAreaElement
      ? HTMLTextAreaElement.prototype
      : HTMLInputElement.prototype;
  Reflect.set(prototype, 'value', value, element);
  element.dispatchEvent(new Event('input', { bubbles: true }));
}
