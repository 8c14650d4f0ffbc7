/** The sale failed because no channel could be asked, not because of its payer: a promise may be taken for it. */
const awayCodes: ReadonlySet<string> = new Set([
  'channel-busy',
  'channel-closed',
  'channel-unreachable',
  'no-channel',
]);

export const isChannelAway = (code: string | undefined): boolean =>
  code !== undefined && awayCodes.has(code);
