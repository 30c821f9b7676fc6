/**
 * check-image.mjs APP ENGINE: loads all that a trainer loads in its life, adds two numbers and draws a picture with it.
 * Runs while the image is built, and whenever somebody doubts an image.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , app, engineDir] = process.argv;
const compiled = (path) => import(pathToFileURL(join(app, 'dist', path)).href);

try {
  await check();
} catch (error) {
  // Without its stack: the end of the builder's output is all that is shown.
  console.error(`What is in this image does not work: ${error.message}`);
  process.exitCode = 1;
}

async function check() {
  const { readEngine } = await compiled('src/engine/find-engine.js');
  const { loadTensorFlow } = await compiled('src/engine/load.js');
  const engine = readEngine(engineDir);
  if (engine === undefined) throw new Error(`there is no finished engine in ${engineDir}`);
  const tf = loadTensorFlow(engine, { threads: 1 });
  checkCuda();
  const [sum] = await tf.tidy(() => tf.add(tf.tensor1d([2]), 2)).data();
  if (sum !== 4) throw new Error(`TensorFlow says that 2 + 2 is ${sum}`);

  // All but the program itself, which would start to train.
  for (const path of readdirSync(join(app, 'dist'), { recursive: true })) {
    if (path.endsWith('.js') && path !== join('src', 'trainer', 'main.js')) await compiled(path);
  }
  const { plotTrainCurve } = await compiled('src/trainer/plots/index.js');
  const picture = await plotTrainCurve({ title: 'check', epochs: [], bestEpoch: null });
  console.log(
    `TensorFlow ${engine.version}, Node ${process.versions.node}, a picture of ${picture.length} bytes`,
  );
}

/** TensorFlow opens CUDA's libraries when it sees a card, which is too late to find out what they lack. */
function checkCuda() {
  const { files } = JSON.parse(readFileSync(join(engineDir, 'engine.json'), 'utf8'));
  for (const { path } of files.filter((file) => /^nvidia\/.*\.so/.test(file.path))) {
    try {
      process.dlopen({ exports: {} }, join(engineDir, path));
    } catch ({ message }) {
      // It is loaded, and no addon of Node's; or it wants the driver, which containers with a GPU are given.
      if (!/did not self-register|^libcuda\.so\.1:/.test(message)) throw new Error(message);
    }
  }
}
