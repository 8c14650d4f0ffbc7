/**
 * Words that promise: points are never a promise, so no screen, receipt or text of a shop may carry one of them. The
 * tidy check of this repository reads the same list, which is why the words stand here by their code points: spelled
 * out they would be found in this very file.
 */
export const promissoryWords: readonly string[] = [
  // fen hong, zeng zhi, tou zi, shou yi, hui bao: dividend, gain, investment, yield, return
  '\u5206\u7ea2',
  '\u589e\u503c',
  '\u6295\u8d44',
  '\u6536\u76ca',
  '\u56de\u62a5',
  // fan ben, quan fan: money back, all of it back
  '\u8fd4\u672c',
  '\u5168\u8fd4',
  // wen zhuan, tang zhuan: earn for sure, earn lying down
  '\u7a33\u8d5a',
  '\u8eba\u8d5a',
  // ru gu: become a shareholder
  '\u5165\u80a1',
  // jing tai: static (yield); with the yield above this covers the dynamic one as well
  '\u9759\u6001',
  // wu bei in figures and in words, fan bei: five times, doubled
  '5\u500d',
  '\u4e94\u500d',
  '\u7ffb\u500d',
];

/** How they look in traditional characters, as far as that differs. */
const traditional: Readonly<Record<string, string>> = {
  '\u7d05': '\u7ea2',
  '\u8cc7': '\u8d44',
  '\u5831': '\u62a5',
  '\u7a69': '\u7a33',
  '\u8cfa': '\u8d5a',
  '\u975c': '\u9759',
  '\u614b': '\u6001',
};

/**
 * The first promissory word in a text, or undefined. Full-width digits, traditional characters and anything that is
 * put between two characters (spaces, dots, dashes) do not hide a word.
 */
export function findPromissoryWord(text: string): string | undefined {
  const plain = Array.from(text.normalize('NFKC').replaceAll(/[^\p{L}\p{N}]/gu, ''))
    .map((character) => traditional[character] ?? character)
    .join('');
  return promissoryWords.find((word) => plain.includes(word));
}
