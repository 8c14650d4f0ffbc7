/** The operator's desk: admin calls with his token. */
export interface OperatorDesk {
  call<T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<T>;
}

export function createOperatorDesk(origin: () => string, token: string): OperatorDesk {
  return {
    async call<T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<T> {
      const response = await fetch(`${origin()}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
      return JSON.parse(text) as T;
    },
  };
}
