/** Records of the collector, and where their texts are. */
export interface Target {
  /** Context of the statements. */
  readonly context: 'log' | 'span' | 'spanevent';
  /** Paths of texts. */
  readonly texts: readonly string[];
  /** Path of the attributes. */
  readonly attributes: string;
  /** Everything as one text, in which guards look for words. */
  readonly all: string;
  /** Statements before all others. @default - none */
  readonly first?: readonly string[];
  /**
   * Whether attributes have values that are not in the texts. If not, they are masked only where the text was. If so,
   * those whose name says that they are secret are removed.
   */
  readonly hasOwnAttributes: boolean;
}

const joined = (parts: readonly string[]) => `Concat([${parts.join(', ')}], " ")`;

/** A line from a file. Its attributes are parts of the line, so guards look at the line alone. */
export const LINE: Target = {
  context: 'log',
  texts: ['log.body'],
  attributes: 'log.attributes',
  all: 'log.body',
  hasOwnAttributes: false,
};

/** A record that an application sends. A body that is a map becomes its JSON: so does Loki store it. */
export const RECORD: Target = {
  context: 'log',
  texts: ['log.body'],
  attributes: 'log.attributes',
  all: joined(['log.body', 'ToKeyValueString(log.attributes)']),
  first: [
    'set(log.body, String(log.body)) where log.body != nil and not IsString(log.body)',
    'flatten(log.attributes)',
  ],
  hasOwnAttributes: true,
};

/** A span. */
export const SPAN: Target = {
  context: 'span',
  texts: ['span.name', 'span.status.message'],
  attributes: 'span.attributes',
  all: joined(['span.name', 'span.status.message', 'ToKeyValueString(span.attributes)']),
  hasOwnAttributes: true,
};

/** An event of a span, such as an exception. */
export const SPAN_EVENT: Target = {
  context: 'spanevent',
  texts: ['spanevent.name'],
  attributes: 'spanevent.attributes',
  all: joined(['spanevent.name', 'ToKeyValueString(spanevent.attributes)']),
  hasOwnAttributes: true,
};
