import { createRequire } from 'node:module';

/**
 * The official client of Transbank POS Integrado, as far as the judge uses it. The package ships no types; it brings a
 * serial port library of its own.
 */
export interface TransbankPos {
  connect(path: string, baudRate?: number): Promise<boolean>;
  disconnect(): Promise<boolean>;
  poll(): Promise<boolean>;
  loadKeys(): Promise<TransbankAnswer>;
  sale(
    amount: number,
    ticket: string,
    sendStatus: boolean,
    onStatus: (status: unknown) => void,
  ): Promise<TransbankSale>;
  getLastSale(): Promise<TransbankSale>;
  refund(operationId: string): Promise<TransbankAnswer & { readonly operationId: string }>;
  closeDay(): Promise<TransbankAnswer>;
}

export interface TransbankAnswer {
  readonly functionCode: number;
  readonly responseCode: number;
  readonly commerceCode: number;
  readonly terminalId: string;
  readonly successful: boolean;
}

export interface TransbankSale extends TransbankAnswer {
  readonly ticket: string;
  readonly amount: number;
  readonly operationNumber: string;
  readonly last4Digits: number | null;
  readonly cardBrand: string;
  readonly realDate: string;
  readonly realTime: string;
}

/** Makes the till’s half of the official library. */
export function createTransbankPos(): TransbankPos {
  const require = createRequire(import.meta.url);
  const sdk = require('transbank-pos-sdk') as { readonly POSIntegrado: new () => TransbankPos };
  return new sdk.POSIntegrado();
}
