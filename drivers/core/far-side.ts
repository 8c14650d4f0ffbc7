/**
 * The device's end of a wire. Simulators attach to it, whatever the wire is: memory, a TCP port or a pty. Bytes
 * that the far side sends while nobody is connected are lost, as on a real line.
 */
export interface FarSide {
  /** What a host opens to reach this end: "memory", "127.0.0.1:40123", "/tmp/…/printer". */
  readonly address: string;
  send(bytes: Uint8Array): void;
  onBytes(listener: (chunk: Uint8Array) => void): void;
  /** A host connected (true) or went away (false). A pty cannot tell: it says true once. */
  onPresence(listener: (present: boolean) => void): void;
}

/** A far side with a cable that can be pulled and put back. */
export interface FarWire extends FarSide {
  pull(): Promise<void>;
  plug(): Promise<void>;
  close(): Promise<void>;
}
