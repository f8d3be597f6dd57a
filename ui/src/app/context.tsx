// What every screen may ask for: the backend and the hub of frames.
import { createContext, type ReactNode, useContext } from 'react';
import type { Backend } from '../backend';
import type { FrameHub } from '../player/hub';

interface Services {
  backend: Backend;
  hub: FrameHub;
}

const Context = createContext<Services | null>(null);

export function ServicesProvider({ children, ...services }: Services & { children: ReactNode }) {
  return <Context value={services}>{children}</Context>;
}

export function useServices(): Services {
  const services = useContext(Context);
  if (!services) throw new Error('useServices needs a ServicesProvider around it');
  return services;
}
