type Field = HTMLInputElement | HTMLTextAreaElement;

/**
 * The field that keys go to, as it was before the present run of keys. A code that a scanner wrote into a search box
 * does not stay there; what a person typed does, because nothing is held back from a field.
 */
export interface TypedField {
  readonly note: (element: Field, isNewRun: boolean) => void;
  readonly forget: () => void;
  /** Puts the field back to what it held before the run. */
  readonly restore: () => void;
}

export function createTypedField(): TypedField {
  let noted: { readonly element: Field; readonly value: string } | undefined;
  return {
    note: (element, isNewRun) => {
      if (isNewRun || noted?.element !== element) noted = { element, value: element.value };
    },
    forget: () => {
      noted = undefined;
    },
    restore: () => {
      if (noted === undefined) return;
      const { element, value } = noted;
      noted = undefined;
      setValue(element, value);
    },
  };
}

/** Sets a value so that React hears of it. An unfinished composition of an input method ends with it. */
function setValue(element: Field, value: string): void {
  const prototype =
    element instanceof HTMLTextAreaElement
      ? HTMLTextAreaElement.prototype
      : HTMLInputElement.prototype;
  Reflect.set(prototype, 'value', value, element);
  element.dispatchEvent(new Event('input', { bubbles: true }));
}
