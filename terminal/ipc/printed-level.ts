/**
 * From this level of evidence on (0..4, see `ConfidenceLevel` of the drivers) paper came out: 已打印. Below it the bytes
 * were only sent: 已送出.
 */
export const printedLevelMin = 3;
