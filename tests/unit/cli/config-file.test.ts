import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLine } from './command-line.js';

/** What `--print-spec` says about the epochs with these files in the working directory; or the error. */
async function epochsWith(files: Readonly<Record<string, string>>): Promise<unknown> {
  using cli = commandLine();
  for (const [name, content] of Object.entries(files)) cli.write(name, content);
  const { sources, error } = await cli.json('train', '--print-spec');
  return (sources as { epochs: unknown } | undefined)?.epochs ?? (error as { message: string }).message;
}

describe('the configuration file', () => {
  it.each([
    ['runner.config.json', '{"epochs": 5}'],
    ['runner.config.js', 'export default { epochs: 5 };', '{"type": "module"}'],
    ['runner.config.js', 'module.exports = { epochs: 5 };', '{"type": "commonjs"}'],
    ['runner.config.mjs', 'const double = (n) => 2 * n; export default { epochs: double(2) + 1 };'],
    ['runner.config.cjs', 'module.exports = { epochs: 5 };'],
  ])('%s: %s', async (name, content, manifest = '{}') => {
    expect(await epochsWith({ [name]: content, 'package.json': manifest })).toEqual({
      value: 5,
      from: 'config',
      name,
    });
  });

  it('is the first of json, js, mjs and cjs', async () => {
    const others = {
      'runner.config.mjs': 'export default { epochs: 6 };',
      'runner.config.cjs': 'module.exports = { epochs: 7 };',
    };
    expect(await epochsWith({ 'runner.config.json': '{"epochs": 5}', ...others })).toMatchObject({
      value: 5,
    });
    expect(await epochsWith(others)).toMatchObject({ value: 6 });
  });

  it('is looked for in the working directory only', async () => {
    using cli = commandLine();
    cli.write('runner.config.json', '{"epochs": 5}');
    mkdirSync(join(cli.cwd, 'below'));
    const { loadConfigFile } = await import('../../../src/cli/config-file.js');
    expect(await loadConfigFile(join(cli.cwd, 'below'))).toBeNull();
  });

  it.each([
    ['runner.config.json', '', /^runner\.config\.json cannot be loaded: Unexpected end of JSON input\.$/],
    ['runner.config.json', '{"epochs": 5', /^runner\.config\.json cannot be loaded: .*JSON/],
    ['runner.config.json', '[5]', /^runner\.config\.json: expected an object of settings\.$/],
    ['runner.config.json', 'null', /^runner\.config\.json: expected an object of settings\.$/],
    [
      'runner.config.json',
      '{"epoch": 5}',
      /^runner\.config\.json: there is no setting "epoch"; did you mean epochs\?$/,
    ],
    ['runner.config.json', '{"colour": 5}', /^runner\.config\.json: there is no setting "colour"\.$/],
    ['runner.config.json', '{"__proto__": 5}', /^runner\.config\.json: there is no setting "__proto__"\.$/],
    [
      'runner.config.mjs',
      'export const epochs = 5;',
      /^runner\.config\.mjs: expected an object of settings\.$/,
    ],
    [
      'runner.config.mjs',
      'throw new Error("not today");',
      /^runner\.config\.mjs cannot be loaded: not today\.$/,
    ],
    [
      'runner.config.cjs',
      'module.exports = () => ({});',
      /^runner\.config\.cjs: expected an object of settings\.$/,
    ],
  ])('%s with %j is refused by name', async (name, content, message) => {
    expect(await epochsWith({ [name]: content })).toMatch(message);
  });

  it('that is a folder is refused, too', async () => {
    using cli = commandLine();
    mkdirSync(join(cli.cwd, 'runner.config.json'));
    const { status, stderr } = await cli.run('runs', 'ls');
    expect(status).toBe(2);
    expect(stderr).toContain('runner: runner.config.json cannot be loaded: EISDIR');
  });
});
