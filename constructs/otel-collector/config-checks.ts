import type {
  CollectorComponents,
  CollectorConfig,
  CollectorPipeline,
  CollectorSectionName,
} from '../../formats/otel-collector';
import { SettingError } from '../kit';
import { COMPONENT_TYPES, RENAMED_TYPES } from './component-types';

const SECTIONS = Object.keys(COMPONENT_TYPES) as readonly CollectorSectionName[];

/** Type and optional name, as the collector's `component.ID` parses them. */
const ID = /^[a-zA-Z][0-9a-zA-Z_]{0,62}(\/[^\p{Z}\p{C}\p{S}/]+)?$/u;

const SIGNALS = ['logs', 'metrics', 'traces'];

/** The type in an id, e.g. `otlp_http` of `otlp_http/loki`. */
export function typeOf(id: string): string {
  return id.split('/')[0]!;
}

/**
 * Refuses what the collector refuses at its start, what it takes with a warning, and what it takes and never runs.
 *
 * @throws SettingError for the first mistake
 */
export function checkCollectorConfig(config: CollectorConfig): void {
  for (const section of SECTIONS) {
    for (const id of Object.keys(config[section] ?? {})) {
      checkType(section, id);
    }
  }
  const pipelines = Object.entries(config.service.pipelines);
  if (pipelines.length === 0) {
    throw new SettingError('service.pipelines', {}, 'add a pipeline: the collector does not start without one');
  }
  for (const [id, pipeline] of pipelines) {
    checkPipeline(config, id, pipeline);
  }
  checkExtensions(config);
  checkUse(config);
}

function checkType(section: CollectorSectionName, id: string): void {
  if (!ID.test(id)) {
    throw new SettingError(section, id, 'write a type, or a type and a name, e.g. otlp_http/loki');
  }
  const type = typeOf(id);
  const renamed = RENAMED_TYPES[section][type];
  if (renamed !== undefined) {
    throw new SettingError(section, id, `write ${id.replace(type, renamed)}: the collector has renamed ${type}`);
  }
  if (!COMPONENT_TYPES[section].includes(type)) {
    throw new SettingError(section, id, `write one of ${COMPONENT_TYPES[section].join(', ')}`);
  }
}

function checkPipeline(config: CollectorConfig, id: string, pipeline: CollectorPipeline): void {
  const setting = `service.pipelines.${id}`;
  if (!ID.test(id) || !SIGNALS.includes(typeOf(id))) {
    throw new SettingError('service.pipelines', id, `begin with one of ${SIGNALS.join(', ')}, e.g. logs/events`);
  }
  const { receivers, connectors, processors, exporters } = config;
  checkList(`${setting}.receivers`, pipeline.receivers, { receivers, connectors });
  checkList(`${setting}.exporters`, pipeline.exporters, { exporters, connectors });
  checkList(`${setting}.processors`, pipeline.processors ?? [], { processors });
  for (const field of ['receivers', 'exporters'] as const) {
    if (pipeline[field].length === 0) {
      throw new SettingError(`${setting}.${field}`, [], 'name at least one');
    }
  }
  const limiter = (pipeline.processors ?? []).findIndex((each) => typeOf(each) === 'memory_limiter');
  if (limiter > 0) {
    const fix = 'put memory_limiter first: what stands before it holds data that it cannot refuse';
    throw new SettingError(`${setting}.processors`, pipeline.processors, fix);
  }
}

function checkList(
  setting: string,
  ids: readonly string[],
  sections: { readonly [section in CollectorSectionName]?: CollectorComponents },
): void {
  const declared = Object.values(sections).flatMap((components) => Object.keys(components ?? {}));
  for (const [index, id] of ids.entries()) {
    if (!declared.includes(id)) {
      throw new SettingError(setting, id, `declare it in ${Object.keys(sections).join(' or ')}`);
    }
    if (ids.indexOf(id) !== index) {
      throw new SettingError(setting, id, 'name it once');
    }
  }
}

function checkExtensions({ extensions, service, ...sections }: CollectorConfig): void {
  const started = service.extensions ?? [];
  checkList('service.extensions', started, { extensions });
  for (const id of Object.keys(extensions ?? {})) {
    if (!started.includes(id)) {
      throw new SettingError('extensions', id, 'add it to service.extensions, or remove it: it would not start');
    }
  }
  for (const { path, value } of references(sections)) {
    if (!started.includes(value)) {
      throw new SettingError(path, value, 'declare it in extensions and add it to service.extensions');
    }
  }
}

/** Fields that name an extension: `storage` of receivers and queues, `authenticator` of servers and clients. */
function references(value: unknown, path = ''): { readonly path: string; readonly value: string }[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([name, child]: [string, unknown]) => {
    const place = path === '' ? name : `${path}.${name}`;
    const isReference = name === 'authenticator' || (name === 'storage' && /^file_storage\b/.test(String(child)));
    return isReference && typeof child === 'string' ? [{ path: place, value: child }] : references(child, place);
  });
}

/** The collector leaves out what no pipeline names, without a word. */
function checkUse(config: CollectorConfig): void {
  const pipelines = Object.values(config.service.pipelines);
  const used = (field: keyof CollectorPipeline) => new Set(pipelines.flatMap((each) => each[field] ?? []));
  for (const field of ['receivers', 'processors', 'exporters'] as const) {
    for (const id of Object.keys(config[field] ?? {})) {
      if (!used(field).has(id)) {
        throw new SettingError(field, id, 'add it to a pipeline, or remove it: it would not run');
      }
    }
  }
  for (const id of Object.keys(config.connectors ?? {})) {
    for (const field of ['receivers', 'exporters'] as const) {
      if (!used(field).has(id)) {
        throw new SettingError('connectors', id, `name it in the ${field} of a pipeline: it needs both sides`);
      }
    }
  }
}
