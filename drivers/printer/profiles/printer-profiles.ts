import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { assert } from '#shared/result/assert.ts';
import { profileFiles } from '#drivers/printer/profiles/known-profiles.ts';
import { dotsOfColumns, type PrinterProfile } from '#drivers/printer/profiles/printer-profile.ts';

/** One file of this folder: a profile, the names it goes by, and where its facts come from. */
export const ProfileFileSchema = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', maxLength: 40 }),
    name: Type.String({ minLength: 1, maxLength: 40 }),
    /** What the printer may call itself (GS I 67) or a person calls it; the longest that fits wins. */
    matches: Type.Array(Type.String({ minLength: 3, maxLength: 40 }), { maxItems: 16 }),
    paperMm: Type.Enum([58, 80]),
    columns: Type.Enum([32, 42, 48]),
    dots: Type.Enum([384, 512, 576]),
    charset: Type.Enum(['gb18030', 'gbk']),
    hanziSize: Type.Enum(['gs', 'fs']),
    qr: Type.Enum(['native', 'raster']),
    barcode: Type.Enum(['native', 'raster']),
    logo: Type.Enum(['inline', 'stored']),
    cut: Type.Enum(['partial', 'full', 'none']),
    rareGlyph: Type.Optional(Type.Enum(['image', 'defined'])),
    realTimeSwitch: Type.Boolean(),
    flow: Type.Enum(['hardware', 'xon-xoff', 'none']),
    bauds: Type.Array(Type.Integer({ minimum: 300, maximum: 4_000_000 }), {
      minItems: 1,
      maxItems: 8,
      uniqueItems: true,
    }),
    /** Where the facts come from, and what is only assumed. */
    source: Type.String({ minLength: 20, maxLength: 600 }),
  },
  { additionalProperties: false },
);
export type ProfileFile = Static<typeof ProfileFileSchema>;

const validator = Compile(ProfileFileSchema);

/** Why a value is no profile file; null when it is one. */
export function profileFault(value: unknown): string | null {
  if (!validator.Check(value)) {
    const first = validator.Errors(value)[0];
    return `${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}`.trim();
  }
  return value.dots === dotsOfColumns[value.columns] ? null : 'dots do not fit the columns';
}

/** Every known model, in the order of the list. */
export const printerProfiles: readonly (PrinterProfile & ProfileFile)[] = profileFiles.map(
  (file) => {
    const fault = profileFault(file);
    assert(fault === null, () => `printer profile ${JSON.stringify(file)}: ${fault}`);
    return file as PrinterProfile & ProfileFile;
  },
);

/**
 * The profile with this id, or of the model that this text names ("EPSON TM-T82III", what GS I 67 answered, what is
 * printed on the bottom). null: not known; `genericProfile` is then right for its paper.
 */
export function findProfile(modelOrId: string): PrinterProfile | null {
  const wanted = plain(modelOrId);
  const byId = printerProfiles.find((profile) => profile.id === modelOrId.trim().toLowerCase());
  if (byId !== undefined) return byId;
  const found = printerProfiles
    .flatMap((profile) => profile.matches.map((name) => ({ profile, name: plain(name) })))
    .filter(({ name }) => wanted.includes(name))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  return found?.profile ?? null;
}

/** For a printer of which only the paper is known: draws what a clone may lack. */
export function genericProfile(paperMm: PrinterProfile['paperMm']): PrinterProfile {
  const profile = findProfile(`generic-${paperMm}`);
  assert(profile !== null, () => `no profile for paper of ${paperMm} mm`);
  return profile;
}

/** Letters and digits only: "TM-T82 III" and "tm_t82iii" are one. */
const plain = (name: string): string => name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
