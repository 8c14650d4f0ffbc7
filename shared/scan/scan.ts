import type { Symbology } from '#shared/scan/symbology.ts';

/**
 * One code as a scanner read it: what was written in it, and what the scanner knows of the print it was read from.
 * Every scanner driver tells this (serial, HID, keyboard); {@link routeScan} says what it is for.
 */
export interface Scan {
  /** Without prefix, suffix and AIM identifier; never empty, at most 1024 characters. */
  readonly text: string;
  /** What kind of print it was, when the scanner said so in any way. */
  readonly symbology?: Symbology;
  /** The AIM identifier as it came, e.g. "]Q1". */
  readonly aim?: string;
}
