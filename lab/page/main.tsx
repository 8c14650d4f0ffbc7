import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { LabApp } from './app.tsx';

/** Chinese unless the address asks for English: ?lang=en. */
const asked = new URLSearchParams(window.location.search).get('lang');
const host = document.querySelector('#root');
if (!host) throw new Error('index.html has no #root');
createRoot(host).render(
  <StrictMode>
    <LabApp first={asked === 'en' ? 'en' : 'zh'} />
  </StrictMode>,
);
