/** A package and an engine of a few bytes, as far as an image is made of them. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ImagePlan, planImage } from '../../../../../runtimes/docker/image/plan.js';
import { readTrainerFiles } from '../../../../../runtimes/docker/image/trainer-files.js';
import { pathToFileURL } from 'node:url';
import type { TensorflowEngine } from '../../../../../src/engine/engine.js';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Files of the trainer: name in the image → contents. */
export const TRAINER = {
  'dist/src/trainer/main.js': 'train();\n',
  'node_modules/@scope/lib/index.js': 'export {};\n',
};
const ENGINE = { 'tfjs_binding.node': 'binding', 'lib/libtensorflow_cc.so.2': 'library' };

export class FakePackage {
  readonly dir: string;
  readonly engineDir: string;

  constructor(folder: string) {
    this.dir = join(folder, 'package');
    this.engineDir = join(folder, 'engine');
    this.write('package.json', JSON.stringify({ name: 'runner', version: '1.2.3' }));
    this.write('Dockerfile.trainer', 'FROM scratch\n');
    this.write('docker/collect-rootfs.sh', 'collect\n');
    this.write('docker/check-image.mjs', 'check\n');
    for (const [path, text] of Object.entries(TRAINER)) this.write(path, text);
    this.list(TRAINER);
    for (const [path, text] of Object.entries(ENGINE)) this.writeEngine(path, text);
    this.listEngine({});
  }

  write(path: string, text: string): void {
    const target = join(this.dir, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  /** Writes the list that a build has. */
  list(files: Readonly<Record<string, string>>, platform = `${process.platform}-${process.arch}`): void {
    const entries = Object.entries(files).map(([path, text]) => ({
      ...{ path, bytes: text.length, sha256: sha256(text) },
    }));
    this.write('dist/trainer-files.json', JSON.stringify({ platform, files: entries }));
  }

  writeEngine(path: string, text: string): void {
    const target = join(this.engineDir, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  /** @param changes of the manifest */
  listEngine(changes: Readonly<Record<string, unknown>>, hashed = true): void {
    const files = Object.entries(ENGINE).map(([path, text]) => ({
      ...{ path, bytes: text.length, sha256: hashed ? sha256(text) : null },
    }));
    this.writeEngine('engine.json', JSON.stringify({ schemaVersion: 1, files, ...changes }));
  }

  get engine(): TensorflowEngine {
    return {
      name: 'tensorflow',
      version: '2.21.0',
      source: 'wheel',
      bindingPath: join(this.engineDir, 'tfjs_binding.node'),
      libraryDir: join(this.engineDir, 'lib'),
    };
  }

  trainerFiles() {
    const module = join(this.dir, 'dist', 'runtimes', 'docker', 'image', 'trainer-files.js');
    return readTrainerFiles(pathToFileURL(module).href);
  }

  async plan(options: { readonly base?: string } = {}): Promise<ImagePlan> {
    const trainerFiles = await this.trainerFiles();
    return planImage({ engine: this.engine, kind: 'cpu', trainerFiles, ...options });
  }
}
