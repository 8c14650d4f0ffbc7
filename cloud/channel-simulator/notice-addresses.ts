/** Orders whose notify address is remembered; the oldest is forgotten. */
const addressesMax = 10_000;

/** Where notifies about an order go: where its charge said, also when it is paid much later. */
export interface NoticeAddresses {
  remember(transactionId: string, url: string | undefined): void;
  of(transactionId: string): string | undefined;
}

export function createNoticeAddresses(): NoticeAddresses {
  const addresses = new Map<string, string>();
  return {
    remember: (transactionId, url) => {
      if (url === undefined || !/^https?:\/\//.test(url)) return;
      addresses.set(transactionId, url);
      for (const old of [...addresses.keys()].slice(0, -addressesMax)) addresses.delete(old);
    },
    of: (transactionId) => addresses.get(transactionId),
  };
}
