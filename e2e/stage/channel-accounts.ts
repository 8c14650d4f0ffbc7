import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sandboxAppId } from '#cloud/channel-simulator/faces/alipay/keys.ts';
import { gatewayPath } from '#cloud/channel-simulator/faces/alipay/alipay-face.ts';
import { sandboxSigner } from '#cloud/channel-simulator/faces/unionpay/keys.ts';
import { publicKeyId, sandboxPartner } from '#cloud/channel-simulator/faces/wechat/keys.ts';

/** A shop's numbers at the channels, each in the channel's own form. `shop` counts from 0. */
export const channelNumbers = (shop: number) => ({
  wechat: `1900${String(shop * 4 + 1).padStart(6, '0')}`,
  alipay: `2088${String(shop + 1).padStart(12, '0')}`,
  unionpay: `777290058${String(shop + 1).padStart(6, '0')}`,
  withholding: `1900${String(shop * 4 + 4).padStart(6, '0')}`,
});

/** Merchants that the simulator's UnionPay knows. */
export const unionpayMerchants = (shopCount: number): string =>
  Array.from({ length: shopCount }, (_, shop) => channelNumbers(shop).unionpay).join(',');

/** Alipay's merchants authorise the provider by tokens: files that the cloud reads at its start. */
export async function authoriseShops(channelFolder: string, shopCount: number): Promise<void> {
  const folder = path.join(channelFolder, 'alipay', 'tokens');
  await mkdir(folder, { recursive: true });
  for (let shop = 0; shop < shopCount; shop += 1) {
    const { alipay } = channelNumbers(shop);
    await writeFile(path.join(folder, alipay), `sandbox-${alipay}`);
  }
}

/**
 * The cloud's accounts at the simulator: every wallet in its own dialect, withholdings by the aggregator. With an
 * address of its own the cloud is told of payments and refunds as well.
 */
export const sandboxAccounts = (sandbox: {
  readonly origin: string;
  readonly channelFolder: string;
  readonly shopCount: number;
  readonly cloudPort: number;
}): Readonly<Record<string, string>> => {
  const { origin, channelFolder } = sandbox;
  return {
    CHANNEL_URL: origin,
    CHANNEL_KEYS: channelFolder,
    WECHAT_URL: origin,
    WECHAT_KEYS: path.join(channelFolder, 'wechat'),
    WECHAT_MCHID: sandboxPartner,
    WECHAT_APPID: 'wxsandbox',
    WECHAT_PLATFORM_KEY_ID: publicKeyId,
    WECHAT_STORE_ID: '100001',
    ALIPAY_URL: `${origin}${gatewayPath}`,
    ALIPAY_KEYS: path.join(channelFolder, 'alipay'),
    ALIPAY_APP_ID: sandboxAppId,
    ALIPAY_BILL_ORIGINS: origin,
    UNIONPAY_URL: origin,
    UNIONPAY_KEYS: path.join(channelFolder, 'unionpay'),
    UNIONPAY_MERCHANTS: unionpayMerchants(sandbox.shopCount),
    UNIONPAY_SIGNER: sandboxSigner,
    UNIONPAY_TERM_ID: '49000002',
    // A port that the system chooses is known only when the cloud listens.
    ...(sandbox.cloudPort === 0
      ? {}
      : { NOTIFY_ORIGIN: `http://127.0.0.1:${String(sandbox.cloudPort)}` }),
  };
};
