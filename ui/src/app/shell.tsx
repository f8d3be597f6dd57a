// What pages may ask of the window around them: what is known of the program, and its dialogs.
import { createContext, useContext } from 'react';
import type { AppInfo, Stream } from '../backend';
import type { Draft } from '../cameras/draft';
import type { ThemeChoice } from './theme';

export interface Shell {
  /** As drawn now. */
  theme: 'dark' | 'light';
  themeChoice: ThemeChoice;
  chooseTheme(choice: ThemeChoice): void;
  /** Undefined until the first answer. */
  info: AppInfo | undefined;
  /** Where scripts reach the API, also before `info` is there. */
  apiUrl: string;
  /** Opens the add dialog, with what is known of the camera filled in. */
  openAdd(start?: Partial<Draft>): void;
  /** Asks whether to remove a camera; `then` once it is gone. */
  askToRemove(camera: Stream, then?: () => void): void;
}

export const ShellContext = createContext<Shell | null>(null);

export function useShell(): Shell {
  const shell = useContext(ShellContext);
  if (!shell) throw new Error('useShell needs the App around it');
  return shell;
}
