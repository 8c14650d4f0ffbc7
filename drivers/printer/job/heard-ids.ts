/** The latest process ids that the printer gave, whoever they belong to. Bounded. */
export interface HeardIds {
  readonly note: (processId: number) => void;
  readonly has: (processId: number) => boolean;
}

const heardIdsMax = 64;

export function createHeardIds(): HeardIds {
  const heard: number[] = [];
  return {
    note: (processId) => {
      heard.push(processId);
      if (heard.length > heardIdsMax) heard.shift();
    },
    has: (processId) => heard.includes(processId),
  };
}
