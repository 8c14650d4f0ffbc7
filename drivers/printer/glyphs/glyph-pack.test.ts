import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { glyphOf } from '#drivers/printer/glyphs/glyph-pack.ts';
import { isRomCharacter } from '#drivers/printer/receipt/text-gb18030.ts';

/** From level three of 通用规范汉字表 (2013), outside the basic plane: names of places, people and elements. */
const standardBeyondBasicPlane =
  '𬍛𫖯𬭚𫓧𬬻𬒗𫇭𫄨𫄸𫍣𫍯𫍲𫍽𫐄𫐐𫐓𫓯𫓶𫓹𫔍𫔎𫔶𫖮𫖳𫗧𫗴𫘜𫘝𫘦𫘧𫘨𫘪𫘬𫚕𫚖𫚭𫛭𫞩𫟅𫟦𫟹𫟼𫠆𫠊𫠜𫢸𫫇𫭟𫭢𫭼𫮃𫰛𫵷𫶇𫷷𫸩𬀩𬀪𬂩𬃊𬇕𬇙𬇹𬉼𬊈𬊤𬌗𬍡𬍤𬒈𬒔𬕂𬘓𬘘𬘡𬘩𬘫𬘬𬘭𬘯𬙂𬙊𬙋𬜬𬜯𬞟𬟁𬟽𬣙𬣞𬣡𬣳𬤇𬤊𬤝𬨂𬨎𬩽𬪩𬬩𬬭𬬮𬬱𬬸𬬹𬬿𬭁𬭊𬭎𬭛𬭤𬭩𬭬𬭯𬭳𬭶𬭸𬭼𬮱𬮿𬯀𬯎𬱖𬱟𬳵𬳶𬳽𬳿𬴂𬴃𬴊𬶋𬶍𬶏𬶐𬶟𬶠𬶨𬶭𬶮𬷕𬸘𬸚𬸣𬸦𬸪𬹼𬺈𬺓';

function missing(codes: Iterable<number>): readonly string[] {
  const left: string[] = [];
  for (const code of codes) {
    if (!isRomCharacter(code) && glyphOf(code) === null) left.push(`U+${code.toString(16)}`);
  }
  return left;
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const codesOf = (text: string): readonly number[] =>
  Array.from(text, (character) => character.codePointAt(0) ?? 0);

describe('glyph pack', () => {
  it('has, together with the ROM, every hanzi of the basic plane up to Unicode 11', () => {
    expect(missing(range(0x3400, 0x4db5))).toEqual([]);
    expect(missing(range(0x4e00, 0x9fef))).toEqual([]);
  });
  it('has the standard hanzi beyond the basic plane', () =>
    expect(missing(codesOf(standardBeyondBasicPlane))).toEqual([]));
  it('has the signs and pictures that shops write', () =>
    expect(missing(codesOf('✓✔✗★☎☕❤♨✂✈™®©•→½²℃🍎🍜🍚🍺🧋🍰🎉🎁🧧🐼😀😂👍🙏🔥💰🛒📱🏠🚗'))).toEqual(
      [],
    ));
  it('has narrow letters of half a square and wide characters of a whole one', () => {
    expect(glyphOf(0xf1)?.bytes.length).toBe(36);
    expect(glyphOf(0x3653)?.bytes.length).toBe(72);
  });
  it('draws something for each', () =>
    expect(
      range(0, 0x323af).filter((code) => glyphOf(code)?.bytes.every((byte) => byte === 0)),
    ).toEqual([]));
  it('holds nothing that every ROM has, and nothing it was not made for', () => {
    expect([0x41, 0x4e00, 0xffe5, 0x20, 0xe000].map(glyphOf)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });
  it('stays small', () =>
    expect(statSync(new URL('./glyph-pack.br', import.meta.url)).size).toBeLessThan(1_500_000));
});
