/** Who wants to hear of something, in the order in which they asked. */
export function createListeners<T>() {
  const listeners: ((value: T) => void)[] = [];
  return {
    add: (listener: (value: T) => void): void => void listeners.push(listener),
    tell: (value: T): void => {
      for (const listener of listeners) listener(value);
    },
  };
}
