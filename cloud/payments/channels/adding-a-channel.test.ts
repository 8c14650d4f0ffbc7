import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** docs/adding-a-channel.md, held to what is there; and every channel, held to the page. */
const root = resolve(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/adding-a-channel.md'), 'utf8');
const shared: readonly string[] = ['testing', 'wire'];

interface ChannelFiles {
  readonly name: string;
  /** Text by file name. */
  readonly files: ReadonlyMap<string, string>;
  readonly hasFace: boolean;
  readonly openers: string;
  readonly simulator: string;
}

/** What the page asks for and a channel does not have. */
function lacks({ name, files, hasFace, openers, simulator }: ChannelFiles): readonly string[] {
  const tests = [...files].filter(([file]) => file.endsWith('.test.ts'));
  const says = (text: string) => tests.some(([, source]) => source.includes(text));
  const asked: readonly (readonly [string, boolean])[] = [
    ['a table of codes', files.has('codes.ts')],
    ['a reader of notifies', files.has('notify.ts')],
    ['pure judgement', files.has('judge.ts')],
    ['the contract', says('registerChannelContract(') || says('register-channel-contract.ts')],
    ['a test that changes every byte', [...files.keys()].some((file) => /tampering/.test(file))],
    ['a face', hasFace && (simulator.includes(`faces/${name}/`) || name === 'aggregator')],
    ['a binding', openers.includes(`channels/${name}/`)],
  ];
  return asked.filter(([, isThere]) => !isThere).map(([what]) => what);
}

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

const channelOf = (name: string): ChannelFiles => {
  const folder = join(import.meta.dirname, name);
  const names = readdirSync(folder).filter((file) => file.endsWith('.ts'));
  return {
    name,
    files: new Map(names.map((file) => [file, readFileSync(join(folder, file), 'utf8')])),
    hasFace: existsSync(join(root, 'cloud/channel-simulator/faces', name)),
    openers: textOf('cloud/open-channels.ts'),
    simulator: textOf('cloud/channel-simulator/main.ts'),
  };
};

const channels = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !shared.includes(entry.name))
  .map(({ name }) => name);

describe('every channel has what the page asks for', () => {
  it.each(channels)('%s', (name) => {
    expect(lacks(channelOf(name))).toEqual([]);
  });

  it.each([
    ['codes.ts', 'a table of codes'],
    ['notify.ts', 'a reader of notifies'],
    ['judge.ts', 'pure judgement'],
    ['alipay-tampering.test.ts', 'a test that changes every byte'],
    ['alipay-channel.test.ts', 'the contract'],
  ])('without %s it lacks %s', (file, what) => {
    const whole = channelOf('alipay');
    const files = new Map([...whole.files].filter(([name]) => name !== file));
    expect(lacks({ ...whole, files })).toContain(what);
  });

  it('a folder that nobody bound or plays is noticed', () => {
    const bare = { ...channelOf('alipay'), openers: '', hasFace: false };
    expect(lacks(bare)).toEqual(['a face', 'a binding']);
  });
});

it('the page names only what exists', () => {
  const paths = [...page.matchAll(/`((?:cloud|docs)\/[\w./-]+)`/g)].map(([, path]) => path ?? '');
  expect(paths.length).toBeGreaterThan(12);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it('the page names every time rule and every place where a channel is bound', () => {
  const profile = textOf('cloud/channel/channel-profile.ts');
  for (const rule of ['reverseNotBeforeMs', 'reverseWindowMs', 'unknownNumberFinalAfterMs'])
    expect([profile.includes(rule), page.includes(rule)]).toEqual([true, true]);
  expect(textOf('cloud/open-channels.ts')).toMatch(/const openers = /);
  expect(textOf('cloud/payments/notifies/testing/notify-bench.ts')).toMatch(/const speakers = /);
});
