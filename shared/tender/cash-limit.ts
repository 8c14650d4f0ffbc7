/** Nobody hands over more than this many times what is due… */
const tenderedTimesMax = 20;
/** …unless it is little more than the largest notes in a hand, in fen: ¥2,000 above what is due. */
const tenderedOverFenMax = 200_000;

/**
 * The most cash, in fen, that is believed to have been handed over for `dueFen`. What is above it
 * was typed by a scanner or by a slip of the hand; booked as it stands it would tell the cashier to
 * give thousands of change.
 */
export const tenderedFenMax = (dueFen: number): number =>
  Math.max(dueFen * tenderedTimesMax, dueFen + tenderedOverFenMax);
