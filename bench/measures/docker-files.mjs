/**
 * How long the results of an exited container take until they are checked and on the disk itself: one file of 100 MB,
 * and 2,000 of 1 KB.
 */
import { join } from 'node:path';
import { withNodeContainer, loadRuntime } from '../lib/containers.mjs';

const BIG_BYTES = 100_000_000;
const SMALL_FILES = 2000;
const PROGRAM = `
  const { mkdirSync, writeFileSync } = require('fs');
  const { randomBytes } = require('crypto');
  mkdirSync('/out/big');
  writeFileSync('/out/big/model.bin', randomBytes(${BIG_BYTES}));
  mkdirSync('/out/small');
  for (let n = 0; n < ${SMALL_FILES}; n += 1) writeFileSync('/out/small/' + n, randomBytes(1024));`;

/** @returns {Promise<{ bigMBPerSecond: number[], smallSeconds: number[] }>} */
export async function measureFiles(context) {
  const runtime = await loadRuntime(context);
  return withNodeContainer(runtime, PROGRAM, async (container) => {
    await container.start();
    const { StatusCode } = await container.wait();
    if (StatusCode !== 0) throw new Error(`the container that writes results ended with ${StatusCode}`);
    return collectRounds(runtime, container, context);
  });
}

async function collectRounds({ collectFiles }, container, { rounds, scratch, signal, tell }) {
  const small = Array.from({ length: SMALL_FILES }, (_, n) => `${n}`);
  // What was collected stays until the end: ext4 looks for other inodes than those that were freed a moment ago, and
  // makes thousands of files many times slower.
  const collect = async (folder, allow, round) => {
    const began = performance.now();
    const { files } = await collectFiles(container, `/out/${folder}`, {
      ...{ into: join(scratch, `${folder}-${round}`), allow, limits: { maxBytes: 2 * BIG_BYTES }, signal },
    });
    if (files.length !== allow.length) throw new Error(`${files.length} of ${allow.length} files came`);
    return (performance.now() - began) / 1000;
  };
  const result = { bigMBPerSecond: [], smallSeconds: [] };
  // The first is the warm-up.
  for (let round = 0; round <= rounds; round += 1) {
    const rate = BIG_BYTES / 1e6 / (await collect('big', ['model.bin'], round));
    const seconds = await collect('small', small, round);
    if (round === 0) continue;
    result.bigMBPerSecond.push(rate);
    result.smallSeconds.push(seconds);
    tell(`  round ${round} of ${rounds}: ${rate.toFixed(0)} MB/s; 2,000 files in ${seconds.toFixed(2)} s`);
  }
  return result;
}
