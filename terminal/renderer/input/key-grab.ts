import type { DeskAction } from '../desk/desk.ts';

/** Takes an action away from the desk; false lets it pass. */
export type Grabber = (action: DeskAction) => boolean;

/** A sheet over the window may take the keys before the desk gets them. The one that opened last is asked first. */
export interface KeyGrab {
  /** Returns the way to let go. */
  readonly grab: (grabber: Grabber) => () => void;
  readonly takes: Grabber;
}

export function createKeyGrab(): KeyGrab {
  let grabbers: readonly Grabber[] = [];
  return {
    grab: (grabber) => {
      grabbers = [grabber, ...grabbers];
      return () => {
        grabbers = grabbers.filter((one) => one !== grabber);
      };
    },
    takes: (action) => grabbers.some((grabber) => grabber(action)),
  };
}
