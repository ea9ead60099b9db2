import { unquoted } from './syntax';

/** An operand of a template: text, a number, a label, a function without arguments, or a pipeline in parentheses. */
export type TemplateOperand =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: TemplatePipeline };

/** Commands that pass their results on; a command is a function with its arguments, or one operand. */
export type TemplatePipeline = readonly (readonly TemplateOperand[])[];

/** A part of a template: literal text, or a pipeline that is evaluated. */
export type TemplatePart = string | TemplatePipeline;

/** A template that cannot be read. The message tells why. */
export class TemplateError extends Error {}

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*"|`[^`]*`)|(-?\d+(?:\.\d+)?)|\.([a-zA-Z_]\w*)|([a-zA-Z_]\w*)|([()|]))/y;

/**
 * The parts of a template of `label_format` or `line_format`. Conditions, loops and variables are not read.
 *
 * @throws TemplateError for what it does not read
 */
export function templateOf(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let rest = template;
  for (let open = rest.indexOf('{{'); open >= 0; open = rest.indexOf('{{')) {
    const close = closing(rest, open + 2);
    parts.push(rest.slice(0, open), pipelineOf(rest.slice(open + 2, close)));
    rest = rest.slice(close + 2);
  }
  return [...parts, rest].filter((part) => part !== '');
}

/** Where the expression ends: braces in texts do not count. */
function closing(text: string, from: number): number {
  const end = /"(?:[^"\\]|\\.)*"|`[^`]*`|\}\}/g;
  end.lastIndex = from;
  for (let found = end.exec(text); found; found = end.exec(text)) {
    if (found[0] === '}}') {
      return found.index;
    }
  }
  throw new TemplateError('{{ has no }}');
}

function pipelineOf(text: string): TemplatePipeline {
  const commands: TemplateOperand[][][] = [[[]]];
  let at = 0;
  const source = text.trim();
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(source);
    if (!found) {
      throw new TemplateError(`"${source.slice(at)}" is neither a text, a label nor a function`);
    }
    at = TOKEN.lastIndex;
    const [, quoted, number, label, name, mark] = found;
    const pipeline = commands.at(-1)!;
    if (mark === '|') {
      pipeline.push([]);
    } else if (mark === '(') {
      commands.push([[]]);
    } else if (mark === ')') {
      const inner = commands.pop()!;
      const outer = commands.at(-1);
      if (!outer) {
        throw new TemplateError('a parenthesis is closed that was not opened');
      }
      outer.at(-1)!.push({ kind: 'pipeline', pipeline: inner });
    } else {
      pipeline.at(-1)!.push(operandOf(quoted, number, label, name));
    }
  }
  if (commands.length !== 1 || commands[0]!.some((command) => command.length === 0)) {
    throw new TemplateError(`"${source}" is not complete`);
  }
  return commands[0]!;
}

function operandOf(quoted?: string, number?: string, label?: string, name?: string): TemplateOperand {
  if (label !== undefined) {
    return { kind: 'label', label };
  }
  if (name !== undefined) {
    return { kind: 'function', name };
  }
  return { kind: 'text', text: quoted === undefined ? number! : unquoted(quoted) };
}

/** Every function of a template with its arguments. */
export function callsOf(
  template: readonly TemplatePart[],
): readonly { readonly name: string; readonly operands: readonly TemplateOperand[] }[] {
  const ofPipeline = (pipeline: TemplatePipeline): ReturnType<typeof callsOf> =>
    pipeline.flatMap((command) => [
      ...command.flatMap((operand) =>
        operand.kind === 'function' ? [{ name: operand.name, operands: command.slice(1) }] : [],
      ),
      ...command.flatMap((operand) => (operand.kind === 'pipeline' ? ofPipeline(operand.pipeline) : [])),
    ]);
  return template.flatMap((part) => (typeof part === 'string' ? [] : ofPipeline(part)));
}

/** Every label that a template reads. */
export function labelsRead(template: readonly TemplatePart[]): readonly string[] {
  const ofPipeline = (pipeline: TemplatePipeline): readonly string[] =>
    pipeline.flat().flatMap((operand) => {
      if (operand.kind === 'label') {
        return [operand.label];
      }
      return operand.kind === 'pipeline' ? ofPipeline(operand.pipeline) : [];
    });
  return template.flatMap((part) => (typeof part === 'string' ? [] : ofPipeline(part)));
}
