// The page of the route, or what to do where there is none.
import { type ComponentType, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Page } from './Page';
import { PAGES } from './pages';
import type { Route } from './routes';

export function RoutedPage({ route }: { route: Exclude<Route, { page: 'cameras' | 'sign-in' }> }) {
  const { t } = useTranslation();
  // The table's type ties each route to its component; here only that there is one matters.
  const Shown = (PAGES as Record<string, ComponentType<{ route: Route }> | undefined>)[route.page];
  if (!Shown) {
    return (
      <Page title={t('page.unknown')} back={{ page: 'cameras' }}>
        <p className="text-quiet">{t('page.unknownSentence')}</p>
      </Page>
    );
  }
  return (
    <Suspense fallback={<p className="m-auto text-sm text-quiet">{t('page.loading')}</p>}>
      {/* Another camera is another page: nothing typed for one may stay for the other. */}
      <Shown key={route.page === 'camera' ? route.id : route.page} route={route} />
    </Suspense>
  );
}
