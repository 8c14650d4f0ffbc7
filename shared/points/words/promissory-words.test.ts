import { describe, expect, it } from 'vitest';
import { findPromissoryWord, promissoryWords } from '#shared/points/words/promissory-words.ts';

/** The house's list, spelled out: the code points of the shipped one must say the same. */
const spelled = '分红 增值 投资 收益 回报 返本 全返 稳赚 躺赚 入股 静态 5倍 五倍 翻倍'.split(' ');

describe('promissory words', () => {
  it('the list by code points is the list as people read it', () => {
    expect(promissoryWords).toEqual(spelled);
  });

  it.each(spelled)('%s is found in a sentence', (word) => {
    expect(findPromissoryWord(`本店积分${word}，欢迎`)).toBe(word);
  });

  it.each([
    ['消费 分 红', '分红'],
    ['稳·赚·不·赔', '稳赚'],
    ['积分５倍', '5倍'],
    ['積分分紅', '分红'],
    ['投資回報', '投资'],
    ['动态收益', '收益'],
    ['翻\u200B倍', '翻倍'],
  ])('%s does not hide %s', (text, word) => {
    expect(findPromissoryWord(text)).toBe(word);
  });

  it.each(['谢谢惠顾，欢迎再来', '关注公众号领优惠券', '电话 021-5555 6666', ''])(
    '%j promises nothing',
    (text) => expect(findPromissoryWord(text)).toBeUndefined(),
  );
});
