import { onCLS, onFCP, onINP, onLCP, onTTFB } from 'web-vitals';
import type { Attributes } from './otlp';

/** Records a span of the page. Times are milliseconds since the page was requested, as `performance` has them. */
export type RecordSpan = (name: string, start: number, end: number, attributes: Attributes, error?: string) => void;

/** Resources that are recorded in a page. A gallery has hundreds of images. */
const MOST_RESOURCES = 100;
const MOST_LONG_TASKS = 100;
const MOST_ERRORS = 50;

/** A URL without its query and fragment, which hold tokens and search phrases. */
export function withoutQuery(url: string): string {
  return url.split(/[?#]/, 1)[0]!;
}

/** Reports the Core Web Vitals, each once when it is final: one span `web-vital` with its name, value and rating. */
export function observeVitals(record: RecordSpan): void {
  for (const observe of [onCLS, onFCP, onINP, onLCP, onTTFB]) {
    observe(({ name, value, rating, navigationType }) => {
      const now = performance.now();
      record('web-vital', now, now, {
        ...{ 'web_vital.name': name.toLowerCase(), 'web_vital.value': value, 'web_vital.rating': rating },
        'web_vital.navigation_type': navigationType,
      });
    });
  }
}

/** Reports tasks that block the page for longer than 50 ms, and resources with their sizes. Returns a stop function. */
export function observeTimings(record: RecordSpan, ignored: string): () => void {
  const left = { longtask: MOST_LONG_TASKS, resource: MOST_RESOURCES };
  const observers = (['longtask', 'resource'] as const).flatMap((type) => {
    if (!PerformanceObserver.supportedEntryTypes?.includes(type)) {
      return [];
    }
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (!entry.name.startsWith(ignored) && left[type]-- > 0) {
          record(
            type === 'longtask' ? 'long-task' : 'resource',
            entry.startTime,
            entry.startTime + entry.duration,
            detailsOf(entry),
          );
        }
      }
    });
    observer.observe({ type, buffered: true });
    return [observer];
  });
  return () => {
    for (const observer of observers) {
      observer.disconnect();
    }
  };
}

function detailsOf(entry: PerformanceEntry): Attributes {
  if (entry.entryType !== 'resource') {
    return {};
  }
  const { initiatorType, transferSize, encodedBodySize } = entry as PerformanceResourceTiming;
  return {
    ...{ 'url.full': withoutQuery(entry.name), 'resource.initiator': initiatorType },
    ...{ 'resource.transfer_size': transferSize, 'resource.body_size': encodedBodySize },
  };
}

/** Reports errors that no code has caught. Returns a stop function. */
export function observeErrors(recordError: (error: unknown, where: string) => void): () => void {
  let left = MOST_ERRORS;
  const report = (error: unknown, where: string) => {
    if (left-- > 0) {
      recordError(error, where);
    }
  };
  const onError = (event: ErrorEvent) => report(event.error ?? event.message, 'error');
  const onRejection = (event: PromiseRejectionEvent) => report(event.reason, 'unhandledrejection');
  addEventListener('error', onError);
  addEventListener('unhandledrejection', onRejection);
  return () => {
    removeEventListener('error', onError);
    removeEventListener('unhandledrejection', onRejection);
  };
}
