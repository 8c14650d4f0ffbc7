import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  findProfile,
  genericProfile,
  printerProfiles,
  profileFault,
} from '#drivers/printer/profiles/printer-profiles.ts';

const folder = import.meta.dirname;
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));

describe('printer profiles', () => {
  it('there are at least twelve models, and every file is on the list under its own name', () => {
    expect(files.length).toBeGreaterThanOrEqual(12);
    expect(printerProfiles.map((profile) => `${profile.id}.json`).toSorted()).toEqual(
      files.toSorted(),
    );
  });

  it.each(files)('%s fits the schema, and says what of it is only assumed', (name) => {
    expect(profileFault(read(name))).toBeNull();
    expect(JSON.stringify(read(name))).toContain('ssumed');
  });

  it('a name belongs to one model only', () => {
    const names = printerProfiles.flatMap((profile) => profile.matches);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each<readonly [string, object, string]>([
    ['an unknown key', { colour: 'red' }, 'colour'],
    ['a word that is no cut', { cut: 'torn' }, 'cut'],
    ['no source', { source: '' }, 'source'],
    ['dots that do not fit the columns', { dots: 512 }, 'dots'],
    ['no baud at all', { bauds: [] }, 'bauds'],
  ])('planted: %s is refused', (_, change, words) => {
    const good = read('generic-80.json');
    expect(profileFault({ ...(good as object), ...change })).toContain(words);
  });

  it.each([
    ['epson-tm-t82iii', 'epson-tm-t82iii'],
    ['EPSON TM-T82III', 'epson-tm-t82iii'],
    ['TM-T88VI', 'epson-tm-t88'],
    ['TM-T70II-CH', 'epson-tm-t70ii-ch'],
    ['XP-N160II', 'xprinter-xp-n160'],
    ['XP-80C', 'xprinter-xp-80'],
    ['Xprinter XP-58IIH', 'xprinter-xp-58'],
    ['GP-L80160 Series', 'gprinter-gp-l80'],
    ['RP326', 'rongta-rp326'],
    ['BTP-R880NPV', 'snbc-btp-r880np'],
    ['ZJ-5890K', 'zjiang-zj-5890k'],
    ['NT311', 'sunmi-nt'],
    ['CT-S651II', 'citizen-ct-s'],
    ['generic-58', 'generic-58'],
    ['Greentill SIM', undefined],
    ['', undefined],
  ])('finds %s as %s', (text, id) => expect(findProfile(text)?.id).toBe(id));

  it('a printer without a name draws what a clone may lack', () => {
    expect(genericProfile(58)).toMatchObject({ columns: 32, qr: 'raster', cut: 'none' });
    expect(genericProfile(80)).toMatchObject({ columns: 48, qr: 'raster', cut: 'partial' });
  });
});
