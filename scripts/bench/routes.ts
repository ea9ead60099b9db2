import type { Labels } from './pods';

/** Routes of the application's components, each with the statuses that it answers. */
export const ROUTES: Readonly<Record<string, readonly (readonly [route: string, ...statuses: string[]])[]>> = {
  website: [
    ['/', '200', '404'],
    ['/health/live', '200'],
    ['/metrics', '200'],
  ],
  backend: [
    ['/api/save', '200', '400', '500'],
    ['/api/batch', '200', '400', '500'],
    ['/api/schema/:sight', '200', '404'],
    ['/api/upload', '200', '413', '500'],
    ['/api/auth/login', '200', '401', '429'],
    ['/api/auth/refresh', '200', '401'],
    ['/api/auth/logout', '200'],
    ['/api/auth/me', '200', '401'],
    ['/api/csp-report', '204'],
    ['/health/live', '200'],
    ['/health/ready', '200', '503'],
    ['/metrics', '200'],
  ],
};

/** Label sets of an HTTP metric of one pod. @param boundaries of its buckets, if it is a histogram's `_bucket` */
export function trafficOf(pod: Labels, boundaries?: readonly string[]): readonly Labels[] {
  return ROUTES[pod.component!]!.flatMap(([route, ...statuses]) =>
    statuses.flatMap((status) => {
      const set = {
        ...pod,
        http_route: route,
        http_request_method: /save|batch|upload|log|report/.test(route) ? 'POST' : 'GET',
        http_response_status_code: status,
      };
      return boundaries ? boundaries.map((le) => ({ ...set, le })) : [set];
    }),
  );
}
