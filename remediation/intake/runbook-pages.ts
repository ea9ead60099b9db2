import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Marked } from 'marked';

/** Addresses that a page may link to: of the web, of mail, and within the runbooks. */
const LINK = /^(?:https?:|mailto:|[^:]*$)/i;

/**
 * Markdown without its power to be HTML: tags are shown as text, and links that run scripts are left out. Someone who
 * may write the ConfigMap of the runbooks must not run scripts in the browsers of its readers.
 */
const MARKDOWN = new Marked({
  renderer: { html: ({ text }) => escaped(text) },
  walkTokens: (token) => {
    // Browsers ignore control characters and spaces in `java\tscript:`.
    if ((token.type === 'link' || token.type === 'image') && !LINK.test(token.href.replace(/[\s\p{Cc}]/gu, ''))) {
      token.href = '#';
    }
  },
});

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The runbooks as web pages, which the links in alerts open. Each request reads the file, so a page is never stale. */
export class RunbookPages {
  /** @param directory of Markdown files @default - no runbooks */
  constructor(private readonly directory?: string) {}

  /** The list of all runbooks. */
  index(): string {
    const links = this.names().map(
      (name) => `<li><a href="/runbooks/${encodeURIComponent(name)}">${escaped(name)}</a></li>`,
    );
    return html('Runbooks', `<h1>Runbooks</h1>\n<ul>\n${links.join('\n')}\n</ul>`);
  }

  /** The page of a runbook, or `undefined` when it does not exist. */
  page(name: string): string | undefined {
    // Only names from the directory listing are read, so a name with a path in it is rejected.
    if (!this.directory || !this.names().includes(name)) {
      return undefined;
    }
    const text = readFileSync(join(this.directory, `${name}.md`), 'utf8');
    const body = MARKDOWN.parse(text, { async: false }).replace(/(href="[^":#/]+)\.md([#"])/g, '$1$2');
    return html(name, `<nav><a href="/runbooks">Runbooks</a></nav>\n${body}`);
  }

  missing(): string {
    return html('No such runbook', '<h1>No such runbook</h1>\n<p><a href="/runbooks">All runbooks</a></p>');
  }

  private names(): string[] {
    if (!this.directory || !existsSync(this.directory)) {
      return [];
    }
    return readdirSync(this.directory)
      .filter((file) => file.endsWith('.md'))
      .map((file) => basename(file, '.md'))
      .sort();
  }
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
pre { overflow-x: auto; padding: .75rem; border-radius: .4rem; background: color-mix(in srgb, currentColor 8%, transparent); }
code { font-size: .9em; }
table { display: block; overflow-x: auto; border-collapse: collapse; }
td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
`;

/** The Content-Security-Policy of a page: nothing but its own style, so even a tag that came through does nothing. */
export const PAGE_POLICY = {
  defaultSrc: ["'none'"],
  styleSrc: [`'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** A page for phones and desktops, light and dark, with no external resources. */
function html(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}
