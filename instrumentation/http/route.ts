/** What this library reads of an Express 4 request. */
export interface RoutedRequest {
  /** The route that answered. */
  readonly route?: { readonly path?: unknown };
  /** Path at which the route's router is mounted, with the values of its parameters. */
  readonly baseUrl?: string;
  /** The application. */
  readonly app?: { readonly _router?: { readonly stack?: readonly unknown[] } };
}

/** A layer of an Express 4 router: a handler, and the pattern of the paths that reach it. */
interface Layer {
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  readonly keys?: readonly { readonly name: string | number }[];
  readonly handle?: { readonly stack?: readonly Layer[] };
  readonly route?: { readonly path?: unknown };
}

/** The route of requests that no registered route has answered. */
const NO_ROUTE = 'other';

/**
 * The template of the route that answered a request, e.g. `/api/schema/:sight`. Express has the template of a route,
 * but of the router around it only the path that was requested. That path has parameter values, which must not become
 * label values, so the templates of routers are derived from their patterns.
 */
export function routeTemplate(request: RoutedRequest): string {
  const { path } = request.route ?? {};
  if (path === undefined) {
    return NO_ROUTE;
  }
  const own = Array.isArray(path) ? path.map(String).join('|') : String(path);
  const mount = request.baseUrl ? mountTemplate(request.app?._router?.stack as readonly Layer[], request.baseUrl) : '';
  return mount === undefined ? NO_ROUTE : `${mount}${own === '/' && mount !== '' ? '' : own}` || '/';
}

/** The template of a path at which routers are mounted, or undefined if no router is. */
function mountTemplate(stack: readonly Layer[] = [], path: string): string | undefined {
  if (path === '') {
    return '';
  }
  for (const { regexp, keys = [], handle } of stack) {
    const match = handle?.stack && regexp ? matchOf(regexp, path) : null;
    const below = match && mountTemplate(handle?.stack, path.slice(match[0].length));
    if (match && below !== undefined) {
      return `${withNames(match, keys)}${below}`;
    }
  }
  return undefined;
}

/** A router that is mounted at `/` leaves the whole path to the layers below. */
function matchOf(regexp: NonNullable<Layer['regexp']>, path: string): RegExpExecArray | null {
  return regexp.fast_slash ? /^/.exec(path) : regexp.exec(path);
}

/** The template of the route that would answer a path. For requests that are rejected before a route is chosen. */
export function plannedRoute(request: RoutedRequest, path: string): string {
  return planned(request.app?._router?.stack as readonly Layer[], path) ?? NO_ROUTE;
}

function planned(stack: readonly Layer[] = [], path: string): string | undefined {
  for (const { regexp, keys = [], handle, route } of stack) {
    const match = regexp && (route || handle?.stack) ? matchOf(regexp, path) : null;
    if (!match) {
      continue;
    }
    const own = route && String(route.path);
    const below = own === undefined ? planned(handle?.stack, path.slice(match[0].length) || '/') : own;
    if (below !== undefined) {
      return own ?? `${withNames(match, keys)}${below}`;
    }
  }
  return undefined;
}

/** The matched path with `:name` where a parameter stands. */
function withNames(match: RegExpExecArray, keys: NonNullable<Layer['keys']>): string {
  const segments = match[0].replace(/\/$/, '').split('/');
  keys.forEach(({ name }, index) => {
    const place = segments.indexOf(match[index + 1] ?? '\0');
    if (place >= 0) {
      segments[place] = `:${name}`;
    }
  });
  return segments.join('/');
}
