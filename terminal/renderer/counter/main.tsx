import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { CounterApp } from './counter-app.tsx';
import { createCounterClient } from './counter-client.ts';

const client = createCounterClient(window);
const host = document.querySelector('#root');
if (!host) throw new Error('counter.html has no #root');
createRoot(host).render(
  <StrictMode>
    <CounterApp client={client} />
  </StrictMode>,
);
