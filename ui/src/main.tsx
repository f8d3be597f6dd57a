// Assembles the window: backend, frame hub, queries, and the app in them.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { CrashScreen } from './app/CrashScreen';
import { ServicesProvider } from './app/context';
import { applyTheme, storedTheme } from './app/theme';
import { chooseBackend } from './backend';
import './i18n';
import { FrameHub } from './player/hub';
import './styles/index.css';

// Before the first paint, so that a light window never flashes dark.
applyTheme(storedTheme());

const backend = chooseBackend();
const hub = new FrameHub(backend);
const queries = new QueryClient({
  // The other side is on this machine or this network: being offline means nothing, and
  // the next poll is a better retry than a slowed-down one.
  defaultOptions: {
    queries: { networkMode: 'always', retry: false },
  },
});

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <CrashScreen>
      <QueryClientProvider client={queries}>
        <ServicesProvider backend={backend} hub={hub}>
          <App />
        </ServicesProvider>
      </QueryClientProvider>
    </CrashScreen>
  </StrictMode>,
);
