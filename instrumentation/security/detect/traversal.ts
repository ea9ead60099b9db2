import { readingsOf } from './decode';

/** Steps out of a directory, and files that only an attacker asks for. */
const TRAVERSAL =
  /(?:^|[\\/=])\.{2}[\\/](?:\.{2}[\\/]|etc[\\/]|proc[\\/]|windows[\\/]|win\.ini|boot\.ini|root[\\/]|\.env|\.git)|[\\/](?:etc[\\/](?:passwd|shadow|hosts)|proc[\\/]self[\\/]\w{1,40}|windows[\\/]win\.ini)\b|\.\.;[\\/]|php:\/{1,2}(?:filter|input)|file:\/{1,3}(?:etc|proc|c:)\b/i;

/** Whether a path or a file name leaves the directory that it belongs to. */
export function isPathTraversal(input: string): boolean {
  return readingsOf(input, 'parameter').some((text) =>
    TRAVERSAL.test(
      text
        .replace(/\\{2,8}/g, '\\')
        .replace(/\/{2,8}/g, '/')
        .replace(/\.{4}\//g, '../'),
    ),
  );
}
