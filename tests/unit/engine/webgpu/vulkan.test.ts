import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkVulkan, driverPlaces, surveyVulkan } from '../../../../src/engine/webgpu/vulkan.js';

const NO_DRIVERS = { loaderFailure: null, drivers: [], searched: ['/etc/vulkan/icd.d'] };

it('without a loader the package that has it is named', () => {
  const survey = { ...NO_DRIVERS, loaderFailure: 'libvulkan.so.1: cannot open shared object file' };
  expect(() => checkVulkan(survey)).toThrow(
    expect.objectContaining({
      ...{ code: 'gpu-unavailable', exitCode: 3 },
      message:
        'This machine has no Vulkan loader, through which the engine webgpu reaches a card: libvulkan.so.1: cannot open shared object file.',
      hint: expect.stringContaining('apt-get install libvulkan1') as string,
    }),
  );
});

it('a loader without a driver is told with where it was looked for one', () => {
  expect(() => checkVulkan(NO_DRIVERS)).toThrow(
    'There is a Vulkan loader here and no driver behind it: no manifest of one in /etc/vulkan/icd.d.',
  );
});

it('drivers are looked for where Vulkan looks for them', () => {
  expect(driverPlaces({}, '/home/me')).toEqual([
    ...['/home/me/.config/vulkan/icd.d', '/etc/xdg/vulkan/icd.d', '/usr/local/etc/vulkan/icd.d'],
    ...['/etc/vulkan/icd.d', '/home/me/.local/share/vulkan/icd.d'],
    ...['/usr/local/share/vulkan/icd.d', '/usr/share/vulkan/icd.d'],
  ]);
  expect(driverPlaces({ VK_ICD_FILENAMES: '/a.json:/b' })).toEqual(['/a.json', '/b']);
  expect(driverPlaces({ VK_DRIVER_FILES: '/c.json', VK_ICD_FILENAMES: '/a.json' })).toEqual(['/c.json']);
});

it('manifests of drivers are found in folders and by name', async () => {
  const directory = { path: mkdtempSync(join(tmpdir(), 'vulkan-test-')) };
  onTestFinished(() => rmSync(directory.path, { recursive: true }));
  const folder = join(directory.path, 'icd.d');
  mkdirSync(folder);
  for (const name of ['b.json', 'a.json', 'README']) writeFileSync(join(folder, name), '{}');
  const env = { ...process.env, VK_DRIVER_FILES: `${folder}:${folder}/b.json:${folder}/none.json` };
  const { drivers } = await surveyVulkan({ env, signal: new AbortController().signal });
  expect(drivers).toEqual([join(folder, 'a.json'), join(folder, 'b.json'), join(folder, 'b.json')]);
});

it('a place that may not be looked at has no driver, and does not hide those of others', async () => {
  const directory = { path: mkdtempSync(join(tmpdir(), 'vulkan-test-')) };
  onTestFinished(() => rmSync(directory.path, { recursive: true }));
  const [unreadable, good] = [join(directory.path, 'loop'), join(directory.path, 'good.json')];
  // Refused to root as well, unlike permissions.
  symlinkSync(unreadable, unreadable);
  writeFileSync(good, '{}');
  const env = { ...process.env, VK_DRIVER_FILES: `${unreadable}:${good}` };
  const { drivers } = await surveyVulkan({ env, signal: new AbortController().signal });
  expect(drivers).toEqual([good]);
});
