import { Compile } from 'typebox/compile';
import { err, ok, type Result } from '#shared/result/result.ts';
import {
  CataloguePageSchema,
  catalogueSignedText,
  type CataloguePage,
  type SignedCataloguePage,
} from '#shared/wire/v1/goods.ts';
import { signerOf, type PinnedKeys } from '#terminal/agent/identity/pinned-keys.ts';

const page = Compile(CataloguePageSchema);

/** What a page has to fit: who signs, whose goods they are, and what was asked. */
export interface PageWanted {
  readonly pinned: PinnedKeys;
  /** The cloud's time. */
  readonly nowMs: number;
  readonly merchantId: string;
  readonly after: number;
}

/**
 * Opens a page of the catalogue. Errors: not signed as a page by a key that a configuration would be believed by, of another shop or another place, not a
 * page, or one whose rows do not go on from where it was asked. Pure.
 */
export function openPage(
  { payload, ...signed }: SignedCataloguePage,
  wanted: PageWanted,
): Result<CataloguePage, 'catalogue-signature-invalid'> {
  const { pinned, nowMs, merchantId, after } = wanted;
  const text = { ...signed, payload: catalogueSignedText(payload) };
  if (signerOf(text, pinned, nowMs) === undefined) return err('catalogue-signature-invalid');
  // The signature is over the text: a field that a newer cloud says besides is dropped, not held against it.
  const value = page.Clean(parseJson(payload));
  const isMine = page.Check(value) && value.merchantId === merchantId && value.after === after;
  return isMine && goesOn(value) ? ok(value) : err('catalogue-signature-invalid');
}

/** Rows in the order of their versions, all after the page before and none after the end of this one. */
function goesOn({ after, through, goods }: CataloguePage): boolean {
  let last = after;
  for (const { version } of goods) {
    if (version <= last) return false;
    last = version;
  }
  return last <= through;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
