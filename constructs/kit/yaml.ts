export { toYaml } from '../../formats/yaml';
