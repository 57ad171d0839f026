import { useEffect, useRef } from 'preact/hooks';
import { startLive } from './live/live.ts';
import { Link } from './parts/Link.tsx';
import { LiveMark } from './parts/LiveMark.tsx';
import { ThemeSwitch } from './parts/ThemeSwitch.tsx';
import { type Place, usePlace, withFilters } from './router.ts';
import { DecisionsPage } from './views/DecisionsPage.tsx';
import { OllamaPage } from './views/OllamaPage.tsx';
import { OverviewPage } from './views/OverviewPage.tsx';
import { TaskPage } from './views/TaskPage.tsx';
import { UsagePage } from './views/UsagePage.tsx';

const links: readonly (readonly [path: string, text: string])[] = [
  ['/dashboard', 'Overview'],
  ['/dashboard/usage', 'Usage'],
  ['/dashboard/decisions', 'Decisions'],
  ['/dashboard/ollama', 'Ollama'],
];

/** The whole page: head, and the view that the address names. */
export function App() {
  const place = usePlace();
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  const path = place.path.replace(/\/$/, '') || '/dashboard';
  const taskId = decoded(/^\/dashboard\/tasks\/([^/]+)$/.exec(path)?.[1]);
  const title = taskId === undefined ? (links.find(([one]) => one === path)?.[1] ?? 'Not found') : 'Task';

  useEffect(startLive, []);
  useEffect(() => {
    document.title = `${title} · Teelamma`;
    // Who hears the page is told that another view has come; at the beginning the browser does that.
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [title, path]);

  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <div class="top-inner">
          <Link href="/dashboard" class="brand">
            <img src="/dashboard/assets/icon.svg" alt="" width="24" height="24" />
            Teelamma
          </Link>
          <nav aria-label="Views">
            {links.map(([to, text]) => (
              <Link key={to} href={withFilters(to, place)} isCurrent={to === path}>
                {text}
              </Link>
            ))}
          </nav>
          <LiveMark />
          <ThemeSwitch />
        </div>
      </header>
      <main class="page" id="main" tabIndex={-1}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
          {taskId !== undefined && <code class="task-id">{taskId.slice(0, 8)}</code>}
        </h1>
        <View path={path} place={place} taskId={taskId} />
      </main>
    </>
  );
}

interface ViewProps {
  readonly path: string;
  readonly place: Place;
  readonly taskId: string | undefined;
}

function View({ path, place, taskId }: ViewProps) {
  if (taskId !== undefined) return <TaskPage taskId={taskId} />;
  switch (path) {
    case '/dashboard':
      return <OverviewPage place={place} />;
    case '/dashboard/usage':
      return <UsagePage place={place} />;
    case '/dashboard/decisions':
      return <DecisionsPage place={place} />;
    case '/dashboard/ollama':
      return <OllamaPage place={place} />;
    default:
      return <p class="empty">There is no such view.</p>;
  }
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    // Not a path that this page made; the API will not know it either.
    return text;
  }
}
