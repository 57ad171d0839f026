import { useEffect, useState } from 'preact/hooks';

/** Where the page is: its path, and what is filtered by. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const moved = 'teelamma-moved';

/** The place as of now; draws again when it changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(placeNow);
  useEffect(() => {
    const update = () => setPlace(placeNow());
    addEventListener('popstate', update);
    addEventListener(moved, update);
    return () => {
      removeEventListener('popstate', update);
      removeEventListener(moved, update);
    };
  }, []);
  return place;
}

/** Goes to another place of the page without loading it; `replace` leaves no step to go back to. */
export function goTo(address: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  dispatchEvent(new Event(moved));
}

/** Sets one filter in the address, or takes it out. */
export function setFilter(name: string, value: string): void {
  const query = new URLSearchParams(location.search);
  if (value === '') query.delete(name);
  else query.set(name, value);
  goTo(addressOf(location.pathname, query), { replace: true });
}

/** A path with the filters that hold on every view. */
export function withFilters(path: string, { query }: Place): string {
  const kept = new URLSearchParams();
  for (const name of ['period', 'agent', 'model', 'project', 'kind']) {
    const value = query.get(name);
    if (value) kept.set(name, value);
  }
  return addressOf(path, kept);
}

function addressOf(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

function placeNow(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}
