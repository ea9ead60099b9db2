import { createHash } from 'node:crypto';

/** The letters of a text that the name of an object may have, with dashes for the others. May be empty. */
function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** Directory of a folder. Two titles may have the same. */
export function folderSlug(title: string): string {
  return slugOf(title) || hashOf(title);
}

/**
 * A dashboard's uid as a part of an object's name. Uids may have upper-case letters and underscores, so a hash keeps two
 * of them apart.
 */
export function uidInName(uid: string): string {
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(uid) ? uid : [slugOf(uid), hashOf(uid)].filter(Boolean).join('-');
}
