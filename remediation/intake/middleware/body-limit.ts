import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';

/** Largest notification: some thousand alerts. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface NotificationLimitOptions {
  /** @default MAX_BODY_BYTES */
  readonly maxBytes?: number;
}

/** Answers 413 to a body that is too large, without reading all of it. */
export function notificationLimit({ maxBytes = MAX_BODY_BYTES }: NotificationLimitOptions = {}): MiddlewareHandler {
  return bodyLimit({
    maxSize: maxBytes,
    onError: (c) => c.json({ message: `more than ${maxBytes} bytes: send fewer alerts in one notification` }, 413),
  });
}
