export { expressionOf, type Grouping, type LogqlExpression, type Matching, rangesOf } from './expression';
export { INDEX_LABELS, LABEL_VALUES, labelsOfResult, METADATA_LABELS } from './labels';
export { expressionProblems, groupProblems, logRuleProblems } from './lints';
export type { Assignment, LabelMatcher, LabelTest, LogRange, PickedField, Stage } from './pipeline';
export { logqlSyntaxError } from './syntax';
export { type TemplateOperand, type TemplatePart, type TemplatePipeline, templateOf } from './template';
