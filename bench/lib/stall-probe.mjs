/**
 * Preloaded into a process: notes how late its event loop answers. A task is due every 10 ms; when the loop is back
 * after 100 ms, ten tasks were late, by 100, 90, … ms, and all ten are noted: what a request waits that comes at any
 * moment. (`monitorEventLoopDelay` notes the first alone, and so makes long stalls rare.)
 */
import { writeFileSync } from 'node:fs';

const EVERY_MS = 10;
const file = process.env.STALL_PROBE_FILE;
const answers = [];
let due = performance.now() + EVERY_MS;

function answer() {
  const now = performance.now();
  for (; due <= now; due += EVERY_MS) answers.push([performance.timeOrigin + due, now - due]);
  setTimeout(answer, due - now).unref();
}

if (file) {
  setTimeout(answer, EVERY_MS).unref();
  // [when it was due in milliseconds since the Unix epoch, milliseconds late] for each task.
  process.on('exit', () => writeFileSync(file, JSON.stringify(answers)));
}
