import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECRET_FIELDS } from '../../formats/generated/secret-fields';
import { type ConfigFiles, generate } from '../../scripts/config-types/generate';
import { moduleVersion, ROOT, tools } from '../../tools/catalogue';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const fields: ConfigFiles = JSON.parse(read('formats/config-types.json'));
const generated = generate(fields);

describe('The types of configuration files', () => {
  test.each(Object.keys(generated))('%s is what npm run config-types writes', (path) => {
    expect(read(path)).toBe(generated[path]);
  });

  test.each(['prometheus', 'alertmanager'] as const)('are read from the deployed version of %s', (name) => {
    const deployed = moduleVersion(tools.find((tool) => tool.name === name)!);
    expect(fields[name].version).toBe(`v${deployed}`);
    expect(read('tools/config-types/go.mod')).toContain(`github.com/prometheus/${name} v${deployed}\n`);
  });

  test('are read from the deployed version of the blackbox exporter, with its own go.mod', () => {
    const tool = tools.find(({ name }) => name === 'blackbox_exporter')!;
    expect(fields.blackbox.version).toBe(`v${moduleVersion(tool)}`);
    expect(read('scripts/config-types.ts')).toContain(`-modfile=../${tool.directory}/go.mod`);
  });

  test('follow a new field', () => {
    const { alertmanager } = fields;
    const types = { ...alertmanager.types, [alertmanager.root]: [{ name: 'new_field', type: 'map:[]number' }] };
    const files = generate({ ...fields, alertmanager: { ...alertmanager, types } });
    expect(files['formats/generated/alertmanager.ts']).toContain(
      '  readonly new_field?: { readonly [key: string]: readonly number[] };',
    );
  });

  test('leave out every secret that would stand in the file itself', () => {
    const all = Object.entries(generated).filter(([path]) => !path.endsWith('secret-fields.ts'));
    const text = all.map(([, content]) => content).join();
    expect(text).toMatch(/readonly password_file\?/);
    expect(text).not.toMatch(/readonly (password|credentials|bearer_token|client_secret|api_key|bot_token)\??:/);
  });

  test('know the file beside each secret', () => {
    expect(SECRET_FIELDS).toMatchObject({
      'basic_auth.password': 'password_file',
      'http.bearer_token': 'bearer_token_file',
      'http_headers.*.secrets': 'files',
      'slack_configs.api_url': 'api_url_file',
      'stackit_sd_configs.private_key': 'private_key_path',
      'tls_config.key': 'key_file',
      'sigv4.secret_key': undefined,
    });
  });
});
