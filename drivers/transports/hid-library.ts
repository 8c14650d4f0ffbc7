/** The part of `node-hid` that the transport uses. */
export interface HidLibrary {
  open(path: string): Promise<HidDevice>;
}

export interface HidDevice {
  on(event: 'data', listener: (report: Uint8Array) => void): unknown;
  on(event: 'error', listener: (failure: Error) => void): unknown;
  write(bytes: Buffer): Promise<number>;
  sendFeatureReport(bytes: Buffer): Promise<number>;
  close(): Promise<void>;
}

/** Loads `node-hid` when a HID device is opened for the first time: a machine without its native part still runs. */
export async function loadNodeHid(): Promise<HidLibrary> {
  const { HIDAsync } = await import('node-hid');
  return { open: (path) => HIDAsync.open(path) };
}
