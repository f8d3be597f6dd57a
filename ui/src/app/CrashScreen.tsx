// The last resort when drawing the window fails: says so and offers to load it again.
import { Component, type ErrorInfo, type ReactNode } from 'react';
import { Button } from '../components/ui/button';
import { i18n } from '../i18n';

export class CrashScreen extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError() {
    return { crashed: true };
  }

  override componentDidCatch(error: Error, info: ErrorInfo) {
    console.error(error, info.componentStack);
  }

  override render() {
    if (!this.state.crashed) return this.props.children;
    return (
      <main className="grid h-full place-items-center p-8 text-center">
        <div>
          <h1 className="text-2xl font-semibold">{i18n.t('crash.title')}</h1>
          <p className="mt-2 text-quiet">{i18n.t('crash.sentence')}</p>
          <Button variant="primary" className="mt-6" onClick={() => window.location.reload()}>
            {i18n.t('crash.reload')}
          </Button>
        </div>
      </main>
    );
  }
}
