/** The wallets a scanned code can belong to. */
export type Wallet = 'wechat' | 'alipay' | 'unionpay';

/** What a scan turned out to be. Unknown is a result, never a guess. */
export type ScannedCode =
  | { readonly type: 'wallet'; readonly wallet: Wallet; readonly code: string }
  | { readonly type: 'member'; readonly code: string }
  | { readonly type: 'unknown'; readonly reason: 'empty' | 'not-ascii' | 'too-long' | 'no-rule' };
