// @ts-check
const { createHash } = require('node:crypto');
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** Bytes of the checksum that a file begins with. */
const CHECKSUM = 32;

/** Programs that stay: a few branches and worktrees may share node_modules. A program takes 5 MB. */
const KEPT = 6;

/**
 * Files that only save time. One that is missing or damaged reads as `undefined`; a directory that cannot be written
 * stays as it is. Files appear whole (written beside, then renamed), so runs at the same time do not disturb each other.
 */
class CacheDirectory {
  /** @param {string} root the checkout */
  constructor(root) {
    this.path = join(root, 'node_modules', '.cache', 'sightedit-monitoring');
  }

  /**
   * @param {string} name
   * @returns {Buffer | undefined}
   */
  read(name) {
    try {
      const file = readFileSync(join(this.path, name));
      const content = file.subarray(CHECKSUM);
      return checksum(content).equals(file.subarray(0, CHECKSUM)) ? content : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * @param {string} name
   * @param {string | Buffer} content
   */
  write(name, content) {
    const path = join(this.path, name);
    const draft = `${path}.${process.pid}.draft`;
    try {
      mkdirSync(this.path, { recursive: true });
      writeFileSync(draft, Buffer.concat([checksum(content), Buffer.from(content)]));
      renameSync(draft, path);
    } catch {
      removeIfThere(draft);
    }
  }

  /** Removes the files of all but the newest programs. Their names begin with the program's key and a dot. */
  prune() {
    try {
      const files = readdirSync(this.path).filter((file) => !file.startsWith('inputs-'));
      const age = (/** @type {string} */ file) => statSync(join(this.path, file)).mtimeMs;
      const keys = new Set(files.sort((a, b) => age(b) - age(a)).map((file) => file.split('.')[0]));
      const kept = [...keys].slice(0, KEPT);
      for (const file of files.filter((name) => !kept.includes(name.split('.')[0]))) {
        removeIfThere(join(this.path, file));
      }
    } catch {
      // Another run removes files too, or there is no directory.
    }
  }
}

/** @param {string | Buffer} content */
function checksum(content) {
  return createHash('sha256').update(content).digest();
}

/** @param {string} path */
function removeIfThere(path) {
  try {
    rmSync(path, { force: true });
  } catch {
    // The directory cannot be written.
  }
}

module.exports = { CacheDirectory };
