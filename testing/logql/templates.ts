import { RE2JS } from 're2js';
import { remembered } from '../../memo';
import { type TemplateOperand, type TemplatePipeline, templateOf } from '../../rules/logql';

const parsed = remembered(templateOf);
const compiled = remembered((pattern: string) => RE2JS.compile(pattern));

type Call = (args: readonly string[]) => string;

/** Functions of Loki's templates. A pipeline passes its value as the last argument. */
const FUNCTIONS: { readonly [name: string]: Call } = {
  lower: ([text = '']) => text.toLowerCase(),
  upper: ([text = '']) => text.toUpperCase(),
  trim: ([text = '']) => text.trim(),
  trunc: ([count = '0', text = '']) => (Number(count) < 0 ? text.slice(Number(count)) : text.slice(0, Number(count))),
  replace: ([before = '', after = '', text = '']) => text.replaceAll(before, () => after),
  regexReplaceAll: ([pattern = '', text = '', replacement = '']) =>
    compiled(pattern).matcher(text).replaceAll(replacement),
  default: ([fallback = '', text = '']) => text || fallback,
};

/** The text that a template makes of labels and a line. */
export function rendered(template: string, labels: { readonly [label: string]: string }, line: string): string {
  const value = (operand: TemplateOperand): string => {
    switch (operand.kind) {
      case 'text':
        return operand.text;
      case 'label':
        return labels[operand.label] ?? '';
      case 'pipeline':
        return ofPipeline(operand.pipeline);
      default:
        return call(operand.name, []);
    }
  };
  const call = (name: string, args: readonly string[]): string => {
    if (name === '__line__') {
      return line;
    }
    const known = FUNCTIONS[name];
    if (!known) {
      throw new Error(`the function ${name} of templates is not evaluated here`);
    }
    return known(args);
  };
  const ofPipeline = (pipeline: TemplatePipeline): string =>
    pipeline.reduce<string | undefined>((piped, [first, ...rest]) => {
      const further = piped === undefined ? [] : [piped];
      return first!.kind === 'function' ? call(first!.name, [...rest.map(value), ...further]) : value(first!);
    }, undefined) ?? '';
  return parsed(template)
    .map((part) => (typeof part === 'string' ? part : ofPipeline(part)))
    .join('');
}
